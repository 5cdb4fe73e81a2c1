#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client without a window, as scripts use it."""

import base64
import hashlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "window"), str(HERE.parent / "bench")]
import tap  # noqa: E402
from servers import RawServer, Server  # noqa: E402

import receive  # noqa: E402
from programs import CLI, Stage, Tail, send, upgrade  # noqa: E402

# A sanitizer makes it slower, and keeps freed memory for a while.
SANITIZED = "_sanitize" in CLI
# How long a stopped reader reads nothing, while its peer writes.
PAUSE_SECONDS = 1
# How long a client is stopped; the stage closes the connection meanwhile.
STOPPED_SECONDS = 2.5
# How long a stage is away: long enough to count as a gap, and for some attempts to fail.
GAP_SECONDS = 2
# How long requests are counted: a busy loop would make hundreds.
WATCHED_SECONDS = 0.5
# The first refusal is tried again at once.
AGAIN = ("--policy", "base=10")
QUICK = "base=50,cap=500,ping=1000,pong=500,stable=2000,handshake=1500,confirm=300"


def test_send_and_tail():
    """A message arrives with its sender, its id and a time"""
    with Stage() as stage:
        tail = Tail(stage.url)
        tail.until(kind="state", state="online")
        sent = send(stage.url, "hello & <b>", "--name", "Ada")
        assert sent.returncode == 0, sent
        event = tail.until(kind="message")
        assert event["text"] == "hello & <b>" and event["sender"] == "Ada" and len(event["id"]) == 36, event
        datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
        assert tail.end()[0] == 0
        states = [e["state"] for e in tail.events if e["kind"] == "state"]
        assert states[:3] == ["connecting", "connected", "online"], states


def test_lines():
    """Lines of standard input are sent in order"""
    with Stage() as stage:
        tail = Tail(stage.url, "--count", "30")
        tail.until(kind="state", state="online")
        sent = send(stage.url, "-", input="".join(f"line {n}\n" for n in range(30)))
        assert sent.returncode == 0, sent
        assert [tail.until(kind="message")["text"] for _ in range(30)] == [f"line {n}" for n in range(30)]
        assert tail.process.wait(10) == 0


def test_exit_codes():
    """Scripts can tell what happened"""
    with Stage() as stage:
        assert send(stage.url, "x").returncode == 0
        assert send(stage.url, "x" * 40000).returncode == 1
        assert send(stage.url + "x", "x", "--policy", QUICK).returncode == 4
        assert send("nonsense", "x").returncode == 2
        assert send(stage.url, "x", "--policy", "nope=1").returncode == 2
        assert send(stage.url, "x", "--dialect", "nope").returncode == 2
        assert send(stage.url, "x", "--header", "nope").returncode == 2
        assert send("ws://127.0.0.1:1/x", "x", "--timeout", "1").returncode == 3
    for wrong in ([], ["tail"], ["send", "ws://127.0.0.1/x"], ["fly", "ws://127.0.0.1/x"], ["--nope"]):
        assert subprocess.run([CLI, *wrong], capture_output=True, timeout=10, check=False).returncode == 2, wrong
    assert subprocess.run([CLI, "--version"], capture_output=True, timeout=10, check=False).returncode == 0


def test_hostile_input():
    """Input that is not text is reported and does not stop the rest; dashes and empty texts are sent as they are"""
    with Stage() as stage:
        tail = Tail(stage.url, "--count", "3")
        tail.until(kind="state", state="online")
        done = subprocess.run([CLI, "send", stage.url, "-"], input=b"good\n\xff\nmore\n", capture_output=True, timeout=30,
                              check=False)
        assert done.returncode == 1 and b"not UTF-8" in done.stderr, done
        assert [tail.until(kind="message")["text"] for _ in range(2)] == ["good", "more"]
        assert send(stage.url, "--", "--dashes").returncode == 0
        assert tail.until(kind="message")["text"] == "--dashes"
        assert send(stage.url, "").returncode == 2
        assert send(stage.url, b"\xff").returncode == 2


