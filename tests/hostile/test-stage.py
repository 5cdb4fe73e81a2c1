#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client can do to a stage. Meanwhile two others talk: they lose nothing and do not have to wait."""

import contextlib
import json
import random
import select
import socket
import statistics
import struct
import sys
import threading
import time

from peers import DEADLINE, Client, Conversation, dial, frame, head, reset, say, stage, until
from table import SLOWER, row
import tap


@contextlib.contextmanager
def attack(*options, mib=8, seconds=10, blocked=2, **more):
    """A stage, two clients who talk meanwhile, and the row's bounds."""
    with stage(*options, **more) as local:
        talk = Conversation(local)
        until("something said", lambda: talk.said > 3)
        with row(local.process.pid, mib, seconds, blocked, talk.worst) as measured:
            yield local, measured
        talk.end()
        until("everybody to be gone", lambda: local.metrics()["connections"] == 0)


def answer_to(local, data, seconds=5):
    """What the stage answers to these bytes until it ends the connection or lets us in, and whether it ended the connection."""
    with contextlib.closing(dial(local, seconds)) as client:
        answer = b""
        try:
            client.sendall(data)
            while got := client.recv(65536):
                answer += got
                if answer.startswith(b"HTTP/1.1 101"):
                    return answer, False
        except TimeoutError:
            return answer, False
        except OSError:
            pass
        return answer, True


def test_endless_head():
    """An endless head, of many lines or of one long line"""
    with attack(seconds=20) as (local, measured):
        for piece in (b"X-More: yes\r\n" * 500, b"x" * 6000):
            client = dial(local, 5)
            client.sendall(head()[:-2] + b"X-Long: ")
            sent = 0
            with contextlib.suppress(OSError):
                while sent < 32 << 20:
                    client.sendall(piece)
                    sent += len(piece)
            client.close()
            measured.note(f"ended after {sent >> 10} KiB")
            assert sent < 32 << 20, "it was read to no end"


def test_fragments_without_end():
    """An endless fragmented message, and one of empty fragments"""
    with attack(seconds=20) as (local, measured):
        client = Client(local)
        client.send(frame(1, b"x", fin=False))
        with contextlib.suppress(OSError):
            for _ in range(2000):
                client.send(frame(0, b"x" * 1000, fin=False))
        code = client.end()
        client.close()
        assert code in (1009, "line"), code
        client = Client(local)
        client.send(frame(1, b"x", fin=False))
        with contextlib.suppress(OSError):
            for _ in range(300):
                client.send(frame(0, b"", fin=False) * 1000)
        client.close()
        measured.note(f"closed with {code}; 300,000 empty ones sent")


def test_pings_unread():
    """Pings, and nobody reads the pongs"""
    with attack() as (local, measured):
        client = Client(local, 3)
        pings = frame(9, b"x" * 125) * 500
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 64 << 20:
                client.send(pings)
                sent += len(pings)
        client.close()
        measured.note(f"ended after {sent >> 10} KiB")
        assert sent < 64 << 20, "it was read to no end"


def test_reader_that_stops():
    """A client asks for a lot and reads nothing"""
    with attack(seconds=20) as (local, measured):
        deaf, loud = Client(local), Client(local)
        for _ in range(250):
            loud.send(say("x" * 30000))
            while b"xxx" not in loud.read()[1]:
                pass
            # The two who talk are in this process too, and need time to read.
            time.sleep(0.01)
        assert "does not read" in local.output()
        deaf.close()
        loud.close()


