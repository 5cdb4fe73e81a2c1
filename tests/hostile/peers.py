# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage to attack, clients that send whatever they like, and an honest conversation that shows the damage."""

import base64
import contextlib
import http.client
import json
import os
import re
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PROGRAM = os.environ["DYNAMOWAVE_STAGE"]
DATA = Path(__file__).resolve().parent.parent / "data"
# A sanitizer makes it slower, and keeps freed memory for a while.
SANITIZED = "_sanitize" in PROGRAM
DEADLINE = 60
TOKEN = "management-canary"


def until(what, check, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while not (value := check()):
        assert time.monotonic() < end, f"waited {deadline} s for {what}"
        time.sleep(0.02)
    return value


def memory(pid):
    """The resident memory of a process, in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def processor(pid):
    """The CPU time of a process, in seconds."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def unverified():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Stage:
    """A dynamowave-stage of our own. `files` limits its descriptors."""

    def __init__(self, *options, files=None, tls=False):
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None
        self.folder = tempfile.TemporaryDirectory()
        token = Path(self.folder.name) / "token"
        token.write_text(TOKEN + "\n", encoding="ascii")
        token.chmod(0o600)
        if tls:
            # Git does not keep modes, and the stage refuses a key that others can read.
            key = Path(self.folder.name) / "key"
            key.write_bytes((DATA / "self-signed.key").read_bytes())
            key.chmod(0o600)
            options += ("--tls-certificate", str(DATA / "self-signed.pem"), "--tls-key", str(key))
        self.tls = tls
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([PROGRAM, "--management-token-file", str(token), "--metrics", *options],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, preexec_fn=limit)
        self.url = self.process.stdout.readline().strip()
        assert "://" in self.url, self.output()
        self.port = int(re.search(r":(\d+)/", self.url).group(1))

    def output(self):
        # The program shares this file's offset: seek() would make it overwrite its own log.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode(errors="replace")

    def request(self, method, path, body=None):
        if self.tls:
            client = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE, context=unverified())
        else:
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        with contextlib.closing(client):
            client.request(method, path, body, {"Authorization": f"Bearer {TOKEN}"})
            answer = client.getresponse()
            return answer.status, answer.read().decode()

    def metrics(self):
        return {name: float(value) for name, value in
                re.findall(r"^dynamowave_(\w+) (\S+)$", self.request("GET", "/@metrics")[1], re.M)}

    def memory(self):
        return memory(self.process.pid)

    def processor(self):
        return processor(self.process.pid)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self):
        """SIGTERM ends it cleanly, and its log has nothing that it should not."""
        # That a request with two Host headers is refused is a warning of libsoup 3.8.
        complaint = re.compile(r"^(?!.*libsoup-WARNING.*Rejecting duplicate Host header)"
                               r".*(?:CRITICAL|WARNING|Sanitizer|runtime error)(?:.*\n){1,30}", re.M)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(DEADLINE)
        said = complaint.search(self.output())
        assert not said, said.group(0)
        assert status == 0, f"the stage ended with {status}: {self.output()[-1000:]}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()


@contextlib.contextmanager
def stage(*options, **more):
    running = Stage("--connection-rate", "0", *options, **more)
    try:
        yield running
        running.end()
    except BaseException:
        if running.process.poll() is not None:
            print(f"# the stage ended with {running.process.returncode}")
        for line in re.findall(r"^.*(?:CRITICAL|WARNING|Sanitizer|runtime error).*$", running.output(), re.M)[:3]:
            print(f"# {line[:200]}")
        raise
    finally:
        running.kill()


def dial(local, seconds=DEADLINE, address="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", local.port), timeout=seconds, source_address=(address, 0))


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def head(path="/prod", version="HTTP/1.1", more=""):
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET {path} {version}\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n").encode()


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0):
    """A frame masked with zeros, which leave the bytes as they are."""
    mask = 0x80 if masked else 0
    first = bytes([(0x80 if fin else 0) | reserved | opcode])
    if len(payload) < 126:
        length = bytes([mask | len(payload)])
    elif len(payload) < 65536:
        length = bytes([mask | 126]) + struct.pack(">H", len(payload))
    else:
        length = bytes([mask | 127]) + struct.pack(">Q", len(payload))
    return first + length + (bytes(4) if masked else b"") + payload


def say(text, **more):
    return frame(1, json.dumps({"action": "sendMessage", "message": text, **more}).encode())


