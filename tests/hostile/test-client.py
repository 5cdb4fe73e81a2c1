#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage can do to a client. The client stays small, and keeps obeying its user."""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from peers import until
from stages import Hostile, accept, await_close, ends_half, frame, hold, trickle
from table import SLOWER, row
import tap

CLI = os.environ["DYNAMOWAVE_CLI"]
QUICK = "base=50,cap=500,floor=50,ping=1000,pong=1000,stable=2000,handshake=2000,confirm=300"


class Tail:
    """A running “tail” whose output is read line by line."""

    def __init__(self, url):
        self.process = subprocess.Popen([CLI, "tail", url, "--policy", QUICK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.states = []
        self.count = 0
        self.longest = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.count += 1
            self.longest = max(self.longest, len(line))
            if b'"kind":"state"' in line:
                self.states.append(json.loads(line)["state"])


@contextlib.contextmanager
def victim(attack, mib=16, seconds=10, term=2, **more):
    """A client of such a stage, and the row's bounds. At the end it has to exit when told to."""
    server = Hostile(attack, **more)
    tail = Tail(server.url)
    try:
        with row(tail.process.pid, mib, seconds) as measured:
            yield server, tail, measured
            tail.process.send_signal(signal.SIGTERM)
            start = time.monotonic()
            status = tail.process.wait(10)
            measured.bound("it went after", time.monotonic() - start, term * SLOWER, "s")
            assert status == 0, status
    finally:
        server.close()
        if tail.process.poll() is None:
            tail.process.kill()
            tail.process.wait(10)


def online(tail):
    until("it to be online", lambda: "online" in tail.states)


def test_gateway_errors():
    """Errors of the gateway and connection ids of 100 kB"""
    long = b"x" * 100000

    def attack(server, client):
        client.sendall(frame(1, b'{"message": "Forbidden", "connectionId":"' + long + b'", "requestId":"r"}'))
        client.sendall(frame(1, b'{"message": "' + long + b'", "connectionId":"c", "requestId":"r"}'))
        client.sendall(frame(1, b'{"message":"Connected","connectionId":"' + long + b'","connectedAt":"x","stage":"y"}'))
        client.sendall(frame(1, b'{"message":"the end"}'))
        hold(server, client)

    with victim(attack) as (_, tail, measured):
        online(tail)
        until("all of it", lambda: tail.count >= 4)
        measured.note(f"the longest line has {tail.longest} bytes")


def test_deep_json():
    """JSON nested 100,000 levels deep"""
    def attack(server, client):
        for text in (b"[" * 100000, b'{"message":' + b"[" * 100000, b'{"message":"x","a":' * 5000):
            client.sendall(frame(1, text))
        hold(server, client)

    with victim(attack) as (_, tail, _measured):
        until("all of it", lambda: tail.count >= 6)


def test_endless_head():
    """An answer with endless header lines"""
    def attack(server, client, request):
        client.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
        server.pour(client, b"X-More: yes\r\n" * 100)

    with victim(attack, before_answer=True) as (server, tail, measured):
        until("it to have enough", lambda: "waiting" in tail.states)
        measured.note(f"{server.sent >> 10} KiB were sent")


def test_endless_head_slowly():
    """An answer that comes a byte at a time"""
    def attack(server, client, request):
        for byte in b"HTTP/1.1 101 Switching Protocols\r\nX: " + b"x" * 1000:
            client.sendall(bytes([byte]))
            if server.over.wait(0.1):
                return

    with victim(attack, before_answer=True) as (_, tail, _measured):
        until("it to have enough", lambda: "waiting" in tail.states)


def test_redirects():
    """A redirect to another host is not followed, whatever its status"""
    elsewhere = Hostile(hold)
    statuses = [301, 302, 303, 307, 308]

    def attack(server, client, request):
        status = statuses[server.attempts % len(statuses)]
        client.sendall(f"HTTP/1.1 {status} Over there\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode())

    server = Hostile(attack, before_answer=True)
    tail = Tail(server.url)
    try:
        until("it to have given up or tried often", lambda: server.attempts > 6 or tail.process.poll() is not None)
        assert elsewhere.attempts == 0, "it was followed"
    finally:
        tail.process.kill()
        tail.process.wait(10)
        server.close()
        elsewhere.close()


def test_close_storm():
    """A stage that lets everybody in and closes at once, with every code there is"""
    def attack(server, client):
        codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000, 0, 999, 1005, 65535]
        client.sendall(frame(8, struct.pack(">H", codes[server.attempts % len(codes)]) + b"\xff"[:server.attempts % 2]))

    with victim(attack, seconds=20) as (server, tail, measured):
        start = time.monotonic()
        until("three seconds", lambda: time.monotonic() - start > 3)
        measured.bound("attempts in three seconds", server.attempts, 100, "")
        assert tail.process.poll() is None and server.attempts > 3


def test_half_closed():
    """A stage that shuts down its sending side and stays"""
    with victim(ends_half) as (_, tail, _measured):
        until("it to be noticed", lambda: "waiting" in tail.states)


def test_frame_by_the_byte():
    """A frame a byte at a time does not make a stage look alive: no pong comes, and the client reconnects"""
    with victim(trickle, seconds=15) as (server, _tail, _measured):
        until("another attempt", lambda: server.attempts > 1)


VIOLATIONS = [
    frame(1, b"x")[:1] + b"\x81" + bytes(4) + b"x", b"\xc1\x01x", b"\xa1\x01x", b"\x91\x01x", frame(3, b"x"), frame(11, b"x"), frame(9, b"x" * 126),
    frame(9, b"x", fin=False), frame(0, b"x"), frame(1, b"x", fin=False) + frame(1, b"x"), frame(1, b"\xff\xfe"), frame(2, b"x"),
    frame(1, b"x" * 131073), b"\x81\x7f\x80" + bytes(7), frame(8, b"\x03"), frame(8, struct.pack(">H", 1000) + b"\xff"),
]


def test_frames_against_the_rules():
    """Frames that no stage may send end the connection, and the client reconnects"""
    tolerated = []

    def attack(server, client):
        number = server.attempts - 1
        if number >= len(VIOLATIONS):
            hold(server, client)
        else:
            client.settimeout(3)
            client.sendall(VIOLATIONS[number])
            if not await_close(client):
                tolerated.append(VIOLATIONS[number][:12])

    with victim(attack, seconds=25) as (server, tail, measured):
        until(f"{len(VIOLATIONS)} attempts", lambda: server.attempts > len(VIOLATIONS), 25 * SLOWER)
        measured.note(f"{server.attempts} connections")
        assert tail.process.poll() is None and not tolerated, tolerated


def test_a_second_answer():
    """Two answers, an answer with an extension nobody offered, and one with a body"""
    def attack(server, client, request):
        good = accept(request)
        client.sendall([good + good, good.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
                        good.replace(b"\r\n\r\n", b"\r\nContent-Length: 1000000\r\n\r\n")][server.attempts % 3])
        hold(server, client)

    with victim(attack, before_answer=True) as (server, tail, _measured):
        until("some attempts", lambda: server.attempts > 2)
        assert tail.process.poll() is None


def test_flood():
    """Messages as fast as possible for three seconds, and twelve of the largest"""
    def attack(server, client):
        client.sendall(frame(1, b'{"message":"' + b"x" * 130000 + b'"}') * 12)
        server.pour(client, frame(1, b'{"message":"hello","sender":"Eve"}') * 200, most=24 << 20)
        hold(server, client)

    with victim(attack, mib=160, seconds=20) as (server, tail, measured):
        start = time.monotonic()
        until("three seconds", lambda: time.monotonic() - start > 3)
        measured.note(f"{server.sent >> 20} MiB were sent, {tail.count} lines came out")
        assert tail.count > 1000


def test_pings_unread():
    """Pings as fast as possible, from a stage that does not read the pongs"""
    def attack(server, client):
        server.pour(client, frame(9, b"x" * 125) * 500)
        hold(server, client)

    with victim(attack, seconds=15) as (server, tail, measured):
        start = time.monotonic()
        until("three seconds", lambda: time.monotonic() - start > 3)
        measured.note(f"{server.sent >> 20} MiB were sent")


def test_fragments_without_end():
    """An endless fragmented message"""
    def attack(server, client):
        client.sendall(frame(1, b"x", fin=False))
        server.pour(client, frame(0, b"x" * 60000, fin=False) * 10)
        hold(server, client)

    with victim(attack, seconds=15) as (server, tail, measured):
        until("it to have enough", lambda: "waiting" in tail.states)
        measured.note(f"{server.sent >> 20} MiB were sent")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/hostile/hostile-client")