VIOLATIONS = {
    "reserved bit 1": frame(1, b"x", reserved=0x40),
    "reserved bit 2": frame(1, b"x", reserved=0x20),
    "reserved bit 3": frame(1, b"x", reserved=0x10),
    "unmasked": frame(1, b"x", masked=False),
    "unmasked close": frame(8, struct.pack(">H", 1000), masked=False),
    "ping of 126 bytes": frame(9, b"x" * 126),
    "pong of 65,536 bytes": frame(10, b"x" * 65536),
    "close of 126 bytes": frame(8, b"\x03\xe8" + b"x" * 124),
    "ping in fragments": frame(9, b"x", fin=False),
    "continuation without a start": frame(0, b"x"),
    "message within a message": frame(1, b"x", fin=False) + frame(1, b"x"),
    "invalid UTF-8": frame(1, b"\xff\xfe"),
    "invalid UTF-8 across fragments": frame(1, b"\xe2\x82", fin=False) + frame(0, b"\x28"),
    "surrogate": frame(1, b"\xed\xa0\x80"),
    "binary": frame(2, b"x"),
    "32,769 bytes in a frame": frame(1, b"x" * 32769),
    "a length of 2^63": b"\x81\xff\x80" + bytes(7) + bytes(4),
    "a length of 2^62": b"\x81\xff\x40" + bytes(7) + bytes(4),
    "opcode 3": frame(3, b"x"),
    "opcode 7": frame(7, b"x"),
    "opcode 11": frame(11, b"x"),
    "opcode 15": frame(15, b"x"),
    "close of one byte": frame(8, b"\x03"),
    "close 0": frame(8, struct.pack(">H", 0)),
    "close 999": frame(8, struct.pack(">H", 999)),
    "close 1004": frame(8, struct.pack(">H", 1004)),
    "close 1005": frame(8, struct.pack(">H", 1005)),
    "close 1006": frame(8, struct.pack(">H", 1006)),
    "close 1015": frame(8, struct.pack(">H", 1015)),
    "close 65535": frame(8, struct.pack(">H", 65535)),
    "close with words that are not UTF-8": frame(8, struct.pack(">H", 1000) + b"\xff\xff"),
    "a message after the close": frame(8, struct.pack(">H", 1000)) + say("too late") * 50,
    "a hundred closes": frame(8, struct.pack(">H", 1000)) * 100,
}


def test_frames_against_the_rules():
    """Frames that no client may send end their own connection"""
    with attack(seconds=30) as (local, measured):
        codes = {}
        for name, data in VIOLATIONS.items():
            client = Client(local, 3)
            with contextlib.suppress(ConnectionError):
                client.send(data)
            codes.setdefault(client.end(), []).append(name)
            client.close()
        for code, names in codes.items():
            measured.note(f"{code}: {', '.join(names)}")
        assert "never" not in codes, codes["never"]


REQUESTS = {
    "HTTP/1.0": (head(version="HTTP/1.0"), None),
    "HTTP/9.9": (head(version="HTTP/9.9"), None),
    "no version": (b"GET /prod\r\n\r\n", None),
    "absolute form": (head("http://localhost/prod"), None),
    "absolute form of somebody else": (head("http://example.org/prod"), None),
    "a path with %2F..": (head("/prod%2F..%2Fprod"), None),
    "a path with /..": (head("/prod/../prod"), None),
    "a path with %2e%2e": (head("/x/%2e%2e/prod"), None),
    "a path with %00": (head("/prod%00"), None),
    "a path with %zz": (head("/prod%zz"), 400),
    "two slashes": (head("//prod"), None),
    "a long path": (head("/prod?" + "x" * 5000), 414),
    "no key": (head().replace(b"Sec-WebSocket-Key", b"X-Key"), 400),
    "version 8": (head().replace(b"Version: 13", b"Version: 8"), 400),
    "two lengths": (b"POST /prod/@connections/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 40\r\n\r\nabcd", None),
    "a length below nought": (b"POST /prod/@connections/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", None),
    "a length of 2^70": (b"POST /prod/@connections/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1180591620717411303424\r\n\r\nx", None),
    "a length and chunks": (b"POST /prod/@connections/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /@metrics HTTP/1.1\r\nHost: x\r\n\r\n", None),
    "a chunk of 2^64": (b"POST /prod/@connections/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\nx", None),
    "a chunk that is no number": (b"POST /prod/@connections/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx", None),
    "a second request behind": (b"GET /prod HTTP/1.1\r\nHost: x\r\n\r\nGET /@metrics HTTP/1.1\r\nHost: x\r\n\r\n", 426),
    "a folded line": (head(more="X-A: b\r\n c\r\n"), None),
    "a line without a colon": (head(more="nonsense\r\n"), None),
    "a NUL in a line": (head(more="X-A: b\0c\r\n"), None),
    "no host": (head().replace(b"Host: localhost\r\n", b""), None),
    "two hosts": (head(more="Host: other\r\n"), None),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", None),
    "CONNECT": (b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n", None),
    "TRACE": (b"TRACE /prod HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n", None),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None),
    "TLS without TLS": (bytes.fromhex("16030100c8010000c40303") + bytes(190), None),
    "bytes without sense": (random.Random(1).randbytes(5000), None),
    "nothing but line ends": (b"\r\n" * 5000, None),
}


