#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dynamowave-cli load: what it counts, what it asks first, and what it costs."""

import base64
import hashlib
import json
import os
import pty
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xml.dom.minidom
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "window")]
import tap  # noqa: E402
from servers import RawServer, Server, frame  # noqa: E402

CLI = os.environ["DYNAMOWAVE_CLI"]
SANITIZED = "_sanitize" in CLI


class Stage:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([os.environ["DYNAMOWAVE_STAGE"], "--listen", "127.0.0.1:0", "--connection-rate", "0", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


def load(url, *arguments, status=0, **options):
    done = subprocess.run([CLI, "load", url, *arguments], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, **options)
    assert done.returncode == status, done
    return json.loads(done.stdout) if done.stdout else done.stderr


class Upgrading:
    """Upgrades each client and gives the socket to a function, in a thread of its own."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/prod"

        def run(client, number):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            key = re.search(rb"(?i)sec-websocket-key: (\S+)", head).group(1)
            digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
            client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n")
            try:
                serve(client, number)
            except OSError:
                pass

        def accept():
            number = 0
            while True:
                try:
                    client, _ = self.listener.accept()
                except OSError:
                    return
                threading.Thread(target=run, args=(client, number), daemon=True).start()
                number += 1

        threading.Thread(target=accept, daemon=True).start()

    def close(self):
        self.listener.close()


def read_text(client):
    """The text of one masked frame."""
    def exactly(size):
        data = b""
        while len(data) < size:
            part = client.recv(size - len(data))
            if not part:
                raise OSError("the end")
            data += part
        return data

    head = exactly(2)
    size = head[1] & 0x7F
    if size == 126:
        size = int.from_bytes(exactly(2), "big")
    mask = exactly(4)
    return head[0] & 0x0F, bytes(byte ^ mask[i % 4] for i, byte in enumerate(exactly(size)))


def test_counts():
    """Each message reaches each connection once, and the report says so; its page is a page, and its chart a picture"""
    with Stage() as stage, tempfile.TemporaryDirectory() as folder:
        result = load(stage.url, "--connections", "30", "--senders", "3", "--rate", "60", "--duration", "1", "--report", f"{folder}/report.html")
        text = Path(f"{folder}/report.html").read_text(encoding="utf-8")
        load(stage.url, "--connections", "2", "--duration", "1", "--rate", "5", "--report", f"{folder}/chart.svg")
        picture = xml.dom.minidom.parse(f"{folder}/chart.svg")
    assert (result["opened"], result["failed"], result["closed"], result["sent"]) == (30, 0, 0, 60), result
    assert (result["expected"], result["received"]) == (1800, 1800), result
    assert (result["lost"], result["doubled"], result["outOfOrder"]) == (0, 0, 0), result
    assert 0 < result["latencyUs"]["p50"] <= result["latencyUs"]["p99"] <= result["latencyUs"]["max"], result
    assert 0 < result["handshakeUs"]["p50"] <= result["handshakeUs"]["max"], result
    assert "1800 of 1800" in text and "<svg" in text and "<script" not in text and "http://127" not in text, text
    xml.dom.minidom.parseString(text[text.index("<svg"):text.index("</svg>") + 6])
    assert len(picture.getElementsByTagName("path")) > 3, picture.toxml()
    words = [text.firstChild.data for text in picture.getElementsByTagName("text")]
    assert {"0 s", "0.25 s", "0.5 s", "0.75 s", "1 s", "p50", "p99", "max"} <= set(words), words


def test_report_unwritten():
    """A report that cannot be written is exit status 1 after the result; a pipe stays one"""
    with Stage() as stage, tempfile.TemporaryDirectory() as folder:
        short = ("--connections", "2", "--rate", "5", "--duration", "1", "--report")
        for path in (folder, f"{folder}/none/report.html"):
            assert load(stage.url, *short, path, status=1)["received"] == 10, path
        pipe = f"{folder}/pipe.svg"
        os.mkfifo(pipe)
        reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
        load(stage.url, *short, pipe)
        assert "<svg" in reader.communicate(timeout=20)[0]
        assert Path(pipe).is_fifo()
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([CLI, "load", stage.url, *short[:-1]], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert done.returncode == 1 and "Cannot write" in done.stderr, done


def test_faults():
    """Lost, doubled, late and refused messages and close codes are counted as what they are"""
    held = []

    def serve(client, number):
        while True:
            opcode, text = read_text(client)
            if opcode != 1:
                return
            count = int(json.loads(text)["message"].split()[3])
            body = frame(1, b'{"message":"' + json.loads(text)["message"].encode() + b'"}')
            if count == 1:
                client.sendall(body)
            elif count == 2:
                client.sendall(body + body)
            elif count == 3:
                held.append(body)
            elif count == 4:
                client.sendall(body + held.pop())
            elif count == 5:
                client.sendall(frame(1, b'{"message":"Too Many Requests","connectionId":"a=","requestId":"b="}'))
            elif count == 6:
                client.sendall(frame(1, b"hello") + frame(2, b"\xff"))
            else:
                client.sendall(frame(8, b"\x03\xf3"))
                return

    server = Upgrading(serve)
    result = load(server.url, "--connections", "1", "--rate", "20", "--duration", "1", "--drain", "1", "--max-lost", "3")
    server.close()
    assert (result["received"], result["lost"], result["doubled"], result["outOfOrder"]) == (4, 3, 1, 1), result
    assert result["gatewayErrors"] == {"Too Many Requests": 1} and result["otherFrames"] == 2, result
    assert result["closeCodes"] == {"1011": 1} and result["closed"] == 1, result


def test_no_echo():
    """A stage that leaves the sender out has lost nothing"""
    clients = []

    def serve(client, number):
        clients.append(client)
        while True:
            _, text = read_text(client)
            for other in clients:
                if other is not client:
                    other.sendall(frame(1, json.loads(text)["message"].encode()))

    server = Upgrading(serve)
    result = load(server.url, "--connections", "3", "--rate", "10", "--duration", "1", "--max-lost", "0")
    server.close()
    assert (result["sent"], result["expected"], result["received"]) == (10, 20, 20), result


def test_thresholds():
    """A limit that is exceeded is exit status 1, and the report comes all the same"""
    with Stage() as stage:
        short = ("--connections", "2", "--rate", "20", "--duration", "1")
        assert load(stage.url, *short, "--max-p99", "0", status=1)["received"] == 40
        assert load(stage.url, *short, "--max-p99", "20000", "--max-lost", "0")["lost"] == 0
    server = Upgrading(lambda client, number: time.sleep(30))
    began = time.monotonic()
    process = subprocess.Popen([CLI, "load", server.url, "--connections", "2", "--rate", "5", "--duration", "1", "--max-lost", "0", "--drain", "2"],
                               stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate(timeout=60)
    server.close()
    # The one that sends is taken for one that a stage leaves out.
    assert process.returncode == 1 and json.loads(output)["lost"] == 5, output
    assert time.monotonic() - began > 3, "the last deliveries were not waited for"


def test_refused():
    """No connection is exit status 4, with the statuses that came"""
    server = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    result = load(server.url, "--connections", "5", status=4)
    server.close()
    assert result["failedWith"] == {"403": 5} and result["opened"] == 0 and "403" in result["problem"], result
    assert len(server.requests) == 5, server.requests
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    result = load(f"ws://127.0.0.1:{port}/prod", "--connections", "2", status=4)
    assert result["failedWith"] == {"0": 2} and "refused" in result["problem"], result


def test_asks():
    """S-25: Beyond this computer it says what it costs and asks; without a terminal it refuses, and --yes answers"""
    url = "wss://no-such-host.invalid/prod?token=S3CR3T"
    refusal = load(url, "--connections", "1000", "--rate", "10", "--duration", "100", status=2)
    # 1,000 messages, each in once and out 1,000 times; 1,000 connections for 105 s.
    assert "$1.00" in refusal and "--yes" in refusal and "S3CR3T" not in refusal, refusal
    result = load(url, "--connections", "1", "--yes", status=4)
    assert "S3CR3T" not in json.dumps(result), result

    for answer, status in ((b"n\n", 2), (b"\n", 2), (b"y\n", 4)):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(CLI, [CLI, "load", url, "--connections", "1", "--ramp", "600"])
        output = b""
        while b"[y/N]" not in output:
            assert select.select([terminal], [], [], 20)[0], output
            output += os.read(terminal, 65536)
        assert b"500 connections per second" in output, output
        os.write(terminal, answer)
        try:
            while os.read(terminal, 65536):
                pass
        except OSError:
            pass
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == status, (answer, output)
        os.close(terminal)


def test_stopped():
    """Ctrl+C ends it at once, with what it has"""
    with Stage() as stage:
        process = subprocess.Popen([CLI, "load", stage.url, "--connections", "5", "--rate", "50", "--duration", "600"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        tail = subprocess.Popen([CLI, "tail", stage.url, "--count", "1"], stdout=subprocess.DEVNULL)
        assert tail.wait(20) == 0
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        output, _ = process.communicate(timeout=20)
    result = json.loads(output)
    assert process.returncode == 0 and result["stopped"] and result["received"] > 0, output
    assert time.monotonic() - began < 5


def test_bounds():
    """S-25: What makes no sense is refused before anything is opened"""
    server = RawServer(b"")
    for arguments in (("--connections", "20001"), ("--connections", "-1"), ("--rate", "10001"), ("--rate", "-1"), ("--duration", "7201"),
                      ("--senders", "11"), ("--connections", "2000", "--senders", "501"), ("--size", "32768"), ("--ramp", "-5"),
                      ("--drain", "601"), ("--max-p99", "x"), ("--max-lost", "-1"), ("--max-lost", "")):
        message = load(server.url, *arguments, status=2)
        assert arguments[-2] in message, (arguments, message)
    assert not server.requests
    server.close()


def test_cheap():
    """A thousand connections are a process of some megabytes, and more descriptors than its soft limit"""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    def too_few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with Stage() as stage:
        message = load(stage.url, "--connections", "1000", status=2, preexec_fn=too_few)
        assert "64" in message, message
        process = subprocess.Popen([CLI, "load", stage.url, "--connections", "1000", "--ramp", "2000", "--rate", "5", "--duration", "1"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=few)
        output, errors = process.communicate(timeout=60)
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = json.loads(output)
    assert process.returncode == 0 and result["received"] == 5000, (output, errors)
    # The largest child of all, the stage included where it has ended.
    assert usage.ru_maxrss < 64 * 1024 or SANITIZED, usage


def test_hostile():
    """A stage can send what it likes: it is counted or ends the connection, in bounded memory"""
    def serve(client, number):
        if number == 0:
            # One message of many megabytes, in fragments.
            client.sendall(frame(1, b"x")[:1].replace(b"\x81", b"\x01") + b"\x01x")
            for _ in range(2000):
                client.sendall(b"\x00\x7e\xff\xff" + b"x" * 65535)
        elif number == 1:
            client.sendall(b"\xf1\x85garbage")
        elif number == 2:
            client.sendall(frame(9, b"beat") * 100000)
        else:
            client.sendall(frame(1, b"load 00000000 0 1 1.") * 10 + frame(1, b"[" * 2000))
        time.sleep(10)

    server = Upgrading(serve)
    process = subprocess.Popen([CLI, "load", server.url, "--connections", "4", "--rate", "5", "--duration", "1", "--drain", "1"], stdout=subprocess.PIPE, text=True)
    memory = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            memory = max([memory] + [int(size) for size in re.findall(r"VmHWM:\s+(\d+)", status)])
        except OSError:
            pass
        time.sleep(0.05)
    result = json.loads(process.stdout.read())
    process.stdout.close()
    server.close()
    assert process.returncode == 0 and result["closeCodes"].get("1002") == 1 and result["received"] == 0, result
    assert result["otherFrames"] >= 11, result
    assert memory < 48 * 1024 or SANITIZED, memory


def test_plain_peer():
    """It works with a server of another library too"""
    server = Server()
    result = load(server.url, "--connections", "5", "--rate", "10", "--duration", "1", "--size", "20000", "--name", "Ada", "--max-lost", "0")
    assert all(len(text) > 19900 and json.loads(text)["sender"] == "Ada" for text in server.received) and len(server.received) == 10, len(server.received)
    server.close()
    assert result["received"] == 50, result


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/client/load")