def test_lines_that_are_no_text():
    """S-21: A line with a NUL, in another encoding or too long is reported and no part of it is sent; CRLF ends a line"""
    with Stage() as stage:
        tail = Tail(stage.url, "--count", "4")
        tail.until(kind="state", state="online")
        text = b"one\r\na\0b\n\r\ntwo\r\r\n\xff\n" + b"x" * 200000 + b"\nthree\nlast"
        done = subprocess.run([CLI, "send", stage.url, "-"], input=text, capture_output=True, timeout=30, check=False)
        assert done.returncode == 1, done
        errors = done.stderr.decode()
        assert "Line 2 contains a NUL" in errors and "Line 5 is not UTF-8" in errors and "Line 6 is too long" in errors, errors
        assert [tail.until(kind="message")["text"] for _ in range(4)] == ["one", "two\r", "three", "last"]
        assert tail.process.wait(10) == 0
        # An endless line is not kept in memory.
        endless = subprocess.Popen([CLI, "send", stage.url, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        endless.stdin.write(b"y" * 1000000)
        before = memory(endless)
        for _ in range(60):
            endless.stdin.write(b"y" * 1000000)
        assert memory(endless) - before < 16384 or SANITIZED, (before, memory(endless))
        endless.stdin.close()
        assert endless.wait(20) == 1


def test_closed_descriptors():
    """S-21: A closed standard descriptor is not reused for the program’s own files: using it is an error"""
    def closed(descriptor, *arguments):
        return subprocess.run([CLI, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=20, check=False,
                              preexec_fn=lambda: os.close(descriptor))

    with Stage() as stage:
        done = closed(0, "send", stage.url, "-")
        assert done.returncode == 1 and b"Bad file descriptor" in done.stderr, done
        done = closed(1, "tail", stage.url)
        assert done.returncode == 1 and b"Bad file descriptor" in done.stderr, done
        assert closed(2, "send", stage.url, "said without a place for errors").returncode == 0
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([CLI, "--version"], stdout=full, stderr=subprocess.PIPE, timeout=20, check=False)
        assert done.returncode == 1 and b"No space left" in done.stderr, done


def test_zone():
    """AG-9: An IPv6 address with a zone is connected to, and the zone stays on this computer"""
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        sending = subprocess.Popen([CLI, "send", f"ws://[::1%25lo]:{port}/x", "hi", "--timeout", "10"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            listener.settimeout(10)
            peer = listener.accept()[0]
            with peer:
                peer.settimeout(10)
                head = peer.recv(65536)
        finally:
            sending.kill()
            sending.wait(10)
    assert f"\r\nHost: [::1]:{port}\r\n".encode() in head, head


def test_wrong_options():
    """S-21: Options that make no sense are refused before anything is connected"""
    for option, words in ((("--count", "-1"), "negative"), (("--timeout", "-5"), "negative"), (("--protocol", "two words"), "subprotocol"),
                          (("--protocol", ""), "subprotocol"), (("--protocol", "a+b/c=="), "subprotocol"), (("--header", "two words: x"), "header"),
                          (("--header", "Host: x"), "header"), (("--header", "Sec-WebSocket-Key: x"), "header")):
        done = subprocess.run([CLI, "tail", "ws://127.0.0.1:1/x", *option], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 2 and words in done.stderr and done.stdout == "", (option, done)
    with tempfile.TemporaryDirectory() as folder:
        done = send("ws://127.0.0.1:1/x", "x", "--token-parameter", "", "--token-file", write(Path(folder) / "token", "t"))
        assert done.returncode == 2 and "parameter" in done.stderr, done
    done = send("ws://127.0.0.1:1/x?t=%zz", "x")
    assert done.returncode == 2 and "hexadecimal" in done.stderr and "complete" not in done.stderr, done


def test_signals():
    """S-22: SIGHUP and SIGINT end it as SIGTERM does, unless they are ignored, as under nohup"""
    with Stage() as stage:
        for how in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            tail = Tail(stage.url)
            tail.until(kind="state", state="online")
            assert tail.end(how)[0] == 0, how
        tail = Tail(stage.url, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        tail.until(kind="state", state="online")
        tail.process.send_signal(signal.SIGHUP)
        assert send(stage.url, "still here").returncode == 0
        tail.until(kind="message")
        assert tail.end()[0] == 0


def flood(server, frames, counted, patience=1):
    """Sends the frames and then a ping, or stops once the peer takes no more."""
    client, _ = server.accept()
    upgrade(client)
    client.settimeout(patience)
    text = json.dumps({"message": "x" * 4000}).encode()
    frame = bytes([0x81, 126]) + len(text).to_bytes(2, "big") + text
    try:
        for _ in range(frames):
            client.sendall(frame)
            counted.append(len(frame))
    except TimeoutError:
        return client
    client.sendall(b"\x89\x04ping")
    return client


def test_stalled_reader():
    """S-22: A reader that has stopped delays neither pongs nor the exit; the queue is bounded, with back-pressure on the stage"""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(20)
    url = f"ws://127.0.0.1:{server.getsockname()[1]}/prod"
    # More than a pipe holds, but less than the bound of the queue.
    with subprocess.Popen([CLI, "tail", url], stdout=subprocess.PIPE) as tail:
        client = flood(server, 100, [])
        client.settimeout(20)
        answer = b""
        while b"\x8a\x84" not in answer:
            got = client.recv(65536)
            assert got, "the connection ended"
            answer += got
        tail.send_signal(signal.SIGTERM)
        assert tail.wait(5) == 0
        client.close()
    # More than the bound of the queue.
    with subprocess.Popen([CLI, "tail", url], stdout=subprocess.PIPE) as tail:
        taken = []
        client = flood(server, 20000, taken)
        assert sum(taken) < 40 * 1024 * 1024, sum(taken)
        assert memory(tail) < 65536 or SANITIZED, memory(tail)
        started = time.monotonic()
        tail.send_signal(signal.SIGTERM)
        assert tail.wait(10) == 0 and time.monotonic() - started < 2
        client.close()
    with subprocess.Popen([CLI, "tail", url, "--timeout", "2"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tail:
        client = flood(server, 20000, [])
        assert tail.wait(10) == 3
        client.close()
    # A late reader still gets everything.
    with subprocess.Popen([CLI, "tail", url, "--count", "3000"], stdout=subprocess.PIPE) as tail:
        held = []  # keep the sockets open until all is read: closing one would lose what is unsent
        thread = threading.Thread(target=lambda: held.append(flood(server, 3000, [], 30)))
        thread.start()
        time.sleep(PAUSE_SECONDS)
        lines = tail.stdout.read().splitlines()
        assert sum(b'"message"' in line for line in lines) == 3000, len(lines)
        thread.join()
        assert tail.wait(10) == 0
        held.pop().close()
    server.close()


def test_bad_certificate():
    """RC-7: an untrusted certificate is reported, retried until the timeout, and never connected to"""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key", "-out", f"{folder}/certificate"],
                       check=True, capture_output=True)
        with Stage("--tls-certificate", f"{folder}/certificate", "--tls-key", f"{folder}/key") as stage:
            url = stage.url.replace("127.0.0.1", "localhost")
            done = subprocess.run([CLI, "tail", url, "--timeout", "2", "--policy", "base=20,cap=100"], capture_output=True, timeout=30,
                                  check=False)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    waits = [event for event in events if event["state"] == "waiting"]
    assert done.returncode == 3, done
    assert len(waits) > 3, events
    assert all(event["cause"] == "certificate-issuer" and "issuer" in event["text"] for event in waits), waits
    assert {event["state"] for event in events} <= {"connecting", "waiting"}, events


def test_bytes_as_typed():
    """AG-6: an address goes out byte for byte, and a token arrives intact after being decoded once"""
    def line(*arguments):
        server = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        address, *rest = arguments
        done = subprocess.run([CLI, "tail", server.url.removesuffix("/prod") + address, *AGAIN, *rest], capture_output=True, timeout=30, check=False)
        server.close()
        assert done.returncode == 4, done
        return server.requests[0].split(b"\r\n")[0]

    for typed in ("/pr%6Fd?token=%7e%41%2f+x/==", "/a/../b/./%2e%2E//?x=%00%ff", "/p?", "/p?a=1&a=2&&b", "/p?a='\"|{}[]^`\\<>"):
        assert line(typed) == b"GET " + typed.encode() + b" HTTP/1.1", typed
    assert line("/é?t=ü") == b"GET /%C3%A9?t=%C3%BC HTTP/1.1"
    with tempfile.TemporaryDirectory() as folder:
        for token in ("a+b/c==&d=1%2Be", "%zz#?/\\ \"", "tökén🔑"):
            file = write(Path(folder) / "token", token)
            with Stage("--token-file", file) as stage:
                for how in ((), ("--token-parameter", "token")):
                    done = send(stage.url, "x", "--token-file", file, *how, "--policy", QUICK)
                    assert done.returncode == 0, (token, how, done)


def test_closed_output():
    """“tail | head” ends"""
    with Stage() as stage:
        tail = subprocess.Popen([CLI, "tail", stage.url], stdout=subprocess.PIPE)
        tail.stdout.readline()
        tail.stdout.close()
        assert send(stage.url, "one").returncode == 0
        assert send(stage.url, "two").returncode == 0
        assert tail.wait(10) == -signal.SIGPIPE


def test_full_output():
    """Output that cannot be written is reported without a crash: “tail” ends, “send” still delivers"""
    def limited(file, *arguments):
        return subprocess.Popen([CLI, *arguments], stdout=file, stderr=subprocess.PIPE, text=True,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))

    with Stage() as stage, tempfile.TemporaryDirectory() as folder:
        listener = Tail(stage.url, "--count", "1")
        listener.until(kind="state", state="online")
        with open(f"{folder}/tail", "w", encoding="utf-8") as file, open(f"{folder}/send", "w", encoding="utf-8") as sent:
            tail = limited(file, "tail", stage.url)
            assert tail.wait(10) == 1 and "File too large" in tail.stderr.read(), tail.returncode
            tail.stderr.close()
            send_ = limited(sent, "send", stage.url, "all the same")
            assert send_.wait(20) == 0, send_.returncode
            assert send_.stderr.read().count("File too large") == 1
            send_.stderr.close()
        assert listener.until(kind="message")["text"] == "all the same"
        with open("/dev/full", "w", encoding="utf-8") as full:
            tail = subprocess.run([CLI, "tail", stage.url], stdout=full, stderr=subprocess.PIPE, timeout=20, check=False)
            assert tail.returncode == 1 and b"No space left" in tail.stderr, tail


def test_unknown_delivery():
    """A message whose connection died, on a stage without ids, is not reported as sent"""
    server = Server(closes_after_send=True)
    done = send(server.url, "lost?", "--policy", QUICK, "--timeout", "30")
    assert done.returncode == 1, done
    server.close()


def test_ends_at_once():
    """RC-5: a signal ends it cleanly and at once, whatever the peer does"""
    silent = RawServer(b"")
    tail = Tail(silent.url)
    tail.until(kind="state", state="connecting")
    assert silent.asked.wait(10)
    status, took = tail.end()
    assert status == 0 and took < 2, (status, took)
    silent.close()
    with Stage() as stage:
        tail = Tail(stage.url)
        tail.until(kind="state", state="online")
        stage.process.send_signal(signal.SIGSTOP)
        status, took = tail.end(signal.SIGINT)
        stage.process.send_signal(signal.SIGCONT)
        assert status == 0 and took < 2, (status, took)


def test_frozen_stage():
    """WS-2: a stage that stops answering is given up within the deadline, and the client reconnects once it is back"""
    with Stage() as stage:
        tail = Tail(stage.url, "--policy", QUICK)
        tail.until(kind="state", state="online")
        stage.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        event = tail.until(kind="state", state="waiting")
        assert event["cause"] == "silent" and time.monotonic() - started < 5, event
        # The kernel still accepts connections, but nothing answers the upgrade: that is given up too.
        event = tail.until(kind="state", state="waiting")
        assert event["cause"] == "handshake-timeout", event
        stage.process.send_signal(signal.SIGCONT)
        tail.until(kind="state", state="online")
        assert tail.end()[0] == 0


def test_stopped_client():
    """RC-4: after a long stop the client is online again within 15 s, and reports the gap"""
    with Stage("--idle-timeout", "1") as stage:
        tail = Tail(stage.url, "--policy", QUICK)
        tail.until(kind="state", state="online")
        tail.process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_SECONDS)
        tail.process.send_signal(signal.SIGCONT)
        resumed = time.monotonic()
        tail.until(kind="state", state="waiting")
        gap = tail.until(kind="gap")
        assert gap["since"] < gap["until"], gap
        assert time.monotonic() - resumed < 15
        assert tail.end()[0] == 0


def test_gap():
    """RC-4: a gap is reported on a line of its own"""
    with Stage() as stage:
        address = stage.url.split("/")[2]
        tail = Tail(stage.url, "--policy", QUICK)
        tail.until(kind="state", state="online")
        stage.process.kill()
        stage.process.wait(10)
        lost = tail.until(kind="state", state="waiting")
        time.sleep(GAP_SECONDS)
        with Stage("--listen", address):
            event = tail.until(kind="gap")
            assert event["since"] <= lost["time"] < event["until"], (lost, event)
            # Only the attempt that succeeds reports it: a failed one would give too short a gap.
            state = [e["state"] for e in tail.events if e["kind"] == "state"][-1]
            state = tail.until(kind="state")["state"] if state == "connecting" else state
            assert state in ("connected", "online"), tail.events
            since, until = (datetime.fromisoformat(event[key].replace("Z", "+00:00")) for key in ("since", "until"))
            assert (until - since).total_seconds() >= GAP_SECONDS, event
            assert tail.end()[0] == 0


def test_burst():
    """WS-4: 20,000 messages at once arrive in order, each once"""
    sender = receive.Sender(receive.frames(20000))
    tail = Tail(sender.url, "--count", "20000")
    texts = [tail.until(kind="message")["text"] for _ in range(20000)]
    assert all(text.startswith(f"m{number:06d}") for number, text in enumerate(texts))
    assert tail.process.wait(10) == 0


def test_spread():
    """RC-1: 40 clients that lose the stage together do not come back together"""
    tails = [Tail("ws://127.0.0.1:1/x", "--policy", "base=2000") for _ in range(40)]
    delays = []
    for tail in tails:
        waiting = tail.until(kind="state", state="waiting")
        again = tail.until(kind="state", state="connecting")
        first, second = (datetime.fromisoformat(event["time"].replace("Z", "+00:00")) for event in (waiting, again))
        delays.append((second - first).total_seconds())
        tail.end()
    assert max(delays) - min(delays) >= 1, delays
    assert max(delays) < 2.5 and len({round(delay, 2) for delay in delays}) > 10, delays


def test_too_large_again_and_again():
    """WS-1: a message that is too large, replayed at every open, does not cause a busy loop"""
    text = b"a" * 131073

    def answer(request):
        key = next(line.split(b": ")[1] for line in request.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
                + bytes([0x81, 127]) + len(text).to_bytes(8, "big") + text)

    server = RawServer(answer)
    tail = Tail(server.url, "--policy", "base=2000,cap=60000")
    for _ in range(2):
        event = tail.until(kind="state", state="waiting")
        assert event["cause"] in ("message-too-large", "lost"), event
    time.sleep(WATCHED_SECONDS)
    # With full jitter, four more within half a second happen once in 100 million times: 0.5⁴/4! of 8·16·32·64 s⁴.
    assert len(server.requests) <= 5, len(server.requests)
    tail.end()
    server.close()


def test_documented_stage():
    """A stage of another make: the documented frames are enough"""
    server = Server()
    sent = send(server.url, "hello")
    assert sent.returncode == 0, sent
    assert server.received[-1] == '{"action":"sendMessage","message":"hello"}', server.received
    server.close()


def test_no_secret():
    """AG-7: a token is in no output, whatever happens, with all logging on"""
    token, encoded = "S3CR3T+/=canary", "S3CR3T%2B%2F%3Dcanary"
    refusing = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    moving = RawServer(b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    environment = {**os.environ, "G_MESSAGES_DEBUG": "all"}
    with Stage() as stage:
        for base in (stage.url, refusing.url, moving.url, "wss://no-such-host.invalid/x", "wss://u:S3CR3T+/=canary@h/x"):
            done = send(f"{base}?token={token}", "x", "--timeout", "2", "--policy", QUICK, "--header",
                        f"x-api-key: {token}", env=environment)
            for text in (done.stdout, done.stderr):
                assert token not in text and encoded not in text, text
    assert f"GET /prod?token={token} HTTP/1.1".encode() in refusing.requests[0], refusing.requests[0]
    assert f"x-api-key: {token}".encode() in refusing.requests[0], refusing.requests[0]
    refusing.close()
    moving.close()


def write(path, text, mode=0o600):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return str(path)


def command_line(process):
    return Path(f"/proc/{process.pid}/cmdline").read_bytes()


def head_sent(*arguments, **options):
    """The head of the handshake with these arguments, and what the program printed."""
    server = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    done = subprocess.run([CLI, "tail", server.url, *AGAIN, *arguments], capture_output=True, text=True, timeout=30, check=False, **options)
    server.close()
    assert done.returncode == 4, done
    return server.requests[0].decode(), done


def test_token_from_a_file():
    """A token and headers from files, standard input or the environment show up nowhere"""
    token = "S3CR3T+/=canary"
    bearer = f"\r\nAuthorization: Bearer {token}\r\n"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write(folder / "token", token + "\n")
        headers = write(folder / "headers", f"x-api-key: {token}\r\n\r\nOrigin: https://example.org\r\n")
        named = ("--token-parameter", "auth")
        for arguments, options, wanted in (
                (("--token-file", file), {}, bearer),
                (("--token-file", "-"), {"input": token + "\r\n"}, bearer),
                ((), {"env": {**os.environ, "DYNAMOWAVE_TOKEN": token}}, bearer),
                (("--token-file", file), {"env": {**os.environ, "DYNAMOWAVE_TOKEN": "other"}}, bearer),
                (("--token-file", file, *named), {}, "?auth=S3CR3T%2B%2F%3Dcanary HTTP/1.1"),
                (("--header-file", headers), {}, f"\r\nx-api-key: {token}\r\n"),
                (("--header-file", headers, "--token-file", file), {}, bearer),
                (("--header-file", "-", "--token-file", file), {"input": "Cookie: a\nAuthorization: mine\n"}, "\r\nAuthorization: mine\r\n")):
            head, done = head_sent(*arguments, **options)
            assert wanted in head, (arguments, head)
            assert head.lower().count("\r\nauthorization:") <= 1 and done.stderr == "", (arguments, head, done.stderr)
        tail = Tail("ws://127.0.0.1:1/x", "--token-file", file, env={**os.environ, "DYNAMOWAVE_TOKEN": token})
        tail.until(kind="state", state="connecting")
        assert b"CR3T" not in command_line(tail.process)
        tail.end()
        os.chmod(file, 0o604)
        _, done = head_sent("--token-file", file)
        assert "readable by every" in done.stderr and file in done.stderr and token not in done.stderr, done.stderr


def test_wrong_secrets():
    """A file that cannot be a secret is a usage error, and its content is not repeated"""
    with tempfile.TemporaryDirectory() as name:
        for option, text, words in (("--token-file", "", "is empty"), ("--token-file", "\n", "is empty"),
                                    ("--token-file", "canary\ncanary\n", "one line"), ("--token-file", "canary\x1b", "control characters"),
                                    ("--token-file", "canary" * 11000, "64 KiB"), ("--header-file", "canary\n", "Name: value"),
                                    ("--header-file", "", "is empty"), ("--header-file", "a: canary\rb\n", "control characters")):
            done = send("ws://127.0.0.1:1/x", "x", option, write(Path(name) / "file", text))
            assert done.returncode == 2 and words in done.stderr and "canary" not in done.stderr, (option, text, done)
    done = send("ws://127.0.0.1:1/x", "x", "--token-file", "/no/such/file")
    assert done.returncode == 2 and "/no/such/file" in done.stderr, done
    done = send("ws://127.0.0.1:1/x", "x", "--token-file", "/dev/zero")
    assert done.returncode == 2 and "64 KiB" in done.stderr, done
    done = send("ws://127.0.0.1:1/x", "x", env={**os.environ, "DYNAMOWAVE_TOKEN": "a\nb"})
    assert done.returncode == 2 and "DYNAMOWAVE_TOKEN" in done.stderr, done
    for wrong in (("-", "--token-file", "-"), ("x", "--token-file", "-", "--header-file", "-")):
        done = send("ws://127.0.0.1:1/x", *wrong, input="x\n")
        assert done.returncode == 2 and "Standard input" in done.stderr, (wrong, done)


def test_secret_on_command_line():
    """A secret on the command line works, is overwritten there and warned of once; other arguments stay"""
    for secret in (("--header", "Authorization: canary"), ("--header=x-api-key: canary",), ("-H", "x: canary"), ("--protocol", "canary")):
        server = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        tail = subprocess.Popen([CLI, "tail", f"{server.url}?token=canary2", "--name", "Ada", *AGAIN, *secret], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        tail.stdout.readline()
        shown = command_line(tail) if tail.poll() is None else b""
        assert b"canary" not in shown and (not shown or (b"Ada" in shown and b"?token=" not in shown)), shown
        _, errors = tail.communicate(timeout=20)
        assert errors.count("was briefly visible") == 1 and "canary" not in errors, errors
        assert "canary" in server.requests[0].decode() and "?token=canary2 HTTP" in server.requests[0].decode(), server.requests
        server.close()
    with Stage() as stage:
        assert "was briefly visible" not in send(stage.url, "x", "--name", "Ada").stderr


def test_no_control():
    """Whatever peers send, a terminal gets plain text, and a program gets exactly what was sent"""
    text = "\x1b]0;owned\x07\x9b2J\x7f \u202e\u2028 \u200f end"
    with Stage() as stage:
        for how in ("tail", "chat"):
            process = subprocess.Popen([CLI, how, stage.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                while b'"online"' not in process.stdout.readline():
                    pass
                sent = send(stage.url, text, "--name", "\x1b[31mA\x9b")
                assert sent.returncode == 0, sent
                line = process.stdout.readline().decode()
                event = json.loads(line)
                assert (event["text"], event["sender"]) == (text, "\x1b[31mA\x9b"), event
                for printed in (line, sent.stdout, sent.stderr):
                    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in printed.replace("\n", "")), printed
            finally:
                process.kill()
                process.communicate()


def memory(process):
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def test_tail_keeps_nothing():
    """A tail uses no more memory after 14,000 messages of 4 KB than after 6,000"""
    rounds, each = 7, 2000
    text = json.dumps({"message": "x" * 4000}).encode()
    burst = (bytes([0x81, 126]) + len(text).to_bytes(2, "big") + text) * each
    server = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen([CLI, "tail", f"ws://127.0.0.1:{server.getsockname()[1]}/prod"], stdout=subprocess.PIPE)
    try:
        server.settimeout(20)
        client, _ = server.accept()
        client.settimeout(60)
        upgrade(client)
        sizes, rest = [], b""
        for _ in range(rounds):
            thread = threading.Thread(target=client.sendall, args=(burst,))
            thread.start()
            got = 0
            while got < each:
                some = os.read(process.stdout.fileno(), 1 << 20)
                assert some, "tail ended"
                whole, _, rest = (rest + some).rpartition(b"\n")
                got += whole.count(b'"kind":"message"')
            thread.join()
            sizes.append(memory(process))
        # What libsoup and the allocator cache levels off in the first rounds.
        assert sizes[-1] - sizes[2] < 4096 or SANITIZED, sizes
        client.close()
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
        server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/client/cli")
