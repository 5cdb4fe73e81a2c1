#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client without a window, as scripts use it."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "window"), str(HERE.parent / "bench")]
import tap  # noqa: E402
from servers import RawServer, Server  # noqa: E402

import receive  # noqa: E402

CLI = os.environ["DYNAMOWAVE_CLI"]
QUICK = "base=50,cap=500,ping=1000,pong=500,stable=2000,handshake=3000,confirm=300"


class Stage:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([os.environ["DYNAMOWAVE_STAGE"], "--listen", "127.0.0.1:0", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


class Tail:
    """A running “tail”, event by event."""

    def __init__(self, url, *arguments, **options):
        self.process = subprocess.Popen([CLI, "tail", url, *arguments], stdout=subprocess.PIPE, text=True, **options)
        self.events = []
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def next(self):
        try:
            line = self.lines.get(timeout=20)
        except queue.Empty:
            raise AssertionError(f"waited 20 s after {self.events[-3:]}") from None
        assert line, f"tail ended after {self.events[-3:]}"
        self.events.append(json.loads(line))
        return self.events[-1]

    def until(self, **wanted):
        while True:
            event = self.next()
            if all(event.get(key) == value for key, value in wanted.items()):
                return event

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        started = time.monotonic()
        status = self.process.wait(10)
        return status, time.monotonic() - started


def send(url, *arguments, **options):
    return subprocess.run([CLI, "send", url, *arguments], capture_output=True, text=True, timeout=60, check=False,
                          **options)


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
    """Input that is not text is named and does not end the rest; dashes and empty texts are what they look like"""
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


def test_closed_output():
    """“tail | head” ends"""
    with Stage() as stage:
        tail = subprocess.Popen([CLI, "tail", stage.url], stdout=subprocess.PIPE)
        tail.stdout.readline()
        tail.stdout.close()
        assert send(stage.url, "one").returncode == 0
        assert send(stage.url, "two").returncode == 0
        assert tail.wait(10) == -signal.SIGPIPE


def test_nobody_can_know():
    """A message on a connection that died, on a stage without ids, is no success"""
    server = Server(closes_after_send=True)
    done = send(server.url, "lost?", "--policy", QUICK, "--timeout", "30")
    assert done.returncode == 1, done
    server.close()


def test_ends_at_once():
    """RC-5: a signal ends it well and at once, whatever the peer does"""
    silent = RawServer(b"")
    tail = Tail(silent.url)
    tail.until(kind="state", state="connecting")
    time.sleep(0.2)
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
    """WS-2: a stage that stops answering is left within the deadline, and found again"""
    with Stage() as stage:
        tail = Tail(stage.url, "--policy", QUICK)
        tail.until(kind="state", state="online")
        stage.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        event = tail.until(kind="state", state="waiting")
        assert event["cause"] == "silent" and time.monotonic() - started < 5, event
        # It accepts in the kernel and never answers the upgrade: that is left as well.
        event = tail.until(kind="state", state="waiting")
        assert event["cause"] == "handshake-timeout", event
        stage.process.send_signal(signal.SIGCONT)
        tail.until(kind="state", state="online")
        assert tail.end()[0] == 0


def test_stopped_client():
    """RC-4: after a long stop the client is online again within 15 s, and the gap is told"""
    with Stage("--idle-timeout", "1") as stage:
        tail = Tail(stage.url, "--policy", QUICK)
        tail.until(kind="state", state="online")
        tail.process.send_signal(signal.SIGSTOP)
        time.sleep(4)  # the length of the sleep; the stage closes meanwhile
        tail.process.send_signal(signal.SIGCONT)
        resumed = time.monotonic()
        tail.until(kind="state", state="waiting")
        gap = tail.until(kind="gap")
        assert gap["since"] < gap["until"], gap
        assert time.monotonic() - resumed < 15
        assert tail.end()[0] == 0


def test_gap():
    """RC-4: a gap is a line of its own"""
    with Stage() as stage:
        address = stage.url.split("/")[2]
        tail = Tail(stage.url, "--policy", QUICK)
        tail.until(kind="state", state="online")
        stage.process.kill()
        stage.process.wait(10)
        tail.until(kind="state", state="waiting")
        time.sleep(1.2)  # long enough to be told
        with Stage("--listen", address):
            event = tail.until(kind="gap")
            assert event["since"] < event["until"], event
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
    """WS-1: a message that is too large, replayed at every open, does not make a tight loop"""
    import base64
    import hashlib

    text = b"a" * 131073

    def answer(request):
        key = next(line.split(b": ")[1] for line in request.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
                + bytes([0x81, 127]) + len(text).to_bytes(8, "big") + text)

    server = RawServer(answer)
    tail = Tail(server.url, "--policy", "base=400,cap=60000")
    for _ in range(3):
        event = tail.until(kind="state", state="waiting")
        assert event["cause"] in ("message-too-large", "lost"), event
    time.sleep(0.3)
    assert len(server.requests) <= 4, len(server.requests)
    tail.end()
    server.close()


def test_documented_stage():
    """A stage of another make: the documented frames suffice"""
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


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/client/cli")
