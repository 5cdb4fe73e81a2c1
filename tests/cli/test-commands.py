#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the client without a window that look at a stage: “raw” and “doctor”; and what shells complete."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "window"), str(HERE)]
import tap  # noqa: E402
from programs import CLI, DEADLINE, Peer, Stage, Tail, frame, run  # noqa: E402
from servers import RawServer  # noqa: E402

PROGRAMS = [os.environ[f"DYNAMOWAVE_{name}"] for name in ("CHAT", "CLI", "STAGE")]
SANITIZED = "_sanitize" in CLI


def events(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def kinds(done):
    return [event["kind"] for event in events(done)]


def data_frames(peer):
    return [each for each in peer.frames if each and each[0] in (1, 2)]


def test_raw_frames():
    """S-28: Lines, records that end with NUL, and a whole file are sent byte for byte, as text or binary"""
    binary = bytes(range(256)) + b"\n" * 3
    for options, given, sent in (((), b'{"a": 1}\n\nplain\r\nlast', [(1, b'{"a": 1}'), (1, b""), (1, b"plain"), (1, b"last")]),
                                 (("-0",), b"one\ntwo\0three\r\0", [(1, b"one\ntwo"), (1, b"three\r")]),
                                 (("--whole",), b"one\ntwo\n", [(1, b"one\ntwo\n")]), (("--whole", "-b"), binary, [(2, binary)]),
                                 (("--binary", "--null"), b"\xff\xfe\0\x01", [(2, b"\xff\xfe"), (2, b"\x01")]),
                                 (("-x", '{"x":1}', "--send", "y"), b"", [(1, b'{"x":1}'), (1, b"y")])):
        with Peer() as peer:
            done = run("raw", peer.url, *options, "--wait", "0", input=given, text=False)
            assert done.returncode == 0, done
            assert peer.until(8) == (1000).to_bytes(2, "big")
            assert data_frames(peer) == sent, (options, data_frames(peer))


def test_raw_wrong_input():
    """What cannot be sent is reported and the rest is sent: no UTF-8, or more than 1 MiB; a frame of 1 MiB is sent"""
    with Peer() as peer:
        done = run("raw", peer.url, "--wait=0", input=b"\xff\n" + b"x" * (1 << 20) + b"\n" + b"y" * ((1 << 20) + 1) + b"\nend\n", text=False)
        assert done.returncode == 1, done.returncode
        assert b"UTF-8" in done.stderr and b"Line 3 is too long" in done.stderr, done.stderr
        peer.until(8)
        assert [len(payload) for _, payload in data_frames(peer)] == [1 << 20, 3], data_frames(peer)


def test_raw_output():
    """S-28: What arrives is printed whole: as events, or with --plain exactly as it came"""
    text, binary = '{"a":"ü\\n"}', bytes(range(32))
    first = frame(1, text.encode()) + frame(2, binary) + frame(9, b"ping me") + frame(10, b"pong") + frame(1, b"second")
    with Peer(first) as peer:
        done = run("raw", peer.url, "-c", "3", "--show-pings", stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done
        told = {event["kind"]: event for event in events(done)}
        assert base64.b64decode(told["binary"]["base64"]) == binary and told["ping"]["text"] == "ping me" and told["pong"]["text"] == "pong", told
        assert [event["text"] for event in events(done) if event["kind"] == "message"] == [text, "second"], done
        assert told["closed"]["code"] == 1000 and done.stdout.isascii() is False, done
        assert peer.until(10) == b"ping me"
    for options, end in (((), b"\n"), (("--null",), b"\0"), (("--whole",), b"")):
        with Peer(first) as peer:
            done = run("raw", peer.url, "--plain", "--count=3", *options, stdin=subprocess.DEVNULL, text=False)
            assert done.stdout == text.encode() + end + binary + end + b"second" + end, (options, done)


def test_raw_ends():
    """S-28: Scripts can tell how it ended: in order, with another code, refused, unreachable, or too late"""
    def ended(answer, *options):
        with Peer(answer) as peer:
            return run("raw", peer.url, "-x", "a", "--wait=-1", *options)

    for code, status in ((1000, 0), (1001, 0), (1008, 1), (1011, 1), (4000, 1)):
        done = ended(frame(8, code.to_bytes(2, "big") + b"so long"))
        last = events(done)[-1]
        assert (done.returncode, last["kind"], last["code"], last["reason"]) == (status, "closed", code, "so long"), done
    done = ended(b"", "--timeout", "1")
    assert done.returncode == 3 and "Timed out" in done.stderr, done
    refusing = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    done = run("raw", refusing.url, "-x", "a")
    assert done.returncode == 4 and events(done)[-1]["code"] == 403, done
    refusing.close()
    done = run("raw", "ws://127.0.0.1:1/x", "-x", "a")
    assert done.returncode == 1 and events(done)[-1]["cause"] == "nothing-listens", done
    # The rest of the line is a frame's, in which nothing is masked: a protocol error.
    done = ended(b"\xc1\x03abc")
    assert done.returncode == 1, done
    with Peer() as peer:
        process = subprocess.Popen([CLI, "raw", peer.url, "-x", "a", "--wait=-1"], stdout=subprocess.PIPE)
        peer.until(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
        assert peer.until(8) == (1001).to_bytes(2, "big")
        process.stdout.close()


def test_raw_handshake():
    """--origin and --subprotocol are in the handshake, and what the stage chose is told; --ping pings"""
    with Peer(subprotocol="b") as peer:
        done = run("raw", peer.url, "-o", "https://example.org", "-s", "a", "--subprotocol", "b", "--protocol", "c", "-x", "x", "-w", "0.1")
        assert done.returncode == 0, done
        head = peer.head.decode()
        assert "\r\nOrigin: https://example.org\r\n" in head and re.search(r"\r\nSec-WebSocket-Protocol: a, ?b, ?c\r\n", head), head
        assert events(done)[0]["subprotocol"] == "b", done
    with Peer() as peer:
        process = subprocess.Popen([CLI, "raw", peer.url, "-x", "x", "--wait=-1", "--ping", "1"], stdout=subprocess.DEVNULL)
        peer.until(9)
        peer.send(8, (1000).to_bytes(2, "big"))
        assert process.wait(DEADLINE) == 0
    for wrong in (("-o", "a\nb"), ("--ping", "-1"), ("--wait", "x"), ("--wait", "-2"), ("--wait", "nan"), ("--wait", ""), ("-c", "-1"), ("-t", "-1"),
                  ("--token-file", "-")):
        done = run("raw", "ws://127.0.0.1:1/x", *wrong, stdin=subprocess.DEVNULL)
        assert done.returncode == 2 and done.stderr and not done.stdout, (wrong, done)


def test_raw_secret():
    """The token of a file or the environment is in the handshake and nowhere else"""
    with tempfile.TemporaryDirectory() as folder:
        token = Path(folder) / "token"
        token.write_text("S3CR3T\n")
        token.chmod(0o600)
        for options, more in ((("--token-file", str(token)), {}), ((), {"env": {**os.environ, "DYNAMOWAVE_TOKEN": "S3CR3T"}})):
            with Peer() as peer:
                done = run("raw", peer.url, "-x", "x", "--wait=0", *options, **more)
                assert "\r\nAuthorization: Bearer S3CR3T\r\n" in peer.head.decode(), peer.head
                assert "S3CR3T" not in done.stdout + done.stderr, done


def test_raw_hostile_peer():
    """S-28: A flood of pings, one that reads nothing, and a message without end cost neither memory nor the exit"""
    with Peer(b"".join(frame(9, b"x" * 125) for _ in range(3000)) + frame(1, b"end")) as peer:
        done = run("raw", peer.url, "-P", "--count=1", "--wait=-1", stdin=subprocess.DEVNULL)
        # All of them are answered, and those that fit a bound are told.
        assert done.returncode == 0 and "end" in [event.get("text") for event in events(done) if event["kind"] == "message"], done.stdout[-500:]
        assert len(peer.frames) >= 3000 and 0 < kinds(done).count("ping") <= 3000, (len(peer.frames), kinds(done).count("ping"))
    with Peer(b"\x01\x7e\xff\xff" + b"x" * 65535 + b"\x00\x7e\xff\xff" + b"x" * 65535 + b"\x00\x7e\xff\xff" + b"x" * 65535) as peer:
        done = run("raw", peer.url, "-x", "x", "--wait=-1")
        assert done.returncode == 1 and events(done)[-1]["cause"] == "message-too-large", done.stdout[-500:]
    # It sends, and nobody reads: what waits is bounded, so the reader of standard input stops.
    with Peer() as peer:
        process = subprocess.Popen([CLI, "raw", peer.url], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        peer.send(1, b"hello")
        peer.take = lambda count: time.sleep(DEADLINE)
        os.set_blocking(process.stdin.fileno(), False)
        given, since = 0, time.monotonic()
        line = b"z" * 65535 + b"\n"
        while given < 200 << 20 and time.monotonic() - since < 1:
            try:
                given += os.write(process.stdin.fileno(), line)
                since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.02)
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        used = int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 0
        assert given < 100 << 20 and (used < 100 * 1024 or SANITIZED), (given, used)


def test_doctor():
    """Each step is told with its time, and a verdict with what to try; scripts can tell what is wrong"""
    with Stage() as stage:
        tail = Tail(stage.url)
        tail.until(kind="state", state="online")
        done = run("doctor", stage.url)
        steps = {event["step"]: event for event in events(done) if event["kind"] == "step"}
        assert done.returncode == 0 and list(steps) == ["resolve", "connect", "tls", "handshake", "reply"], done
        assert steps["tls"]["state"] == "not-needed" and all(steps[name]["milliseconds"] >= 1 for name in steps if name != "tls"), steps
        verdict = events(done)[-1]
        assert verdict["kind"] == "verdict" and verdict["ok"] and "advice" not in verdict, verdict
        # Nothing was said that others see, until somebody asks for it.
        done = run("doctor", stage.url, "--find-out")
        assert done.returncode == 0 and events(done)[-1]["sendRoute"] == "sendMessage" and events(done)[-1]["verdict"] == "found", done
        assert tail.until(kind="message")
        assert [event["kind"] for event in tail.events].count("message") == 1
        tail.end()
        done = run("doctor", stage.url + "x")
        verdict = events(done)[-1]
        assert done.returncode == 4 and verdict["code"] == 403 and "--token-file" in verdict["advice"], done
    done = run("doctor", "ws://127.0.0.1:1/x")
    assert done.returncode == 1 and events(done)[-1]["cause"] == "nothing-listens" and events(done)[-1]["advice"], done
    silent = RawServer(b"")
    done = run("doctor", silent.url, "--timeout", "1")
    assert done.returncode == 3 and kinds(done) == ["step", "step", "step"], done
    silent.close()
    done = run("doctor", "nonsense")
    assert done.returncode == 2 and "wss://" in done.stderr, done


def test_doctor_certificate():
    """The certificate is told, valid or not, with nothing in its names that a terminal would obey"""
    data = HERE.parent / "data"
    with Stage("--tls-certificate", str(data / "self-signed.pem"), "--tls-key", str(data / "self-signed.key")) as stage:
        done = run("doctor", stage.url.replace("127.0.0.1", "localhost"))
        told = {event["kind"]: event for event in events(done)}
        assert done.returncode == 1 and told["verdict"]["cause"].startswith("certificate"), done
        assert "CN=" in told["certificate"]["subject"] and "CN=" in told["certificate"]["issuer"], told
        assert told["certificate"]["validFrom"] < told["certificate"]["validUntil"], told
        assert [event["state"] for event in events(done) if event.get("step") == "tls"] == ["failed"], done


def options_of(program, *command):
    told = subprocess.run([program, *command, "--help-all"], capture_output=True, text=True, timeout=DEADLINE, check=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    told = re.sub(r"(?ms)^(GTK|GApplication)[^\n]*$.*?(?=^\S|\Z)", "", told)
    commands = [] if command else re.findall(r"^  ([a-z]+) [A-Z]", told, re.M)
    return set(re.findall(r"^  (?:-\w, )?--([a-z][a-z0-9-]*)", told, re.M)) - set(re.findall(r"--(help-[a-z0-9-]*)", told)), commands


def complete(script, *words):
    """What bash offers for the last of these words."""
    name = words[0]
    line = " ".join(f"'{word}'" for word in words)
    text = (f"source '{script}'; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _{name.replace('-', '_')}; "
            'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-uc", text], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout.split()


def test_completions():
    """Each option of each program is completed in bash, zsh and fish, with the commands, words and files"""
    folder = Path(os.environ["DYNAMOWAVE_BUILD"]) / "data"
    for program in PROGRAMS:
        name = Path(program).name
        bash, zsh, fish = (folder / file for file in (name, f"_{name}", f"{name}.fish"))
        general, commands = options_of(program)
        for command in [(), *((each,) for each in commands)]:
            wanted = {f"--{option}" for option in (options_of(program, *command)[0] if command else general)}
            offered = set(complete(bash, name, *command, "--"))
            assert offered >= wanted, (name, command, wanted - offered)
            for option in wanted:
                assert f"{option}[" in zsh.read_text(encoding="utf-8") or f"{option}=[" in zsh.read_text(encoding="utf-8"), (name, option)
                assert f" -l {option[2:]} " in fish.read_text(encoding="utf-8"), (name, option)
        # They are correct where such a shell is there to say so; what they offer was looked at above.
        for shell, file in (("bash", bash), ("zsh", zsh), ("fish", fish)):
            if shutil.which(shell):
                done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, timeout=DEADLINE, check=False)
                assert done.returncode == 0 and not done.stderr, (shell, done)
    bash = folder / "dynamowave-cli"
    assert set(complete(bash, "dynamowave-cli", "")) >= {"tail", "chat", "send", "raw", "doctor"}
    assert complete(bash, "dynamowave-cli", "do") == ["doctor"]
    assert complete(bash, "dynamowave-cli", "-n", "Ada", "raw", "--show") == ["--show-pings"]
    assert complete(bash, "dynamowave-cli", "tail", "--dialect", "") == ["dynamowave", "lower-case", "data"]
    assert complete(bash, "dynamowave-cli", "tail", "--dialect", "=", "lo") == ["lower-case"]
    assert complete(bash, "dynamowave-cli", "tail", "--name", "") == []
    assert complete(bash, "dynamowave-cli", "tail", "--token-file", str(HERE / "test-comm")) == [str(HERE / "test-commands.py")]


def test_arity():
    """An option that two commands have takes a value in both or in neither, so that it can stand before the command"""
    _, commands = options_of(CLI)
    seen = {}
    for command in commands:
        told = run(command, "--help").stdout
        for short, name, value in re.findall(r"^  (?:-(\w), )?--([a-z][a-z0-9-]*)(=)?", told, re.M):
            for key in filter(None, (name, short)):
                assert seen.setdefault(key, value) == value, (command, key)
    with Stage() as stage:
        for words in (("--name", "tail", "send", stage.url, "x"), ("send", "-n", "tail", stage.url, "x"), ("-n", "raw", "--timeout=20", "send", stage.url, "x")):
            assert run(*words).returncode == 0, words
    for wrong, words in (((), "--help"), (("fly", "ws://127.0.0.1/x"), "fly"), (("raw",), "raw URL"), (("send", "x"), "send URL"), (("send", "ws://h/x", "a", "b"), "send URL")):
        done = run(*wrong)
        assert done.returncode == 2 and words in done.stderr and not done.stdout, (wrong, done)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/client/commands")