def test_requests_against_the_rules():
    """Requests that no client may send are refused or cut off, and let nothing else through"""
    with attack("--request-timeout", "1", seconds=60) as (local, measured):
        said = {}
        for name, (data, wanted) in REQUESTS.items():
            answer, ended = answer_to(local, data + (b"" if b"HTTP/1." in data else b"\r\n\r\n"), 3)
            status = int(answer[9:12]) if answer.startswith(b"HTTP/1.") else 0
            said.setdefault(status, []).append(name)
            assert wanted in (None, status), (name, answer)
            assert ended or status == 101, f"{name} was kept"
            assert b"dynamowave_connections" not in answer and b"Bearer secret" not in answer, (name, answer)
        for status, names in said.items():
            measured.note(f"{status or 'ended'}: {', '.join(names)}")


def test_noise():
    """A thousand connections of noise, before and after the handshake"""
    with attack(seconds=30) as (local, measured):
        dice = random.Random(7)
        for number in range(1000):
            client = dial(local)
            with contextlib.suppress(OSError):
                whole = head()
                if number % 2:
                    whole = bytearray(whole)
                    for _ in range(dice.randrange(1, 8)):
                        whole[dice.randrange(len(whole))] = dice.randrange(256)
                client.sendall(bytes(whole) + dice.randbytes(dice.randrange(1, 300)))
            if number % 3:
                client.close()
            else:
                reset(client)
        until("them to be gone", lambda: local.metrics()["connections"] == 2)


def test_deep_json():
    """JSON nested 100,000 levels deep, in a message and in its parts"""
    with attack() as (local, measured):
        client = Client(local)
        for text in ("[" * 100000, '{"action":"sendMessage","message":' + "[" * 100000, '{"a":' * 20000):
            data = text.encode()
            pieces = [data[at:at + 30000] for at in range(0, len(data), 30000)]
            for number, piece in enumerate(pieces):
                client.send(frame(0 if number else 1, piece, fin=number == len(pieces) - 1))
            assert client.read()[0] == 1
        client.close()


def test_no_compression():
    """Whatever extension is offered none is accepted, so there are no compression bombs"""
    with attack() as (local, measured):
        client = Client(local, more="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-nonsense\r\n")
        assert b"extensions" not in client.answer.lower(), client.answer
        client.close()


def test_headers_of_a_client():
    """Whatever a client says about itself, what comes back is bounded"""
    with attack() as (local, measured):
        client = Client(local, more=f"User-Agent: {'x' * 20000}\r\nOrigin-Trial: {'y' * 20000}\r\n")
        client.send(frame(1, b"who am I?"))
        # Messages of the conversation may come first.
        while "connectionId" not in (status := json.loads(client.read()[1])):
            pass
        answer = local.request("GET", f"/prod/@connections/{status['connectionId']}")[1]
        measured.note(f"{len(answer)} bytes of it are answered")
        client.close()


def crowd(local, n):
    """Opens many TCP connections, each from an address of its own."""
    return [dial(local, address=f"127.0.1.{1 + number % 250}") for number in range(n)]


def honest(local, measured, seconds=2):
    start = time.monotonic()
    client = Client(local)
    client.send(frame(1, b"hello?"))
    assert client.read()[0] == 1
    measured.bound("an honest client was in after", time.monotonic() - start, seconds * SLOWER, "s")
    client.close()


def test_silence_in_tls():
    """40, then 200 TCP connections that say nothing to a wss:// stage"""
    with attack(tls=True, mib=16) as (local, measured):
        for n in (40, 200):
            silent = crowd(local, n)
            honest(local, measured)
            for client in silent:
                client.close()


def test_half_a_hello():
    """100 connections that begin a TLS handshake and stop in the middle of it"""
    with attack(tls=True, mib=16) as (local, measured):
        halves = crowd(local, 100)
        for client in halves:
            client.sendall(bytes.fromhex("16030100c8010000c40303"))
        honest(local, measured)
        for client in halves:
            client.close()


def test_heads_that_trickle():
    """195 clients that send their head a byte at a time"""
    with attack("--request-timeout", "3", files=256, mib=16, seconds=20) as (local, measured):
        slow = crowd(local, 195)
        start = time.monotonic()
        for at in range(6):
            until("the next byte", lambda: time.monotonic() - start > at / 2)
            for client in slow:
                with contextlib.suppress(OSError):
                    client.sendall(head()[at:at + 1])
            if at == 3:
                honest(local, measured)
        for client in slow:
            client.close()


