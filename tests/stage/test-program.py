#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dynamowave-stage as a program: foreign clients, files, signals, and everything a network can do to it."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import websockets

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "window"))
import tap  # noqa: E402

PROGRAM = os.environ["DYNAMOWAVE_STAGE"]
DEADLINE = 60
TOKEN = "S3CR3T+/=canary"
# What a stage of 0.1.0 wrote. It never changes.
OLD_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "stage-0.sqlite")
# A sanitizer makes it slower, and keeps freed memory for a while.
SANITIZED = "_sanitize" in PROGRAM
# In seconds: what only somebody who waits for a stalled peer or a locked file takes, and no busy machine.
LATE = 5
# How long a stage without descriptors is watched; one that spins takes as much CPU time.
SPIN_SECONDS = 2
# The pause between two bytes of a head that trickles in.
TRICKLE_SECONDS = 0.5


def until(what, check, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {deadline} s for {what}")


def write(path, text, mode=0o600):
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)
    return path


class Stage:
    def __init__(self, *options, files=None, clean=True):
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None
        self.log = tempfile.TemporaryFile()
        self.clean = clean
        self.process = subprocess.Popen([PROGRAM, "--management-token", TOKEN, "--metrics", *options],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, preexec_fn=limit)
        self.url = self.process.stdout.readline().strip()
        assert "://" in self.url, self.output()
        self.port = int(re.search(r":(\d+)/", self.url).group(1))

    def output(self):
        # The program shares this file's offset: seek() would make it overwrite its own log.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def metrics(self):
        return {name: float(value) for name, value in
                re.findall(r"^dynamowave_(\w+) (\S+)$", self.request("GET", "/@metrics")[1], re.M)}

    def request(self, method, path, body=None, token=TOKEN):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def descriptors(self):
        # From the metrics: only root can see the descriptors of a stage that holds secrets.
        return self.metrics()["descriptors"]

    def ticks(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            return sum(int(field) for field in stat.read().split()[13:15])

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(DEADLINE)
        self.process.stdout.close()
        return status


@contextlib.contextmanager
def stage(*options, **more):
    running = Stage(*options, **more)
    try:
        yield running
        assert running.process.poll() is None, running.output()[-2000:]
        assert running.end() == 0
        assert not re.search(r"CRITICAL|WARNING|Sanitizer", running.output()), running.output()[-2000:]
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait(DEADLINE)


def handshake(port, path="/prod"):
    client = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    return client


def opened(port):
    client = handshake(port)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    return client


def frame(opcode, payload):
    head = bytes([0x80 | opcode])
    head += bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0x80 | 126]) + struct.pack(">H", len(payload))
    return head + bytes(4) + payload


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def say(text):
    return json.dumps({"action": "sendMessage", "message": text})


def test_violent_deaths():
    """EM-2: after 2,000 connections that end in every possible way, descriptors, table and memory are as before"""
    def fin(port):
        opened(port).close()

    def rst(port):
        reset(opened(port))

    def close_frame(port):
        client = opened(port)
        client.sendall(frame(8, struct.pack(">H", 1000)))
        client.close()

    def half_request(port):
        client = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        client.sendall(b"GET /prod HTTP/1.1\r\nHost: x\r\nUpgr")
        client.close()

    def half_frame(port):
        client = opened(port)
        client.sendall(frame(1, b"x" * 100)[:20])
        reset(client)

    def before_answer(port):
        reset(handshake(port))

    def refused(port):
        client = handshake(port, "/other")
        client.recv(4096)
        client.close()

    ways = [fin, rst, close_frame, half_request, half_frame, before_answer, refused]
    with stage("--connection-rate", "0", files=256) as local:
        for i in range(200):
            ways[i % len(ways)](local.port)
        until("all to be gone", lambda: local.metrics()["connections"] == 0)
        descriptors, memory = local.descriptors(), local.memory()
        for i in range(2000):
            ways[i % len(ways)](local.port)
        until("all to be gone", lambda: local.metrics()["connections"] == 0)
        until("the descriptors", lambda: abs(local.descriptors() - descriptors) <= 5)
        metrics = local.metrics()
        # If a client vanishes between $connect and the upgrade both handlers run, but it is not counted as a connect.
        assert 0 <= metrics["disconnects_total"] - metrics["connects_total"] <= 2200 / len(ways) + 1, metrics
        assert local.memory() - memory < 4096 or SANITIZED, (memory, local.memory())


def test_no_descriptors_left():
    """EM-2: when idle TCP connections take all descriptors the stage waits without spinning, and then serves again"""
    with stage("--connection-rate", "0", files=64) as local:
        taken = [socket.socket() for _ in range(80)]
        for client in taken:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", local.port))
        before = local.ticks()
        time.sleep(SPIN_SECONDS)
        spent = (local.ticks() - before) / os.sysconf("SC_CLK_TCK")
        for client in taken:
            client.close()
        assert spent < SPIN_SECONDS * 0.75, f"{spent} s of CPU time"
        until("a client to be served", lambda: local.request("GET", "/@metrics")[0] == 200)


