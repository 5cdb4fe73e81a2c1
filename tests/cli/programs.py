# SPDX-License-Identifier: GPL-3.0-or-later
"""The client without a window and the stage as programs, and a peer that looks at each frame."""

import base64
import hashlib
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time

CLI = os.environ["DYNAMOWAVE_CLI"]
DEADLINE = 60


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


def upgrade(client, subprotocol=None):
    """Answers the handshake of a client, and returns its head."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(65536)
    key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    chosen = b"Sec-WebSocket-Protocol: " + subprotocol.encode() + b"\r\n" if subprotocol else b""
    client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n" + chosen + b"\r\n")
    return head


def send(url, *arguments, **options):
    return subprocess.run([CLI, "send", url, *arguments], capture_output=True, text=True, timeout=60, check=False,
                          **options)


def run(*arguments, **options):
    done = subprocess.run([CLI, *arguments], capture_output=True, timeout=30, check=False, **{"text": True, **options})
    assert "WARNING" not in str(done.stderr) and "CRITICAL" not in str(done.stderr), done
    return done


class Peer:
    """A WebSocket server that keeps each frame of one client: (opcode, payload); and sends what a test wants."""

    def __init__(self, first=b"", subprotocol=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(DEADLINE)
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/prod"
        self.first = first
        self.subprotocol = subprotocol
        self.frames = []
        self.head = b""
        self.client = None
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        if self.client is not None:
            self.client.close()

    def take(self, count):
        got = b""
        while len(got) < count:
            more = self.client.recv(count - len(got))
            if not more:
                raise ConnectionError
            got += more
        return got

    def serve(self):
        try:
            client, _ = self.listener.accept()
            client.settimeout(DEADLINE)
            self.head = upgrade(client, self.subprotocol)
            self.client = client
            client.sendall(self.first)
            while True:
                one, two = self.take(2)
                length = two & 0x7f
                if length == 126:
                    length = int.from_bytes(self.take(2), "big")
                elif length == 127:
                    length = int.from_bytes(self.take(8), "big")
                mask = self.take(4)
                payload = self.take(length)
                payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if length < 65536 else payload
                with self.changed:
                    self.frames.append((one & 0x0f, payload))
                    self.changed.notify_all()
                if one & 0x0f == 8:
                    client.sendall(frame(8, payload[:2]))
                    client.shutdown(socket.SHUT_WR)
        except (OSError, ConnectionError):
            pass
        with self.changed:
            self.frames.append(None)
            self.changed.notify_all()

    def until(self, opcode, payload=None):
        """The payload of the first such frame."""
        def found():
            return next((each for each in self.frames if each and each[0] == opcode and payload in (None, each[1])), None)

        with self.changed:
            self.changed.wait_for(lambda: found() or None in self.frames, DEADLINE)
            assert found(), (opcode, payload, [(each[0], each[1][:80]) if each else None for each in self.frames])
            return found()[1]

    def send(self, opcode, payload):
        end = time.monotonic() + DEADLINE
        while self.client is None:
            assert time.monotonic() < end, "nobody connected"
            time.sleep(0.01)
        self.client.sendall(frame(opcode, payload))


def frame(opcode, payload):
    """One unmasked frame, as a server sends it."""
    length = bytes([len(payload)]) if len(payload) < 126 else bytes([126]) + len(payload).to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + payload
