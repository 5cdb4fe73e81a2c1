#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session is recorded by dynamowave-cli and played again by dynamowave-stage."""

import asyncio
import json
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import websockets

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "window")]
import tap  # noqa: E402
from servers import Server  # noqa: E402

CLI = os.environ["DYNAMOWAVE_CLI"]
STAGE = os.environ["DYNAMOWAVE_STAGE"]
# How long a player waits for a client's message, in seconds, as src/backend/gateway/dw-replay.h has it.
PATIENCE = 1


class Stage:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([STAGE, "--listen", "127.0.0.1:0", *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


def line(milliseconds, kind, connection=1, **members):
    time_text = f"2026-11-28T10:00:{milliseconds // 1000:02}.{milliseconds % 1000:03}Z"
    return json.dumps({"time": time_text, "kind": kind, "connection": connection, **members})


def recording(folder, *lines):
    path = Path(folder) / "session.jsonl"
    path.write_text("".join(text + "\n" for text in lines), encoding="utf-8")
    return str(path)


def read_all(url, seconds=20, sends=()):
    """What a client gets until it is closed: each frame and when, and the close code."""
    async def read():
        frames = []
        async with websockets.connect(url, max_size=None, compression=None) as client:
            for delay, text in sends:
                await asyncio.sleep(delay)
                await client.send(text)
            began = time.monotonic()
            try:
                while True:
                    frames.append((await asyncio.wait_for(client.recv(), seconds), time.monotonic() - began))
            except websockets.ConnectionClosed as closed:
                return frames, closed.rcvd.code if closed.rcvd else None

    return asyncio.run(read())


def refused(*arguments):
    done = subprocess.run([STAGE, "--listen", "127.0.0.1:0", *arguments], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode in (1, 2) and not done.stdout, done
    return done.stderr


def test_again():
    """S-26: What was recorded is played with its pauses, or without, and a client prints the same messages"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/session.jsonl"
        with Stage() as stage:
            recorder = subprocess.Popen([CLI, "record", stage.url, path, "--count", "4"])
            deadline = time.monotonic() + 20
            while not Path(path).exists() or '"in"' not in Path(path).read_text(encoding="utf-8"):
                assert time.monotonic() < deadline, "nothing is recorded"
                time.sleep(0.05)
            subprocess.run([CLI, "send", "--name", "Ada", stage.url, "one"], stdout=subprocess.DEVNULL, timeout=20, check=True)
            time.sleep(0.5)
            subprocess.run([CLI, "send", "--name", "Eve", stage.url, "-"], input="two\nthree \u202e\x1b[31m", text=True,
                           stdout=subprocess.DEVNULL, timeout=20, check=True)
            assert recorder.wait(20) == 0
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        for speed, least, most in (("1", 0.4, 20), ("0", 0, 20)):
            with Stage("--replay", path, "--replay-speed", speed) as stage:
                done = subprocess.run([CLI, "tail", "--count", "3", stage.url], capture_output=True, text=True, timeout=most, check=True)
            events = [json.loads(text) for text in done.stdout.splitlines()]
            messages = [event for event in events if event["kind"] == "message"]
            assert [(event["sender"], event["text"]) for event in messages] == [("Ada", "one"), ("Eve", "two"), ("Eve", "three \u202e\x1b[31m")], events
            assert any(event.get("confirmed") for event in events), events
            seconds = [float(event["time"][17:23]) for event in messages]
            assert (seconds[1] - seconds[0]) % 60 >= least, seconds


def test_private():
    """S-26: Nothing secret is in a recording, and no file is overwritten or reached through a link"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/session.jsonl"
        (Path(folder) / "token").write_text("S3CR3T", encoding="utf-8")
        (Path(folder) / "token").chmod(0o600)
        (Path(folder) / "head").write_text("X-Key: S3CR3T\n", encoding="utf-8")
        (Path(folder) / "head").chmod(0o600)
        server = Server()
        arguments = [CLI, "record", f"{server.url}?key=S3CR3T", path, "--count", "1", "--token-file", f"{folder}/token",
                     "--header-file", f"{folder}/head"]
        subprocess.run(arguments, timeout=20, check=True)
        text = Path(path).read_text(encoding="utf-8")
        assert "Use the sendmessage route" in text and "S3CR3T" not in text, text

        for other in (path, f"{folder}/link", f"{folder}/none/session"):
            if other.endswith("link"):
                os.symlink(f"{folder}/elsewhere", other)
            done = subprocess.run([CLI, "record", server.url, other, "--count", "1"], capture_output=True, timeout=20, check=False)
            assert done.returncode == 1 and other.encode() in done.stderr, done
        assert Path(path).read_text(encoding="utf-8") == text and not Path(f"{folder}/elsewhere").exists()
        server.close()


def test_ends():
    """A signal ends a recording well, a full disk does not, and a refusal is exit status 4"""
    with tempfile.TemporaryDirectory() as folder:
        server = Server()
        process = subprocess.Popen([CLI, "record", server.url, f"{folder}/a"])
        deadline = time.monotonic() + 20
        while not Path(f"{folder}/a").exists() or '"in"' not in Path(f"{folder}/a").read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, "nothing is recorded"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        lines = [json.loads(text) for text in Path(f"{folder}/a").read_text(encoding="utf-8").splitlines()]
        assert [entry["kind"] for entry in lines] == ["connecting", "open", "out", "in"], lines

        done = subprocess.run([CLI, "record", server.url, f"{folder}/b", "--count", "1"], capture_output=True, text=True, timeout=20, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        assert done.returncode == 1 and "Cannot write" in done.stderr, done
        server.close()
        with Stage("--token-file", recording(folder, "x")) as stage:
            done = subprocess.run([CLI, "record", stage.url, f"{folder}/c"], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 4 and '"failed"' in Path(f"{folder}/c").read_text(encoding="utf-8"), done


def test_codes():
    """S-26: A connection ends with the code that it ended with, and one that just broke off breaks off"""
    for code, wanted in ((1000, 1000), (1001, 1001), (1009, 1009), (1011, 1011), (4001, 4001), (1006, None), (0, None), (1012, None)):
        with tempfile.TemporaryDirectory() as folder:
            path = recording(folder, line(0, "open"), line(1, "in", payload="last words"), line(2, "closed", code=code), line(3, "in", payload="none"))
            with Stage("--replay", path) as stage:
                frames, came = read_all(stage.url)
        assert [text for text, _ in frames] == ["last words"] and came == wanted, (code, frames, came)


def test_turns():
    """Each client gets the next connection of the recording, and its own pace"""
    with tempfile.TemporaryDirectory() as folder:
        path = recording(folder, line(0, "connecting", 3), line(10, "failed", 3, code=403), line(20, "open", 4), line(25, "in", 4, payload="first"),
                         line(30, "closed", 4, code=1001), line(40, "open", 5), line(45, "in", 5, base64="/wA="), line(50, "in", 5, payload=""),
                         line(55, "closed", 5, code=1000))
        with Stage("--replay", path) as stage:
            for texts, code in ((["first"], 1001), ([b"\xff\0", ""], 1000), (["first"], 1001)):
                frames, came = read_all(stage.url)
                assert [text for text, _ in frames] == texts and came == code, (frames, came)


def test_speed():
    """Pauses are as long as then, or a part of that"""
    with tempfile.TemporaryDirectory() as folder:
        path = recording(folder, line(0, "open"), line(600, "in", payload="a"), line(1200, "in", payload="b"), line(1200, "closed", code=1000))
        for speed, least in (("1", 1.15), ("2", 0.55), ("0", 0)):
            with Stage("--replay", path, "--replay-speed", speed) as stage:
                frames, _ = read_all(stage.url)
            assert [text for text, _ in frames] == ["a", "b"] and frames[1][1] > least, (speed, frames)


def test_questions():
    """An answer does not come before its question, and a client that never asks is not waited for long"""
    with tempfile.TemporaryDirectory() as folder:
        path = recording(folder, line(0, "open"), line(1, "out", payload="?"), line(2, "in", payload="answer"), line(3, "closed", code=1000))
        with Stage("--replay", path, "--replay-speed", "0") as stage:
            frames, _ = read_all(stage.url, sends=((0.3, "?"),))
            assert frames[0][1] < PATIENCE, frames
            frames, _ = read_all(stage.url)
            assert [text for text, _ in frames] == ["answer"] and frames[0][1] > PATIENCE * 0.9, frames


def test_slow_client():
    """A client that reads late gets all of a long recording, and is not cut off"""
    with tempfile.TemporaryDirectory() as folder:
        payload = "x" * 100000
        path = recording(folder, line(0, "open"), *(line(1, "in", payload=payload) for _ in range(200)), line(2, "closed", code=1000))
        with Stage("--replay", path, "--replay-speed", "0") as stage:
            host, port = stage.url.removeprefix("ws://").split("/")[0].split(":")
            client = socket.create_connection((host, int(port)))
            client.settimeout(20)
            client.sendall(b"GET /prod HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
            client.recv(1)
            time.sleep(0.5)
            size = 1
            while part := client.recv(1 << 20):
                size += len(part)
                if size > 200 * 100010 and part.endswith(b"\x88\x02\x03\xe8"):
                    break
            memory = int(next(text for text in Path(f"/proc/{stage.process.pid}/status").read_text(encoding="utf-8").splitlines() if "VmHWM" in text).split()[1])
            client.close()
    assert size > 200 * 100010, size
    # The recording is 20 MB, twice: the text and its frames. What waits for the client is not.
    assert memory < 160 * 1024 or "_sanitize" in CLI, memory


def test_refusals():
    """A file that is none of these is refused at the start, with the line that is wrong"""
    with tempfile.TemporaryDirectory() as folder:
        good = line(0, "in", payload="x")
        assert "Line 2" in refused("--replay", recording(folder, good, "hello"))
        assert "Line 1" in refused("--replay", recording(folder, "{" + "[" * 100000))
        assert "Line 3" in refused("--replay", recording(folder, good, good, line(0, "in", payload="x" * (1 << 20))))
        assert "payload" in refused("--replay", recording(folder, line(0, "in")))
        assert refused("--replay", recording(folder))
        assert refused("--replay", recording(folder, line(0, "open")))
        assert refused("--replay", f"{folder}/none")
        assert refused("--replay", folder)
        assert "64 MiB" in refused("--replay", "/dev/zero")
        for speed in ("-1", "nan", "x"):
            assert refused("--replay", recording(folder, good), "--replay-speed", speed)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/client/record")