def test_silent_clients():
    """A client that sends no request or half of one is dropped; an open WebSocket may be silent"""
    async def talk(local):
        silent = [socket.create_connection(("127.0.0.1", local.port), timeout=DEADLINE) for _ in range(3)]
        silent[0].sendall(b"GET /prod HTTP/1.1\r\nHost")
        async with websockets.connect(local.url, ping_interval=None) as client:
            for one in silent:
                assert one.recv(4096) in (b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"), "it was answered"
                one.close()
            await client.send(say("still here"))
            assert json.loads(await asyncio.wait_for(client.recv(), DEADLINE)) == {"message": "still here"}

    with stage("--request-timeout", "1") as local:
        asyncio.run(talk(local))


def hello():
    """A TLS client's hello, without the client"""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def crowd(local, number, first=b""):
    clients = []
    for _ in range(number):
        client = socket.create_connection(("127.0.0.1", local.port), timeout=DEADLINE)
        with contextlib.suppress(OSError):
            client.sendall(first)
        clients.append(client)
    return clients


def leave(clients):
    for client in clients:
        client.close()


async def timed_hello(local, context):
    """How long an honest client takes from its first packet to its first echo"""
    start = time.monotonic()
    async with websockets.connect(local.url, ssl=context, open_timeout=DEADLINE) as client:
        await client.send(say("hello"))
        await asyncio.wait_for(client.recv(), DEADLINE)
        return time.monotonic() - start


def test_tls_crowds():
    """However many clients stall in the TLS handshake, an honest one gets in and one that leaves is noticed"""
    async def talk(local, context):
        leaving = await websockets.connect(local.url, ssl=context)
        for first in (b"", hello()[:3], hello()[:-1], hello()):
            clients = crowd(local, 200, first)
            took = await timed_hello(local, context)
            assert took < 3, f"{took} s beside 200 that sent {len(first)} bytes"
            leave(clients)
        clients = crowd(local, 200, hello())
        await leaving.close()
        left = await asyncio.get_running_loop().run_in_executor(
            None, lambda: until("the $disconnect", lambda: "0 left" in local.output(), 3))
        leave(clients)
        return left

    with tempfile.TemporaryDirectory() as folder:
        cert, key = certificate(folder)
        with stage("--tls-certificate", cert, "--tls-key", key) as local:
            context = ssl.create_default_context(cafile=cert)
            assert asyncio.run(talk(local, context))


def test_trickling_heads():
    """A head has one deadline in all: 195 clients that trickle theirs live no longer and keep nobody out"""
    with stage("--request-timeout", "3", files=200) as local:
        clients = crowd(local, 195, b"GET /prod HTTP/1.1\r\nHost: ")
        start = time.monotonic()
        took = asyncio.run(timed_hello(local, None))
        assert took < 3, took

        def gone():
            alive = 0
            for client in clients:
                try:
                    client.sendall(b"x")
                    client.setblocking(False)
                    alive += client.recv(4096) != b""
                except BlockingIOError:
                    alive += 1
                except OSError:
                    pass
            time.sleep(TRICKLE_SECONDS)
            return alive == 0
        until("all of them to be let go", gone, 12)
        assert time.monotonic() - start < 12
        leave(clients)


def test_unfinished_posts():
    """Posts that never end cost nothing without a token, and little with one"""
    body = b"x" * 130000

    def head(token):
        return (f"POST /prod/@connections/FYnvDeD_NjMCKlg%3D HTTP/1.1\r\nHost: x\r\nContent-Length: 140000\r\n"
                f"Authorization: Bearer {token}\r\n\r\n").encode()

    with stage() as local:
        before = local.memory()
        clients = crowd(local, 400, head("wrong") + body)
        until("the stage to have seen them", lambda: local.request("GET", "/@metrics")[0] == 200)
        assert local.memory() - before < 16 * 1024 or SANITIZED, (before, local.memory())
        leave(clients)
        clients = crowd(local, 400, head(TOKEN) + body)
        until("the stage to have seen them", lambda: local.request("GET", "/@metrics")[0] == 200)
        assert local.memory() - before < 24 * 1024 or SANITIZED, (before, local.memory())
        leave(clients)
        # Their memory is free again, or nobody could ever post.
        until("posts to be taken", lambda: local.request("POST", "/prod/@connections/FYnvDeD_NjMCKlg%3D", body)[0] == 410)


def test_burst():
    """A place is taken when $connect is asked: 110 at once against 56 places get 56"""
    request = (b"GET /prod HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    with stage(files=120) as local:
        clients = crowd(local, 110, request)
        statuses = [client.recv(12).decode() for client in clients]
        assert statuses.count("HTTP/1.1 101") == 56, statuses
        assert statuses.count("HTTP/1.1 429") == 54, statuses
        leave(clients)
        until("all of them to be gone", lambda: local.metrics()["connections"] == 0)
        assert asyncio.run(timed_hello(local, None)) < 3


def test_slow_consumer():
    """A client that stops reading is closed and its $disconnect runs; the others do not have to wait"""
    async def talk(local):
        slow = opened(local.port)
        async with websockets.connect(local.url, compression=None, max_size=None) as quick:
            worst = 0
            big = "x" * 30000
            for number in range(400):
                start = time.monotonic()
                await quick.send(say(big))
                await asyncio.wait_for(quick.recv(), DEADLINE)
                worst = max(worst, time.monotonic() - start)
        slow.close()
        return worst

    with stage() as local:
        worst = asyncio.run(talk(local))
        assert "does not read" in local.output()
        until("both to be gone", lambda: local.metrics()["disconnects_total"] == 2)
        assert worst < LATE, worst


def test_ping_flood():
    """A client that sends pings and does not read the pongs is closed before it uses up memory"""
    with stage() as local:
        client = opened(local.port)
        before = local.memory()
        client.settimeout(5)
        pings = frame(9, b"x" * 125) * 500
        with contextlib.suppress(OSError):
            for _ in range(1000):
                client.sendall(pings)
        until("it to be gone", lambda: local.metrics()["connections"] == 0)
        assert local.memory() - before < 16 * 1024 or SANITIZED, (before, local.memory())
        client.close()


def test_restart():
    """With a file the table survives kill -9, and the next start removes the connections that died with the process"""
    async def connect_and_die(local):
        async with websockets.connect(local.url), websockets.connect(local.url):
            local.end(signal.SIGKILL)

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/stage.sqlite"

        def rows():
            with contextlib.closing(sqlite3.connect(path)) as database:
                return database.execute("SELECT count(*) FROM connections").fetchone()[0]

        asyncio.run(connect_and_die(Stage("--registry", f"sqlite:{path}")))
        assert rows() == 2
        with stage("--registry", f"sqlite:{path}") as local:
            assert rows() == 0
            assert "Forgot 2 connections" in local.output()

            async def talk():
                async with websockets.connect(local.url) as client:
                    await client.send(say("hello"))
                    assert json.loads(await client.recv()) == {"message": "hello"}
                    assert rows() == 1

            asyncio.run(talk())
            until("an empty table", lambda: rows() == 0)


def test_one_file():
    """A second stage on the same file says who has it and exits, and the first one's clients can still talk"""
    async def talk(local, second):
        async with websockets.connect(local.url) as ada, websockets.connect(local.url) as eve:
            done = await asyncio.to_thread(second)
            await ada.send(say("still here"))
            assert json.loads(await asyncio.wait_for(eve.recv(), DEADLINE)) == {"message": "still here"}
            return done

    with tempfile.TemporaryDirectory() as folder:
        registry = f"sqlite:{folder}/stage.sqlite"

        def second():
            return subprocess.run([PROGRAM, "--registry", registry], capture_output=True, text=True, timeout=DEADLINE, check=False)

        local = Stage("--registry", registry)
        done = asyncio.run(talk(local, second))
        assert done.returncode == 1 and not done.stdout, done
        assert f"in use by another stage (process {local.process.pid})" in done.stderr, done.stderr
        # However it ended, the next one can use the file.
        local.end(signal.SIGKILL)
        with stage("--registry", registry):
            pass


def test_foreign_file():
    """Another program's database is refused with a message and left unchanged; a stage's own is private to its user"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/notes.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE notes (text)")
        with open(path, "rb") as file:
            before = file.read()
        for command in ([], ["dead-letters", "list"]):
            done = subprocess.run([PROGRAM, *command, "--registry", f"sqlite:{path}"], capture_output=True, text=True, timeout=DEADLINE, check=False)
            assert done.returncode == 1 and "belongs to another program" in done.stderr, done
        with open(path, "rb") as file:
            assert file.read() == before
        assert os.listdir(folder) == ["notes.sqlite"]
        path = f"{folder}/new/stage.sqlite"
        with stage("--registry", f"sqlite:{path}"):
            modes = {name: os.stat(f"{folder}/new/{name}").st_mode & 0o777 for name in os.listdir(f"{folder}/new")}
            assert set(modes.values()) == {0o600} and "stage.sqlite-wal" in modes, modes
            assert os.stat(f"{folder}/new").st_mode & 0o777 == 0o700


def test_old_file():
    """The file of 0.1.0, which had no mark, is opened with its dead letters; one of a later version is refused with a
    message and left unchanged"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/stage.sqlite"
        shutil.copy(OLD_FILE, path)
        with stage("--registry", f"sqlite:{path}"):
            pass

        def listed():
            return subprocess.run([PROGRAM, "dead-letters", "list", "--registry", f"sqlite:{path}"], capture_output=True, text=True,
                                  timeout=DEADLINE, check=False)

        number, when, connection, reason, text = listed().stdout.rstrip("\n").split("\t")
        assert (number, when[:19], connection, reason) == ("1", "2026-11-28T04:04:12", "ZLFhtSrfpTnB1bs=", "Too Many Requests")
        assert "never arrived" in text, text
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA user_version").fetchone() == (1,)
            # Whoever sends this id again is still known to repeat it.
            assert database.execute("SELECT id FROM claims").fetchall() == [("11111111-2222-3333-4444-555555555555",)]
            database.execute("ALTER TABLE dead_letters ADD COLUMN later TEXT")
            database.execute("PRAGMA user_version = 2")
        with open(path, "rb") as file:
            before = file.read()
        refused = subprocess.run([PROGRAM, "--registry", f"sqlite:{path}"], capture_output=True, text=True, timeout=DEADLINE, check=False)
        for done in (refused, listed()):
            assert done.returncode == 1 and not done.stdout and "newer version of dynamowave-stage" in done.stderr, done
        with open(path, "rb") as file:
            assert file.read() == before
        assert os.listdir(folder) == ["stage.sqlite"]


def test_locked_file():
    """While another program has locked the file, pings are still answered, and messages arrive afterwards"""
    async def talk(local, database):
        async with websockets.connect(local.url) as ada, websockets.connect(local.url) as eve:
            database.execute("BEGIN IMMEDIATE")
            worst = 0
            for number in range(5):
                await ada.send(json.dumps({"action": "sendMessage", "message": str(number), "id": f"id-{number}"}))
            for _ in range(40):
                start = time.monotonic()
                await asyncio.wait_for(await eve.ping(), DEADLINE)
                worst = max(worst, time.monotonic() - start)
                await asyncio.sleep(0.02)
            database.rollback()
            for number in range(5):
                assert json.loads(await asyncio.wait_for(eve.recv(), DEADLINE))["message"] == str(number)
            database.execute("BEGIN IMMEDIATE")
        return worst

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/stage.sqlite"
        local = Stage("--registry", f"sqlite:{path}")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            worst = asyncio.run(talk(local, database))
            # A locked file does not delay the exit for long either.
            start = time.monotonic()
            assert local.end() == 0
            took = time.monotonic() - start
        print(f"# the slowest pong took {worst * 1000:.0f} ms, the end {took:.1f} s")
        assert worst < LATE, worst
        assert took < 6, took


def test_flood():
    """Back-pressure: what handlers cannot keep up with waits in the network; the stage stays small, drops nothing and answers everybody else"""
    async def push(client, sent):
        for number in range(1999):
            await client.send(json.dumps({"action": "sendMessage", "message": "x", "id": str(number), "more": "x" * 20000}))
            sent.append(number)
        await client.send(json.dumps({"action": "sendMessage", "message": "last", "id": "last"}))

    async def receive(client):
        number = 0
        while json.loads(await asyncio.wait_for(client.recv(), 120))["message"] != "last":
            number += 1
        return number

    async def talk(local, secure, database):
        sent = []
        before = local.memory()
        async with websockets.connect(local.url, ssl=secure, compression=None, max_size=None, ping_interval=None) as eager, \
                websockets.connect(local.url, ssl=secure, compression=None, max_size=None, ping_interval=None) as other:
            database.execute("BEGIN IMMEDIATE")
            tasks = [asyncio.create_task(push(eager, sent)), asyncio.create_task(receive(eager)), asyncio.create_task(receive(other))]
            worst, grown = 0, 0
            end = time.monotonic() + 2
            while time.monotonic() < end:
                start = time.monotonic()
                await asyncio.wait_for(await other.ping(), DEADLINE)
                worst = max(worst, time.monotonic() - start)
                grown = max(grown, local.memory() - before)
                await asyncio.sleep(0.02)
            held, spent = len(sent), local.ticks()
            await asyncio.sleep(1)
            spent = local.ticks() - spent
            database.rollback()
            assert await asyncio.gather(*tasks) == [None, 1999, 1999]
        return worst, grown, held, spent

    with tempfile.TemporaryDirectory() as folder:
        cert, key = certificate(folder)
        for options in ([], ["--tls-certificate", cert, "--tls-key", key]):
            path = f"{folder}/{len(options)}.sqlite"
            secure = ssl.create_default_context(cafile=cert) if options else None
            with stage("--registry", f"sqlite:{path}", *options) as local, \
                    contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
                worst, grown, held, spent = asyncio.run(talk(local, secure, database))
                print(f"# {held} messages left the client, the stage grew by {grown} kB, the slowest pong took {worst * 1000:.0f} ms, "
                      f"it spent {spent} of 100 ticks waiting")
                assert grown < 24 * 1024 or SANITIZED, grown
                assert worst < LATE, worst
                assert spent < 30 or SANITIZED, spent


def test_long_ids():
    """Ids of any length do not fill the memory"""
    async def talk(local):
        async with websockets.connect(local.url, compression=None, max_size=None) as client:
            for number in range(1500):
                await client.send(json.dumps({"action": "sendMessage", "message": "x", "id": f"{number:06}" + "x" * 30000}))
                assert json.loads(await asyncio.wait_for(client.recv(), DEADLINE)) == {"message": "x"}

    with stage() as local:
        asyncio.run(talk(local))
        assert local.memory() < 32 * 1024 or SANITIZED, local.memory()


def test_file_limit():
    """Beyond the file size limit it survives: clients talk on, new ones are refused, the log says why, and it recovers"""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([PROGRAM, "--registry", f"sqlite:{folder}/stage.sqlite"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        log = []
        threading.Thread(target=lambda: log.extend(process.stderr), daemon=True).start()
        url = process.stdout.readline().strip()

        def limit(size):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        async def talk():
            async with websockets.connect(url) as client:
                limit(1)
                try:
                    async with websockets.connect(url):
                        raise AssertionError("let in without a place in the table")
                except websockets.InvalidStatusCode as refusal:
                    assert refusal.status_code == 502, refusal
                await client.send(say("hello"))
                assert json.loads(await asyncio.wait_for(client.recv(), DEADLINE)) == {"message": "hello"}
                limit(resource.RLIM_INFINITY)
                async with websockets.connect(url) as other:
                    await client.send(say("all"))
                    assert json.loads(await asyncio.wait_for(other.recv(), DEADLINE)) == {"message": "all"}

        try:
            asyncio.run(talk())
            assert process.poll() is None, process.returncode
            until("the reason", lambda: any("$connect handler failed" in line for line in log))
            process.terminate()
            assert process.wait(DEADLINE) == 0
        finally:
            process.kill()
            process.wait(DEADLINE)
            process.stdout.close()


def test_log_limit():
    """A log that cannot be written does not stop the stage"""
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/log", "wb") as log:
        process = subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, stderr=log, text=True,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)))
        url = process.stdout.readline().strip()

        async def talk():
            async with websockets.connect(url) as client:
                await client.send(say("hello"))
                assert json.loads(await asyncio.wait_for(client.recv(), DEADLINE)) == {"message": "hello"}

        try:
            asyncio.run(talk())
            process.terminate()
            assert process.wait(DEADLINE) == 0
        finally:
            process.kill()
            process.wait(DEADLINE)
            process.stdout.close()


def test_dead_letters():
    """Posts that are throttled too long become dead letters that can be listed, tried again and removed"""
    async def talk(local, letters):
        async with websockets.connect(local.url) as client:
            await client.send(say("first"))
            # The burst of one goes to the message, so its post is throttled, retried for a while and given up.
            until("a dead letter", lambda: "Too Many Requests" in letters("list"), 60)
            assert '\\"message\\":\\"first\\"' in letters("list")
            # The stage refuses it until the bucket has a token again, and the letter is kept.
            until("a redrive that succeeds", lambda: "\t200" in letters(
                "redrive", "--url", local.url.replace("ws:", "http:"), "--management-token-file", local.token), 60)
            assert json.loads(await asyncio.wait_for(client.recv(), DEADLINE)) == {"message": "first"}
            assert letters("list") == ""
            for _ in range(60):
                if "second" in letters("list"):
                    break
                await client.send(say("second"))
                await asyncio.sleep(0.5)
            assert re.fullmatch(r"\d dead letters? removed\n", letters("purge"))
            assert letters("list") == ""

    with tempfile.TemporaryDirectory() as folder:
        registry = f"sqlite:{folder}/stage.sqlite"
        with open(f"{folder}/token", "w", encoding="utf-8") as file:
            file.write(TOKEN + "\n")
        with stage("--registry", registry, "--throttle-rate", "0.15", "--throttle-burst", "1") as local:
            local.token = f"{folder}/token"

            def letters(*command):
                return subprocess.run([PROGRAM, "dead-letters", *command, "--registry", registry], check=True, text=True,
                                      capture_output=True, timeout=DEADLINE).stdout

            asyncio.run(talk(local, letters))


def test_many_dead_letters():
    """All letters are listed, however many, in their order; and a table that cannot be read is an error"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/stage.sqlite"
        with stage("--registry", f"sqlite:{path}"):
            pass
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.executemany("INSERT INTO dead_letters (connection_id, text, reason, time) VALUES ('c', ?, 'r', 0)",
                                 [(str(number),) for number in range(250)])

        def listed():
            return subprocess.run([PROGRAM, "dead-letters", "list", "--registry", f"sqlite:{path}"], capture_output=True, text=True,
                                  timeout=DEADLINE, check=False)

        done = listed()
        assert done.returncode == 0 and [line.split("\t")[4] for line in done.stdout.splitlines()] == [str(n) for n in range(250)], done
        with contextlib.closing(sqlite3.connect(path)) as database:
            root, = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'dead_letters'").fetchone()
        with open(path, "r+b") as file:
            file.seek((root - 1) * 4096)
            file.write(b"\xff" * 4096)
        done = listed()
        assert done.returncode == 1 and not done.stdout and "malformed" in done.stderr, done


def test_redrive_address():
    """A redrive shows its token to this computer alone, or over TLS, not by way of a proxy, and not where it is redirected"""
    def redrive(url, folder):
        return subprocess.run([PROGRAM, "dead-letters", "redrive", "--registry", f"sqlite:{folder}/stage.sqlite", "--url", url,
                               "--management-token-file", f"{folder}/token"], text=True, capture_output=True, timeout=DEADLINE, check=False,
                              env={**os.environ, "http_proxy": f"http://127.0.0.1:{proxy.getsockname()[1]}"})

    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as proxy, socket.create_server(("127.0.0.1", 0)) as server:
        write(f"{folder}/token", TOKEN + "\n")
        with stage("--registry", f"sqlite:{folder}/stage.sqlite"):
            pass
        with contextlib.closing(sqlite3.connect(f"{folder}/stage.sqlite")) as database:
            database.execute("INSERT INTO dead_letters (connection_id, text, reason, time) VALUES ('FYnvDeD_NjMCKlg=', 'hello', '429', 1)")
            database.commit()
        for url, words in (("http://192.0.2.1/prod", "https://"), ("HTTP://stage.example/prod", "https://"), ("http://127.0.0.1.example/prod", "https://"),
                           ("http://127.0.0.1@stage.example/prod", "https://"), ("ftp://127.0.0.1/prod", "is not a valid address"), ("x", "is not a valid address")):
            done = redrive(url, folder)
            assert done.returncode == 1 and words in done.stderr and TOKEN not in done.stderr, (url, done)
        asked = []

        def answer():
            client, _ = server.accept()
            with client:
                asked.append(client.recv(65536))
                client.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://localhost:%d/x\r\nContent-Length: 0\r\n"
                               b"Connection: close\r\n\r\n" % proxy.getsockname()[1])

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        done = redrive(f"http://127.0.0.1:{server.getsockname()[1]}/prod", folder)
        thread.join(DEADLINE)
        assert done.returncode == 0 and "\t307" in done.stdout, done
        assert asked and asked[0].startswith(b"POST /prod/@connections/") and TOKEN.encode() in asked[0], asked
        proxy.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            proxy.accept()
            raise AssertionError("the proxy, or where it was redirected, was asked")


def test_two_hosts():
    """A request with two Host headers is refused, as RFC 9112 asks, whatever it is for"""
    with tempfile.TemporaryDirectory() as folder:
        with stage("--management-token-file", write(f"{folder}/token", TOKEN + "\n")) as local:
            rest = (b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            for head, hosts, wanted in ((b"GET /prod", b"Host: x\r\n", b" 101 "), (b"GET /prod", b"Host: x\r\nhost: y\r\n", b" 400 "),
                                        (b"GET /prod", b"Host: x\r\nHost: x\r\n", b" 400 "), (b"GET /prod", b"", b" 400 "),
                                        (b"GET /prod/@connections/x", b"Host: x\r\nHost: y\r\n", b" 400 Bad Request")):
                with socket.create_connection(("127.0.0.1", local.port), timeout=DEADLINE) as client:
                    client.sendall(head + b" HTTP/1.1\r\n" + hosts + rest)
                    answer = client.recv(4096)
                    assert wanted in answer.split(b"\r\n")[0] + b" ", (head, hosts, answer)


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                   check=True, capture_output=True, timeout=DEADLINE)
    return f"{folder}/cert.pem", f"{folder}/key.pem"


def test_tls():
    """wss:// with a certificate; plain text gets no answer there"""
    async def talk(local, cert):
        context = ssl.create_default_context(cafile=cert)
        async with websockets.connect(local.url, ssl=context, max_size=None) as client:
            for size in (5, 8000, 8192, 16000, 16384, 20000, 30000) * 3:
                await client.send(say("x" * size))
                assert json.loads(await asyncio.wait_for(client.recv(), DEADLINE)) == {"message": "x" * size}, size

    with tempfile.TemporaryDirectory() as folder:
        cert, key = certificate(folder)
        with stage("--tls-certificate", cert, "--tls-key", key) as local:
            assert local.url.startswith("wss://"), local.url
            asyncio.run(talk(local, cert))
            assert b"101" not in plain_answer(local.port)


class Stalling:
    """A client that reads when it is told to, behind the smallest buffers there are."""

    def __init__(self, local, cert=None):
        self.client = socket.socket()
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.client.settimeout(DEADLINE)
        self.client.connect(("127.0.0.1", local.port))
        if cert:
            self.client = ssl.create_default_context(cafile=cert).wrap_socket(self.client, server_hostname="127.0.0.1")
        self.client.sendall(b"GET /prod HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        self.bytes = b""
        while b"\r\n\r\n" not in self.bytes:
            self.more(1)
        assert self.bytes.startswith(b"HTTP/1.1 101"), self.bytes
        self.bytes = self.bytes.split(b"\r\n\r\n", 1)[1]

    def more(self, most):
        got = self.client.recv(most)
        assert got, "the connection ended"
        self.bytes += got

    def frame(self, most):
        """The next text, which must be one whole frame."""
        while len(self.bytes) < 4:
            self.more(most)
        assert self.bytes[0] == 0x81, self.bytes[:10]
        length, start = (struct.unpack(">H", self.bytes[2:4])[0], 4) if self.bytes[1] == 126 else (self.bytes[1], 2)
        while len(self.bytes) < start + length:
            self.more(most)
        text, self.bytes = self.bytes[start:start + length], self.bytes[start + length:]
        return text.decode()


def test_resumed_reader():
    """A reader that stalls in the middle of a frame and resumes gets every byte once and in order, encrypted or not"""
    sizes = (30000, 5, 125, 126, 8191, 16384, 29999)

    def text_of(number):
        return f"{number:06d}" + chr(ord("a") + number % 26) * sizes[number % len(sizes)]

    async def talk(local, first, last, cert):
        context = ssl.create_default_context(cafile=cert) if cert else None
        async with websockets.connect(local.url, compression=None, max_size=None, ssl=context) as writer:
            for number in range(first, last):
                await writer.send(say(text_of(number)))
                await asyncio.wait_for(writer.recv(), DEADLINE)

    with tempfile.TemporaryDirectory() as folder:
        cert, key = certificate(folder)
        for options, trust in (((), None), (("--tls-certificate", cert, "--tls-key", key), cert)):
            with stage(*options) as local:
                slow = Stalling(local, trust)
                for first, most in ((0, 1), (60, 1000), (120, 65536)):
                    # All of them wait for the reader, who has been sent a part of one.
                    asyncio.run(talk(local, first, first + 60, trust))
                    for number in range(first, first + 60):
                        got = slow.frame(most if number < first + 2 else 777)
                        assert json.loads(got) == {"message": text_of(number)}, (trust, number, got[:40])
                assert slow.bytes == b""
                slow.client.close()
                assert "does not read" not in local.output()


def plain_answer(port):
    client = handshake(port)
    try:
        return client.recv(4096)
    except OSError:
        return b""
    finally:
        client.close()


def test_going_away():
    """A stop closes every client with 1001 and finishes the accepted messages"""
    async def talk(local):
        async with websockets.connect(local.url) as client:
            for number in range(50):
                await client.send(say(str(number)))
            await asyncio.wait_for(client.recv(), DEADLINE)
            local.process.send_signal(signal.SIGTERM)
            got = 1
            try:
                while True:
                    await asyncio.wait_for(client.recv(), DEADLINE)
                    got += 1
            except websockets.ConnectionClosed as closed:
                return got, closed.rcvd.code, closed.rcvd.reason

    local = Stage()
    got, code, reason = asyncio.run(talk(local))
    assert (code, reason) == (1001, "Going away"), (code, reason)
    assert local.end() == 0
    assert got >= 1


def test_log():
    """The log is text or JSON Lines, events are written whole, and no secret is in either"""
    async def talk(local):
        async with websockets.connect(f"{local.url}?token=S3CR3T%2B%2F%3Dcanary&x=1") as client:
            await client.send(say("hello"))
            await client.recv()

    for style in ("text", "json"):
        with stage("--token", TOKEN, "--events", "--log-format", style) as local:
            asyncio.run(talk(local))
            log = until("three whole events", lambda: next(
                (log for log in [local.output()] if log.count("requestContext") == 3 and log.endswith("\n")), None))
            assert TOKEN not in log and "S3CR3T%2B" not in log and "S3CR3T" not in log, log
            if style == "json":
                lines = [json.loads(line) for line in log.splitlines()]
                assert all(set(line) == {"time", "level", "domain", "message"} for line in lines)
                events = [json.loads(line["message"][6:]) for line in lines if line["message"].startswith("Event ")]
                assert [event["requestContext"]["eventType"] for event in events] == ["CONNECT", "MESSAGE", "DISCONNECT"]
                assert events[0]["queryStringParameters"]["x"] == "1"
                assert events[2]["requestContext"]["disconnectStatusCode"] == 1000


def event_of(local, *headers, path="/prod"):
    """The event of one handshake with these headers, as the log has it."""
    client = socket.create_connection(("127.0.0.1", local.port), timeout=DEADLINE)
    client.sendall((f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n" + "".join(f"{line}\r\n" for line in headers) + "\r\n").encode())
    assert client.recv(4096).startswith(b"HTTP/1.1 101"), headers
    client.close()
    return until("the event", lambda: next(
        (json.loads(json.loads(line)["message"][6:]) for line in local.output().splitlines() if '"CONNECT' in line.replace("\\", "")
         and line.endswith("}")), None))


def test_redaction():
    """The secrets of a handshake are in no logged event, however they are written and however often"""
    quoted = 'S3"CR\\3T'
    sent = ((quoted, "/prod?token=S3%22CR%5C3T&x=1", ()),
            (quoted, "/prod", (f"Authorization: Bearer {quoted}",)),
            (TOKEN, "/prod?token=S3CR3T%2B%2F%3Dcanary", ("Authorization: Basic canary", "Authorization: Bearer canary2")),
            (TOKEN, "/prod", (f"authorization: bearer {TOKEN}", "Cookie: a=canary; b=c", "Cookie: d=canary", "X-API-Key: canary",
                              "Proxy-Authorization: canary", "X-Amz-Security-Token: canary", "X-Auth: canary")),
            (TOKEN, f"/prod?token={urllib.parse.quote(TOKEN)}&api_key=canary&access_token=canary&X-Amz-Signature=canary&jwt=canary",
             (f"X-Other: name={TOKEN}", f"User-Agent: {TOKEN}/1")),
            (TOKEN, f"/prod?token={urllib.parse.quote(TOKEN)}", (f"Sec-WebSocket-Protocol: {quoted}, chat, canary",
                                                                 "Sec-WebSocket-Protocol: canary2")))
    for token, path, headers in sent:
        with stage("--token", token, "--subprotocol", "chat", "--events", "--log-format", "json") as local:
            event = event_of(local, *headers, path=path)
            assert event["requestContext"]["eventType"] == "CONNECT" and event["headers"]["Host"] == "x", event
            assert "canary" not in local.output() and "CR3T" not in local.output() and "CR\\" not in local.output(), local.output()
            if "x=1" in path:
                assert event["queryStringParameters"] == {"token": "…", "x": "1"}, event
            if "chat" in str(headers):
                assert "…, chat, …" in event["multiValueHeaders"]["Sec-WebSocket-Protocol"], event


def test_short_token():
    """A token of one letter is hidden as a value, but not as a letter of other words"""
    with stage("--token", "e", "--events", "--log-format", "json") as local:
        event = event_of(local, "Authorization: e", "X-Other: e", "X-Word: there", path="/prod?token=e&e=there")
        assert event["requestContext"]["eventType"] == "CONNECT"
        assert event["headers"]["Authorization"] == event["headers"]["X-Other"] == "…" and event["headers"]["X-Word"] == "there", event
        assert event["queryStringParameters"] == {"token": "…", "…": "there"}, event


def test_log_on_terminal():
    """Whatever a client sends, a terminal gets plain text"""
    async def talk(local):
        async with websockets.connect(local.url) as client:
            await client.send(say("\x1b]0;owned\x07 \x9b2J \u202e \u2028"))
            await client.recv()

    for style in ("text", "json"):
        with stage("--events", "--log-format", style) as local:
            asyncio.run(talk(local))
            log = until("the message", lambda: next((log for log in [local.output()] if "owned" in log and log.endswith("\n")), None))
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", log), log


def test_options():
    """Impossible options are refused with a message and status 2, or 1 if the system refuses"""
    for options, words in ((["--stage", "a b"], "name"), (["--registry", "nonsense"], "Unknown registry"), (["--idle-timeout", "0"], "limit"),
                           (["--route-selection-expression", "$request.header.a"], "path"), (["more"], "Unknown argument"),
                           (["--tls-key", "x"], "must be used together"), (["--log-format", "xml"], "Unknown log format"),
                           (["--token-file", "/no/such/file"], "file")):
        done = subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode == 2 and words in done.stderr, (options, done.returncode, done.stderr)
    with stage() as local:
        done = subprocess.run([PROGRAM, "--listen", f"127.0.0.1:{local.port}"], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode == 1 and "Cannot listen" in done.stderr, done.stderr


def canonical(method, path, date, host, body):
    segments = "/".join(urllib.parse.quote(part, safe="-_.~") for part in path.split("/"))
    return (f"{method}\n{segments}\n\nhost:{host}\nx-amz-date:{date}\n\nhost;x-amz-date\n"
            f"{hashlib.sha256(body).hexdigest()}")


def signed_request(port, method, path, key_id, secret, body=b"", chunked=False):
    """Signs as an SDK does: every part of the path is encoded once more than it is on the wire."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    host = f"127.0.0.1:{port}"
    scope = f"{date[:8]}/eu-west-1/execute-api/aws4_request"
    request = canonical(method, path, date, host, body)
    key = f"AWS4{secret}".encode()
    for word in scope.split("/"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    to_sign = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    # A chunked body does not announce its size.
    connection.request(method, path, body=iter([body]) if chunked else body, encode_chunked=chunked, headers={
        "X-Amz-Date": date, **({"Transfer-Encoding": "chunked"} if chunked else {}),
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, request


def test_signatures():
    """A signature is over the path as it was sent; the error shows the string that should have been signed, encoded once"""
    gone = "L0SM9cOFvHcCIhw"
    with tempfile.TemporaryDirectory() as folder:
        key = write(f"{folder}/key", "AKIDEXAMPLE\r\ns3cret/+=\r\n")
        with stage("--management-key-file", key) as local:
            for path, encoded in ((f"/prod/@connections/{gone}%3D", f"/prod/%40connections/{gone}%253D"),
                                  (f"/prod/%40connections/{gone}%3D", f"/prod/%2540connections/{gone}%253D"),
                                  (f"/prod/@connections/{gone}=", f"/prod/%40connections/{gone}%3D")):
                status, text, _ = signed_request(local.port, "GET", path, "AKIDEXAMPLE", "s3cret/+=")
                assert status == 410, (path, status, text)
                status, text, request = signed_request(local.port, "POST", path, "AKIDEXAMPLE", "another", b"hello")
                assert status == 403, (path, status, text)
                words = json.loads(text)["message"]
                # A body that was not kept whole cannot be checked, so its size is refused first, by the head or at the end.
                for chunked in (False, True):
                    status, text, _ = signed_request(local.port, "POST", path, "AKIDEXAMPLE", "another", b"x" * 131073, chunked)
                    assert status == 413, (path, chunked, status, text)
                assert f"\n'POST\n{encoded}\n" in words and words.endswith(f"'{request}'"), words


def test_secret_files():
    """All secrets are read from files by the same rules, and errors do not repeat the content"""
    bad = (("", "is empty"), ("\n", "is empty"), ("canary1\ncanary2\n", "one line"), ("canary\x1b[0m", "control characters"),
           (b"canary\xff", "not UTF-8"), ("canary" * 11000, "64 KiB"))
    with tempfile.TemporaryDirectory() as folder:
        write(f"{folder}/key", "AKID\ncanary\nmore\n")
        registry = ["--registry", f"sqlite:{folder}/stage.sqlite"]
        redrive = ["dead-letters", "redrive", *registry, "--url", "http://127.0.0.1:1/prod", "--management-token-file"]
        for text, words in bad:
            path = write(f"{folder}/token", text)
            for command, wanted in ((["--token-file"], 2), (["--management-token-file"], 2), (redrive, 1)):
                done = subprocess.run([PROGRAM, *command, path], capture_output=True, text=True, timeout=DEADLINE, check=False)
                assert done.returncode == wanted and words in done.stderr and "canary" not in done.stderr, (command, text, done)
        path = write(f"{folder}/token", "canary\n", 0o644)
        done = subprocess.run([PROGRAM, *redrive, path], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert path in done.stderr and "readable by every" in done.stderr and "canary" not in done.stderr, done
        done = subprocess.run([PROGRAM, "--management-key-file", f"{folder}/key"], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode == 2 and "two lines" in done.stderr and "canary" not in done.stderr, done
        # Endless, so it must not be read to the end.
        done = subprocess.run([PROGRAM, "--token-file", "/dev/zero"], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode == 2 and "64 KiB" in done.stderr, done
        for text in ("S3CR3T", "S3CR3T\n", "S3CR3T\r\n"):
            with stage("--token-file", write(f"{folder}/token", text)) as local:
                for path, answer in (("/prod", b" 401 "), ("/prod?token=S3CR3T", b" 101 "), ("/prod?token=S3CR3", b" 403 "),
                                     ("/prod?token=S3CR3T%0A", b" 403 ")):
                    client = handshake(local.port, path)
                    assert answer in client.recv(4096), (text, path)
                    client.close()


def test_token_on_command_line():
    """A token on the command line works, is overwritten there, and is warned of once"""
    with stage("--token", TOKEN, "--listen=127.0.0.1:0") as local:
        with open(f"/proc/{local.process.pid}/cmdline", "rb") as file:
            shown = file.read()
        assert b"S3CR3T" not in shown and b"--listen=127.0.0.1:0" in shown and b"--token\0***" in shown, shown
        assert local.output().count("on the command line") == 1, local.output()
        assert local.request("GET", "/@metrics")[0] == 200
        client = handshake(local.port, "/prod?token=S3CR3T%2B%2F%3Dcanary")
        assert b" 101 " in client.recv(4096)
        client.close()


def warnings(*options):
    local = Stage("--log-format", "json", *options)
    assert local.end() == 0
    return [line["message"] for line in map(json.loads, local.output().splitlines()) if line["level"] == "warning"]


def test_warnings():
    """The start warns of unsafe settings: files everybody can read, and open access"""
    with tempfile.TemporaryDirectory() as folder:
        cert, key = certificate(folder)
        token, letter = write(f"{folder}/token", TOKEN), write(f"{folder}/key", "AKID\nsecret\n")
        os.chmod(key, 0o600)
        every = ["--token-file", token, "--management-key-file", letter, "--tls-certificate", cert, "--tls-key", key]
        assert warnings(*every) == []
        assert warnings("--listen", "0.0.0.0:0", *every) == []
        assert warnings() == warnings("--listen", "[::1]:0") == []
        for path in (token, letter, key):
            os.chmod(path, 0o604)
            told = warnings(*every)
            assert len(told) == 1 and path in told[0] and "readable by every" in told[0], told
            # Services share a key by means of a group.
            os.chmod(path, 0o640)
            assert warnings(*every) == []
        for address in ("0.0.0.0:0", "[::]:0"):
            told = warnings("--listen", address)
            assert len(told) == 1 and "can connect" in told[0], told


def test_wrong_key():
    """A key that does not fit the certificate is an error at the start, not at the first connection"""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        cert, key = certificate(one)
        _, wrong = certificate(other)
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{other}/ec.pem"], check=True,
                       capture_output=True, timeout=DEADLINE)
        for path in (wrong, f"{other}/ec.pem"):
            done = subprocess.run([PROGRAM, "--tls-certificate", cert, "--tls-key", path], capture_output=True, text=True, timeout=DEADLINE,
                                  check=False)
            assert done.returncode == 2 and "doesn’t match" in done.stderr and path in done.stderr, done
        with stage("--tls-certificate", cert, "--tls-key", key) as local:
            assert local.url.startswith("wss:")


def test_no_core():
    """While a stage holds secrets its memory is not dumped, and no other process of the user can look into it"""
    def owner(*options):
        # Not as root, who could read everything.
        who = {"user": 65534} if os.getuid() == 0 else {}
        process = subprocess.Popen([f"{folder}/stage", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **who)
        assert b"://" in process.stdout.readline()
        with open(f"/proc/{process.pid}/limits", encoding="utf-8") as file:
            limit = next(line.split()[4:6] for line in file if line.startswith("Max core file size"))
        found = os.stat(f"/proc/{process.pid}/mem").st_uid, limit
        process.kill()
        process.wait(DEADLINE)
        process.stdout.close()
        return found

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copy(PROGRAM, f"{folder}/stage")
        token = write(f"{folder}/token", TOKEN, 0o644)
        assert owner("--token-file", token) == (0, ["0", "0"])
        assert owner("--management-token", TOKEN) == (0, ["0", "0"])
        # Without secrets a debugger may attach.
        assert owner()[0] == (65534 if os.getuid() == 0 else os.getuid())


def test_closed_descriptors():
    """S-24: no socket or table takes the place of a standard descriptor that is closed, or cannot be written"""
    def closing(descriptors):
        return lambda: [os.close(descriptor) for descriptor in descriptors]

    # SQLite holds the places by itself, and so hides what else would take them.
    for closed, registry in (((0, 1, 2), "memory"), ((0,), "memory"), ((1,), "memory"), ((2,), "memory"), ((0, 1, 2), "sqlite")):
        with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            probe.close()
            table = f"{folder}/table.sqlite"
            with open(f"{folder}/out", "wb") as out:
                process = subprocess.Popen([PROGRAM, "--listen", f"127.0.0.1:{port}", "--registry", f"sqlite:{table}" if registry == "sqlite" else registry],
                                           stdout=out, stderr=out, preexec_fn=closing(closed))
            try:
                until("the stage", lambda: connects(port))
                for number in range(3):
                    place = os.readlink(f"/proc/{process.pid}/fd/{number}")
                    assert number not in closed or place == "/dev/null", (closed, number, place)
                    assert "table" not in place and "socket" not in place and "anon_inode" not in place, (closed, number, place)
            finally:
                process.terminate()
                assert process.wait(DEADLINE) == 0
            if registry == "sqlite":
                with sqlite3.connect(table) as database:
                    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_full_output():
    """S-24: a version that cannot be written is an error, and an address that cannot be is said while the stage goes on"""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([PROGRAM, "--version"], stdout=full, stderr=subprocess.PIPE, timeout=DEADLINE, check=False)
        assert done.returncode == 1 and b"No space left" in done.stderr, done
        process = subprocess.Popen([PROGRAM, "--listen", "127.0.0.1:0"], stdout=full, stderr=subprocess.PIPE, text=True)
        try:
            assert "No space left" in process.stderr.readline()
            assert process.poll() is None
        finally:
            process.terminate()
            assert process.wait(DEADLINE) == 0
            process.stderr.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/stage/program")
