# SPDX-License-Identifier: GPL-3.0-or-later
"""A hostile stage: it lets a client in and then does what the row says."""

import base64
import contextlib
import hashlib
import socket
import threading

from peers import frame as masked_frame

ONLINE = b'{"message":"Connected","connectionId":"L0SM9cOFvHcCIhw=","connectedAt":"2026-11-25T10:00:00Z","stage":"prod","features":["sender","id","sentAt"]}'


def frame(opcode, payload=b"", fin=True):
    return masked_frame(opcode, payload, fin, masked=False)


def accept(request):
    key = next(line.split(b":")[1].strip() for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + base64.b64encode(digest) + b"\r\n\r\n")


class Hostile:
    """Runs the row's function for each connection, in a thread of its own: with the socket after the handshake, or before
    it, with the request, if the row asks for that."""

    def __init__(self, attack, before_answer=False, greeting=frame(1, ONLINE)):
        self.attack = attack
        self.before_answer = before_answer
        self.greeting = greeting
        self.attempts = 0
        self.sent = 0
        self.over = threading.Event()
        self.open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/prod"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.attempts += 1
                self.open.append(client)
                client.settimeout(5)
                threading.Thread(target=self._meet, args=(client,), daemon=True).start()

    def _meet(self, client):
        with contextlib.suppress(OSError, StopIteration):
            request = b""
            while b"\r\n\r\n" not in request:
                data = client.recv(65536)
                if not data:
                    return
                request += data
            if self.before_answer:
                self.attack(self, client, request)
            else:
                client.sendall(accept(request) + self.greeting)
                self.attack(self, client)
            client.close()

    def pour(self, client, data, most=256 << 20):
        """Sends the same data again and again until the client hangs up."""
        while not self.over.is_set() and self.sent < most:
            client.sendall(data)
            self.sent += len(data)

    def close(self):
        self.over.set()
        self.listener.close()
        for client in self.open:
            client.close()


def hold(server, client):
    """Says nothing until the row is over."""
    while not server.over.wait(0.05):
        pass


def await_close(client):
    """Whether the client ends the connection, with a close frame or without."""
    try:
        while data := client.recv(65536):
            if b"\x88\x82" in data or b"\x88\x80" in data:
                return True
        return True
    except TimeoutError:
        return False
    except OSError:
        return True


def trickle(server, client):
    """Sends an endless frame a byte at a time."""
    for byte in frame(1, b"x" * 1000):
        client.sendall(bytes([byte]))
        if server.over.wait(0.3):
            return


def ends_half(server, client):
    client.shutdown(socket.SHUT_WR)
    hold(server, client)