class Client:
    """An open WebSocket, read frame by frame."""

    def __init__(self, local, seconds=DEADLINE, address="127.0.0.1", more=""):
        self.socket = dial(local, seconds, address)
        self.rest = b""
        if local.tls:
            self.socket = unverified().wrap_socket(self.socket)
        self.socket.sendall(head(more=more))
        while b"\r\n\r\n" not in self.rest:
            data = self.socket.recv(65536)
            assert data, f"not let in: {self.rest[:100]}"
            self.rest += data
        self.answer, _, self.rest = self.rest.partition(b"\r\n\r\n")
        if not self.answer.startswith(b"HTTP/1.1 101"):
            self.socket.close()
            raise AssertionError(f"not let in: {self.answer[:100]}")

    def _take(self, length):
        while len(self.rest) < length:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the stage ended the connection")
            self.rest += data
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken

    def read(self):
        """The next frame: its opcode and its payload."""
        first, second = self._take(2)
        length = second & 0x7f
        if length == 126:
            length = struct.unpack(">H", self._take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self._take(8))[0]
        return first & 0x0f, self._take(length)

    def has_frame(self):
        """Whether a whole frame has been received but not read."""
        length = self.rest[1] & 0x7f if len(self.rest) >= 2 else 0
        start = {126: 4, 127: 10}.get(length, 2)
        if len(self.rest) < start:
            return False
        return len(self.rest) >= start + (int.from_bytes(self.rest[2:start], "big") if start > 2 else length)

    def send(self, data):
        self.socket.sendall(data)

    def end(self, seconds=3):
        """How the stage ends it: the code of its close frame, “line” if it just hangs up, or “never”."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                opcode, payload = self.read()
                if opcode == 8:
                    return struct.unpack(">H", payload[:2])[0] if payload else 1005
        except TimeoutError:
            pass
        except ConnectionError:
            return "line"
        return "never"

    def close(self):
        self.socket.close()


class Conversation:
    """Ada and Eve talk while things happen, one message at a time: each reaches both of them once and in order, and
    Ada repeats what the stage refuses with “Too Many Requests”. The slowest message shows how long the stage was busy
    with something else."""

    def __init__(self, local, pause=0.02):
        self.clients = [Client(local), Client(local)]
        self.pause = pause
        self.said = 0
        self.heard = [[], []]
        self.refused = 0
        self.since = time.monotonic()  # when the last message was first said
        self.late = [0]  # how long each took to come back to Ada, in seconds
        self.problems = []
        self.over = threading.Event()
        # One thread for both, since threads must not share a TLS connection.
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            for client in self.clients:
                client.socket.setblocking(False)
            while not self.over.is_set():
                self._exchange()
                self.over.wait(self.pause)
        except (AssertionError, OSError) as error:
            self.problems.append(f"{[len(heard) for heard in self.heard]} of {self.said} were heard: {error!r}")

    def _exchange(self):
        self.since = time.monotonic()
        self.said += 1
        again = self.since
        while any(len(heard) < self.said for heard in self.heard):
            if again and time.monotonic() >= again:
                self.clients[0].send(say(f"talk {self.said - 1}"))
                again = None
            select.select([client.socket for client in self.clients], [], [], 0.02)
            if any([self._hear(number) for number in range(2)]):
                self.refused += 1
                again = time.monotonic() + 0.1
            assert time.monotonic() - self.since < DEADLINE, "waited too long"

    def _hear(self, number):
        """Handles what has come. Returns whether it is a refusal."""
        client = self.clients[number]
        refused = False
        try:
            for _ in range(8):
                data = client.socket.recv(65536)
                if not data:
                    raise ConnectionError(f"the stage ended the connection of {('Ada', 'Eve')[number]}")
                client.rest += data
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        while client.has_frame():
            _, payload = client.read()
            word = re.search(rb'"message":"talk (\d+)"', payload)
            refused = refused or b'"message": "Too Many Requests"' in payload
            if word:
                self.heard[number].append(int(word.group(1)))
                if number == 0:
                    self.late.append(time.monotonic() - self.since)
        return refused

    def worst(self):
        """The longest delay in seconds, including messages still on their way."""
        return max([time.monotonic() - self.since if len(self.heard[0]) < self.said else 0, *self.late])

    def end(self):
        self.over.set()
        self.thread.join(2 * DEADLINE)
        for client in self.clients:
            with contextlib.suppress(OSError):
                client.send(frame(8, struct.pack(">H", 1000)))
            client.close()
        wanted = list(range(self.said))
        assert not self.problems, self.problems
        assert self.heard == [wanted, wanted], f"{self.said} were said, {[len(heard) for heard in self.heard]} heard"
