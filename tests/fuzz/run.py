#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs each fuzzer for a while from its seeds, and reports as TAP."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

EVENT = ('{"requestContext":{"routeKey":"$default","messageId":"R1knPc2ntjMCFIA=","eventType":"MESSAGE","stage":"prod","connectedAt":1705751697419,'
         '"requestTimeEpoch":1705751700453,"identity":{"sourceIp":"1.2.3.4"},"requestId":"R1knPH17NjMFftw=","connectionId":"R1kmxc2VNjMCFIA="},'
         '"body":"{}","isBase64Encoded":false}')
UPGRADE = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
SEEDS = {
    "fuzz-frame": ['{"message":"hello","sender":"Ada","id":"1","sentAt":"2026-11-25T10:00:00.123Z"}', "hello",
                   '{"message":"a\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u0041","id":"1"}', '{"message":"\\ud83d\\ude00"}',
                   '{"message": "Forbidden", "connectionId":"XDmENcnwIE0CFEQ=", "requestId":"XDmGEE2RoE0FRdQ="}',
                   'Use the sendmessage route to send a message. Your info:{"ConnectedAt":"2025-02-03T01:46:33.523Z","connectionID":"x="}',
                   '{"message":"Connected","connectionId":"x","connectedAt":"2026-11-25T10:00:00Z","stage":"prod","features":["sender","id"]}'],
    "fuzz-stage-url": ["wss://abc123.execute-api.eu-west-1.amazonaws.com/prod?token=x", "ws://[::1]:8080/prod", "dynamowave://host/prod",
                       "wss://ex\u00e4mple.org/a%20b"],
    "fuzz-event": [EVENT, EVENT.replace("$default", "$connect").replace('"body":"{}",', '"multiValueHeaders":{"Host":["a","b"]},')],
    "fuzz-dynamo": ['{"Items":[{"ConnectionID":{"S":"a"},"Timestamp":{"N":"7"},"ExpiresAt":{"N":"2000"},"Endpoint":{"S":"https://y/prod"}}],"LastEvaluatedKey":{"ConnectionID":{"S":"a"}}}',
                    '{"reason":"429","endpoint":"https://y/prod","text":"hello","connectionIds":["a","b"]}'],
    "fuzz-safe-text": ["hello\r\nworld", "\u202ea\u2066b\u05d0", "z\u0335\u0328\u0301", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\x1b[31m\u2028"],
    "fuzz-stage-link": ["//abc123.execute-api.eu-west-1.amazonaws.com/prod?token=x", "ws://127.0.0.1:8080/dev", "//ex\u00e4mple.org/a%20b#c",
                        "wss://me:secret@host/prod", "WS://[::1]:80/prod"],
    # A name, 0x1f, and the text.
    "fuzz-export": ["Eve\x1fhello", "You\x1fI owe Eve 100", "Notice\x1fThe stage moved", "Eve\x1fa\n[2025-11-26 12:00:00] You: b",
                    "Eve\x1fa\r[2025-11-26 12:00:00] You: b\u2028c", "E\u202eve\x1f\u001b[2J\u0085", "You"],
    "fuzz-frame-meter": ["\x01\x02hi\x89\x01p\x00\x00\x80\x01x", "\x01~\x01\x00", "\x08\x02ab\x01\x7f\0\0\0\0\0\0\x01\x2c"],
    "fuzz-upgrade-head": [UPGRADE + "Sec-WebSocket-Protocol: chat.v1\r\n\r\nframes", "HTTP/1.1 100 Continue\r\n\r\n" + UPGRADE + "\r\n",
                          "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nA: b\r\n c\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                          'HTTP/1.0 403 x\r\nContent-Length: 23\r\n\r\n{"message":"Forbidden"}'],
    # How the bytes are cut, and the bytes.
    "fuzz-frame-reader": ["\x01\x01\x02he\x80\x01y\x09\x01p", "\x03\x01\x7e\x00\x03abc\x08\x02ab"],
    "fuzz-recording": ['{"time":"2026-11-25T10:00:00.123Z","kind":"in","connection":1,"bytes":5,"payload":"hello"}',
                       '{"time":"2026-11-25T10:00:00.123Z","kind":"out","connection":1,"bytes":2,"base64":"//4="}',
                       '{"time":"2026-11-25T10:00:00.123Z","kind":"open","connection":1,"code":101,"tookMs":12,"resolvedMs":1,"request":"GET / HTTP/1.1\\r\\n"}',
                       '{"time":"2026-11-25T10:00:00.123Z","kind":"closed","connection":1,"code":1001,"note":"Going away"}'],
    "fuzz-connections-path": ["/prod/@connections/L0SM9cOFvHcCIhw%3D", "/prod/%40connections/nope", "/@connections/x"],
    "fuzz-config-file": ['# x\nlisten = 127.0.0.1:0\r\nmetrics\n token="a\\"b\\\\" \n', 'a="', "= x\n#"],
    "fuzz-forwarded": ["192.0.2.1, [2001:db8::1]:80,10.0.0.1:1", "10.0.0.0/8", "::ffff:10.0.0.0/104", "unknown, _x", "https, http"],
    # Changes to a valid database: the position in three bytes, and the change.
    "fuzz-stage-file": ["", "\0\0<\1", "\0\0D\1\0\0E\1", "\0\0\x64\7", "\0\x10\0\x1f", "\0\x2f\x7e\x20\0\x3f\x7e\x20"],
    "fuzz-store": ["", "\0\0<\1", "\0\0D\1\0\0E\1", "\0\0\x64\7", "\0\x10\0\x1f", "\0\x2f\x7e\x20\0\x3f\x7e\x20"],
}


def run(folder, name, seconds):
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS[name]):
            with open(f"{corpus}/{number}", "w", encoding="utf-8") as file:
                file.write(seed)
        done = subprocess.run([f"{folder}/{name}", f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=4096",
                               "-print_final_stats=1", f"-artifact_prefix={folder}/{name}-", corpus],
                              capture_output=True, text=True, errors="replace", timeout=seconds + 120, check=False)
    return done.returncode == 0, done.stderr


def main(folder, seconds):
    print(f"1..{len(SEEDS)}", flush=True)
    good = True
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs_of_all = pool.map(lambda name: run(folder, name, seconds), SEEDS)
    for number, (name, (passed, log)) in enumerate(zip(SEEDS, runs_of_all), 1):
        good = good and passed
        runs = next((line.split()[-1] for line in log.splitlines() if "number_of_executed_units" in line), "?")
        for line in [] if passed else log.splitlines()[-60:]:
            print(f"# {line}")
        print(f"{'ok' if passed else 'not ok'} {number} /fuzz/{name[5:]} {runs} inputs in {seconds} s", flush=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv[1], int(os.environ.get("FUZZ_SECONDS", "5")))
