# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage that a test starts, asks, signals and stops."""

import base64
import contextlib
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = os.environ["DYNAMOWAVE_STAGE"]
DEADLINE = 60
TOKEN = "M4NAGEMENT-canary"


def until(what, check):
    end = time.monotonic() + DEADLINE
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end, f"waited {DEADLINE} s for {what}"
        time.sleep(0.02)


def write(path, text, mode=0o600):
    """A file that is there as a whole or not at all."""
    path = Path(path)
    new = path.with_name(path.name + ".new")
    new.write_bytes(text if isinstance(text, bytes) else text.encode())
    new.chmod(mode)
    new.rename(path)
    return str(path)


def trusting():
    """TLS that takes any certificate: which one it is, the test looks at itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def upgrade(client, *lines, path="/prod"):
    """That client once its handshake has been answered, and the status."""
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall("\r\n".join([f"GET {path} HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
                                "Sec-WebSocket-Version: 13", *lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        got = client.recv(1)
        assert got, head
        head += got
    return client, int(head.split()[1])


class Stage:
    def __init__(self, *options, **more):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([PROGRAM, "--management-token", TOKEN, "--metrics", *map(str, options)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, **more)
        self.url = self.process.stdout.readline().strip()
        assert "://" in self.url, self.output()
        self.port = int(re.search(r":(\d+)/", self.url).group(1))

    def output(self):
        # The program shares this file’s offset: seek() would make it overwrite its own log.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        return trusting().wrap_socket(client) if self.url.startswith("wss:") else client

    def upgrade(self, *lines, path="/prod"):
        return upgrade(self.connect(), *lines, path=path)

    def status(self, *lines, **more):
        client, status = self.upgrade(*lines, **more)
        client.close()
        return status

    def answer(self, path="/@metrics", token=TOKEN, **headers):
        """The whole answer to a request of the management side."""
        if self.url.startswith("wss:"):
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE, context=trusting())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}", **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def metrics(self):
        return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", self.answer()[2], re.M)}

    def reload(self, words="Reloaded"):
        """Has the files read again, and waits for what came of it."""
        before = self.output().count(words)
        self.process.send_signal(signal.SIGHUP)
        until(words, lambda: self.output().count(words) > before)


@contextlib.contextmanager
def stage(*options, warns=False, **more):
    running = Stage(*options, **more)
    try:
        yield running
        assert running.process.poll() is None, running.output()[-2000:]
        running.process.terminate()
        assert running.process.wait(DEADLINE) == 0
        assert not re.search("CRITICAL|Sanitizer" if warns else "CRITICAL|WARNING|Sanitizer", running.output()), running.output()[-2000:]
    finally:
        running.process.kill()
        running.process.wait(DEADLINE)
        running.process.stdout.close()
        running.log.close()