def test_unfinished_posts():
    """400 posts to @connections without a token, which send 140 kB and never finish"""
    with attack(mib=16, seconds=20) as (local, measured):
        whole = (b"POST /prod/@connections/L0SM9cOFvHcCIhw= HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n" + b"x" * 140000)
        posts = []
        for number in range(400):
            with contextlib.suppress(OSError):
                client = dial(local, 2, f"127.0.1.{1 + number % 250}")
                posts.append(client)
                client.sendall(whole)
        honest(local, measured)
        for client in posts:
            client.close()


def test_more_than_fit():
    """110 clients at once for 56 places: two talk, 54 get in, and the rest are told that it is full"""
    with attack(files=120) as (local, measured):
        crowds = [dial(local) for _ in range(110)]
        for client in crowds:
            with contextlib.suppress(OSError):
                client.sendall(head())
        answers = []
        for client in crowds:
            with contextlib.suppress(OSError):
                answers.append(client.recv(4096)[9:12])
        measured.note(f"{answers.count(b'101')} got in, {answers.count(b'429')} were told")
        assert answers.count(b"101") == 54, answers
        for client in crowds:
            client.close()


def test_burst_of_messages():
    """Eight clients send 10,000 messages of 30 kB at once and read nothing"""
    with attack(mib=64, seconds=60, blocked=3) as (local, measured):
        clients = [Client(local, 5) for _ in range(8)]
        whole = frame(1, json.dumps({"action": "elsewhere", "message": "x" * 30000}).encode())
        sent = 0
        for _ in range(1250):
            for client in list(clients):
                try:
                    client.send(whole)
                    sent += 1
                except OSError:
                    clients.remove(client)
        measured.note(f"{sent} were sent")
        for client in clients:
            reset(client.socket)


def flood(local, over):
    """Sends messages as fast as the stage reads them, and discards what comes back."""
    client = Client(local)
    client.socket.setblocking(False)
    pieces = say("flood") * 100
    rest = pieces
    while not over.is_set():
        ready, free, _ = select.select([client.socket], [client.socket], [], 0.1)
        if ready and not client.socket.recv(1 << 20):
            break
        if free:
            rest = rest[client.socket.send(rest):] or pieces
    reset(client.socket)


def test_flood_beside():
    """One client floods the stage with messages for 200 listeners: another's message waits its turn, not for the whole flood"""
    with stage("--connection-rate", "0") as local:
        listeners = [Client(local) for _ in range(200)]
        honest = Client(local)
        over = threading.Event()
        flooder = threading.Thread(target=flood, args=(local, over), daemon=True)
        late = []
        # The listeners read nothing, and 1 MiB may be queued for each.
        with row(local.process.pid, 220, 30) as measured:
            flooder.start()
            until("the flood to be there", lambda: local.metrics()["messages_total"] > 500)
            for number in range(30):
                since, heard = time.monotonic(), b""
                honest.send(say(f"honest {number}"))
                while f'"honest {number}"'.encode() not in heard:
                    heard = heard[-100:] + honest.socket.recv(1 << 20)
                late.append(time.monotonic() - since)
            over.set()
            flooder.join()
            measured.note(f"{local.metrics()['messages_total']} messages; the honest one waited {statistics.median(late) * 1000:.1f} ms "
                          f"at the median")
            measured.bound("the honest one waited", statistics.median(late), 0.25 * SLOWER, "s")
        for client in [*listeners, honest]:
            client.close()


def test_long_ids():
    """3,000 messages with ids of 30 kB"""
    with attack(mib=16, seconds=60, blocked=2) as (local, measured):
        client = Client(local)
        for number in range(3000):
            client.send(say("x", id=f"{number:030000}"))
            while b'"message":"x"' not in (answer := client.read()[1]) and b"error" not in answer and b"requestId" not in answer:
                pass
        client.close()


def test_long_headers_that_stay():
    """300 connections with a User-Agent of 60 kB each: an open connection keeps little of it"""
    with attack(mib=8) as (local, measured):
        clients = [Client(local, more=f"User-Agent: {'x' * 60000}\r\n") for _ in range(300)]
        for client in clients:
            client.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/hostile/hostile-stage")
