#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions behind the routes of dynamowave-stage: a foreign one in another language, and our own with a table."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import websockets

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "window"))
import tap  # noqa: E402

STAGE, BOOTSTRAP = os.environ["DYNAMOWAVE_STAGE"], os.environ["DYNAMOWAVE_BOOTSTRAP"]
FUNCTION = f"/usr/bin/python3 {HERE / 'function.py'}"
DEADLINE = 60
# A sanitizer makes a function a hundred times slower.
SANITIZED = bool(os.environ.get("DYNAMOWAVE_SANITIZED"))
MESSAGES, KILLS, PATIENCE = (40, 4, 20) if SANITIZED else (1000, 20, 4)


def until(what, check):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {DEADLINE} s for {what}")


class Stage:
    """A stage that is killed after the test."""

    def __init__(self, *options, **environment):
        self.log = tempfile.TemporaryFile()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name != "G_DEBUG"}
        self.process = subprocess.Popen([STAGE, *options], stdout=subprocess.PIPE, stderr=self.log, text=True, env={**clean, **environment})
        self.url = self.process.stdout.readline().strip()
        assert "://" in self.url, self.output()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            assert self.process.wait(DEADLINE) == 0, self.output()
        finally:
            self.process.kill()
            self.process.wait(DEADLINE)
            self.process.stdout.close()
            self.log.close()

    def output(self):
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()


def status_of(url, query="", **more):
    async def connect():
        try:
            async with websockets.connect(url + query, open_timeout=DEADLINE, **more) as socket:
                return 101, socket.subprotocol
        except websockets.InvalidStatusCode as error:
            return error.status_code, None
    return asyncio.run(connect())


async def say(socket, **wish):
    await socket.send(json.dumps({"action": "do", **wish}))


async def hear(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), DEADLINE))


def converse(stage, talk):
    async def run():
        async with websockets.connect(stage.url, open_timeout=DEADLINE) as socket:
            await talk(socket)
    asyncio.run(run())


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


async def frozen(pid):
    """A frozen process has already asked for its next event."""
    end = time.monotonic() + DEADLINE
    while Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "T":
        assert time.monotonic() < end, pid
        await asyncio.sleep(0.005)


def test_connect():
    """A function decides about the handshake; if it fails that is a 502, and if it may not be executed a 500"""
    with Stage("--function", f"$connect={FUNCTION}") as stage:
        assert status_of(stage.url) == (101, None), stage.output()
        assert status_of(stage.url, "?status=401") == (401, None)
        assert status_of(stage.url, "?status=204") == (101, None)
        for what in ("raise", "malformed", "crash", "large"):
            assert status_of(stage.url, f"?do={what}") == (502, None), (what, stage.output())
        assert status_of(stage.url, "?protocol=chat", subprotocols=["chat", "other"]) == (101, "chat"), stage.output()
        log = stage.output()
        assert "cold start" in log and "warm start" in log and "exited with status 3" in log, log
    with Stage("--function", f"$connect={FUNCTION}", "--function-reserve", "$connect=0") as stage:
        assert status_of(stage.url) == (500, None), stage.output()
    with Stage("--function", f"$connect={FUNCTION} --init-error") as stage:
        assert status_of(stage.url) == (502, None), stage.output()
    with Stage("--function", "$connect=/nowhere/at/all") as stage:
        assert status_of(stage.url) == (502, None), stage.output()


def test_environment():
    """A function gets Lambda's environment variables, its deadline and a trace"""
    async def talk(socket):
        await say(socket)
        told = await hear(socket)
        assert told["handler"] == "do" and told["name"] == "dynamowave-do" and told["region"] == "us-east-1", told
        assert told["endpoint"] == stage.url.replace("ws:", "http:") and told["key"] and 4 < told["left"] <= 5, told
        assert told["route"] == "do" and told["count"] == 1, told
        assert told["arn"] == "arn:aws:lambda:us-east-1:000000000000:function:dynamowave-do", told
        assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", told["trace"]), told
        await frozen(told["pid"])
        await say(socket)
        again = await hear(socket)
        assert again["pid"] == told["pid"] and again["count"] == 2, (told, again)
        assert again["trace"] != told["trace"], again
    with Stage("--function", f"do={FUNCTION}", "--two-way", "do", "--function-timeout", "5") as stage:
        converse(stage, talk)


def test_failures():
    """If a function fails, crashes or takes too long the sender is told, and the next event gets a new process"""
    async def talk(socket):
        await say(socket)
        first = await hear(socket)
        await frozen(first["pid"])
        await say(socket, do="raise")
        assert (await hear(socket))["message"] == "Internal server error"
        await frozen(first["pid"])
        await say(socket)
        assert (await hear(socket))["pid"] == first["pid"]
        await frozen(first["pid"])
        for what in ({"do": "crash"}, {"do": "sleep", "seconds": 20}):
            await say(socket)
            before = await hear(socket)
            await frozen(before["pid"])
            begun = time.monotonic()
            await say(socket, **what)
            assert (await hear(socket))["message"] == "Internal server error", stage.output()
            assert time.monotonic() - begun < 5
            await say(socket)
            after = await hear(socket)
            assert after["pid"] != before["pid"] and after["count"] == 1, (before, after)
            await frozen(after["pid"])
            until("the old process to go", lambda pid=before["pid"]: not is_alive(pid))
    with Stage("--function", f"do={FUNCTION}", "--two-way", "do", "--function-timeout", "1") as stage:
        converse(stage, talk)
        assert "Task timed out after 1.00 seconds" in stage.output(), stage.output()


def test_integration_timeout():
    """A function that is slower than the integration timeout goes on, and the sender gets an error"""
    async def talk(socket):
        await say(socket, do="sleep", seconds=1.5)
        assert (await hear(socket))["message"] == "Endpoint request timed out"
        await say(socket)
        assert (await hear(socket))["count"] == 1
    with Stage("--function", f"do={FUNCTION}", "--two-way", "do", "--integration-timeout", "0.7") as stage:
        converse(stage, talk)
        assert status_of(stage.url) == (101, None)


def test_concurrency():
    """Events run concurrently, each in its own process, up to the limits; above them they are throttled"""
    async def three(socket):
        begun = time.monotonic()
        for _ in range(3):
            await say(socket, do="sleep", seconds=1)
        told = [await hear(socket) for _ in range(3)]
        assert len({one["pid"] for one in told}) == 3 and time.monotonic() - begun < 2.8, told

    async def one(socket):
        for _ in range(3):
            await say(socket, do="sleep", seconds=1)
        told = [await hear(socket) for _ in range(3)]
        assert [frame.get("message") for frame in told] == ["Internal server error", "Internal server error", None], told
    with Stage("--function", f"do={FUNCTION}", "--two-way", "do") as stage:
        converse(stage, three)
    for options in (("--function-reserve", "do=1"), ("--function-concurrency", "1")):
        with Stage("--function", f"do={FUNCTION}", "--two-way", "do", *options) as stage:
            converse(stage, one)
            assert "is throttled" in stage.output()


def test_frozen():
    """Between two events a process is frozen, whatever it has not finished"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ticks"

        async def talk(socket):
            await say(socket, do="tick", path=str(path))
            await hear(socket)
            size = until("the process to stand still", lambda: settled(path))
            await asyncio.sleep(0.3)
            assert path.stat().st_size == size
            await say(socket, do="sleep", seconds=0.3)
            await hear(socket)
            assert path.stat().st_size > size + 5
        with Stage("--function", f"do={FUNCTION}", "--two-way", "do") as stage:
            converse(stage, talk)


def settled(path):
    size = path.stat().st_size
    time.sleep(0.1)
    return size if size and path.stat().st_size == size else None


def test_ends():
    """No process outlives the stage, however the stage ends"""
    for how in (signal.SIGTERM, signal.SIGKILL):
        pids = []

        async def talk(socket, pids=pids):
            await say(socket)
            pids.append((await hear(socket))["pid"])
        stage = Stage("--function", f"do={FUNCTION}", "--two-way", "do")
        converse(stage, talk)
        stage.process.send_signal(how)
        stage.process.wait(DEADLINE)
        until("the function to end", lambda pids=pids: not is_alive(pids[0]))
        stage.process.stdout.close()
        stage.log.close()


def test_refused():
    """Wrong options are reported, and nothing starts"""
    for options in (["--function", "nothing"], ["--function", "=x"], ["--function", "do='"], ["--function", "do="],
                    ["--function-reserve", "do=1"], ["--function", "do=x", "--function-reserve", "other=1"],
                    ["--function", "do=x", "--function-reserve", "do=many"], ["--function", "do=x", "--function-timeout", "0"],
                    ["--function", "do=x", "--function-concurrency", "0"]):
        done = subprocess.run([STAGE, *options], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode in (1, 2) and done.stderr and not done.stdout, (options, done)


class Table(ThreadingHTTPServer):
    """Two tables, with the requests our function makes; other tests verify SigV4."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Operation)
        self.tables = {"Connections": {}, "Claims": {}}
        self.lock = threading.Lock()
        self.throttled = False
        self.refused = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass

    def run(self, operation, wish):
        rows = self.tables[wish["TableName"]]
        if self.throttled:
            self.refused += 1
            return 400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}
        if operation == "PutItem":
            item = wish["Item"]
            key = item.get("MessageID", item.get("ConnectionID"))["S"]
            values = wish.get("ExpressionAttributeValues")
            old = rows.get(key)
            if values and old and int(old["ExpiresAt"]["N"]) > int(values[":now"]["N"]) and old["Claim"] != values[":own"]:
                return 400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}
            rows[key] = item
            return 200, {}
        if operation == "GetItem":
            item = rows.get(next(iter(wish["Key"].values()))["S"])
            return 200, {"Item": item} if item else {}
        if operation == "DeleteItem":
            rows.pop(next(iter(wish["Key"].values()))["S"], None)
            return 200, {}
        return 200, {"Items": list(rows.values())}


class Operation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, {})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            status, answer = self.server.run(self.headers["X-Amz-Target"].split(".")[1], body)
        self.answer(status, answer)

    def answer(self, status, answer):
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextlib.contextmanager
def chain(*options):
    """The whole chain: socket, stage, runtime API, our function, a table, a signed post, stage, socket."""
    table = Table()
    routes = [word for route in ("$connect", "$disconnect", "$default", "sendMessage") for word in ("--function", f"{route}={BOOTSTRAP}")]
    with Stage(*routes, *options, AWS_ENDPOINT_URL_DYNAMODB=table.url, DYNAMOWAVE_TABLE="Connections", DYNAMOWAVE_CLAIMS="Claims") as stage:
        yield stage, table
    table.shutdown()
    table.server_close()


def test_chain():
    """Our own function: a client that connects gets a row, a greeting, and the messages; one that leaves loses its row"""
    async def talk(url, table):
        async with websockets.connect(url) as ada, websockets.connect(url) as bo:
            await ada.send("who am I")
            greeting = await hear(ada)
            assert greeting["message"] == "Connected" and greeting["features"] == ["sender", "id", "sentAt"], greeting
            assert set(table.tables["Connections"]) > {greeting["connectionId"]} and len(table.tables["Connections"]) == 2, table.tables
            await ada.send(json.dumps({"action": "sendMessage", "message": "hello", "id": "1", "sender": "Ada"}))
            for socket in (ada, bo):
                frame = await hear(socket)
                assert frame["message"] == "hello" and frame["id"] == "1", frame
            await ada.send(json.dumps({"action": "sendMessage", "message": "hello", "id": "1", "sender": "Ada"}))
            assert (await hear(ada))["id"] == "1"
            await bo.send(json.dumps({"action": "sendMessage", "message": "the end"}))
            assert (await hear(bo))["message"] == "the end"
            assert (await hear(ada))["message"] == "the end"
    with chain() as (stage, table):
        asyncio.run(talk(stage.url, table))
        until("the table to be empty", lambda: not table.tables["Connections"])


def test_chain_rows():
    """A row whose connection is gone is removed by the next broadcast, and a foreign row does no harm"""
    async def talk(url, table):
        async with websockets.connect(url) as ada:
            table.tables["Connections"]["R1kmxc2VNjMCFIA="] = {"ConnectionID": {"S": "R1kmxc2VNjMCFIA="}, "Timestamp": {"N": "1"}}
            table.tables["Connections"]["x"] = {"ConnectionID": {"S": "../../x"}, "Timestamp": {"N": "1"}}
            await ada.send(json.dumps({"action": "sendMessage", "message": "hello"}))
            assert (await hear(ada))["message"] == "hello"
            until("the row to go", lambda: "R1kmxc2VNjMCFIA=" not in table.tables["Connections"])
    with chain() as (stage, table):
        asyncio.run(talk(stage.url, table))


def test_chain_throttled():
    """A table that throttles for a while delays messages and loses none"""
    async def talk(url, table):
        async with websockets.connect(url) as ada:
            table.throttled = True
            await ada.send(json.dumps({"action": "sendMessage", "message": "late", "id": "1"}))
            await asyncio.sleep(1)
            table.throttled = False
            assert (await hear(ada))["message"] == "late"
    with chain() as (stage, table):
        asyncio.run(talk(stage.url, table))


def bootstraps(stage):
    children = Path(f"/proc/{stage.process.pid}/task/{stage.process.pid}/children").read_text(encoding="ascii").split()
    return [int(pid) for pid in children if is_alive(pid)]


def test_chain_killed():
    """Numbered messages while functions are killed: each one that came back to its sender reached everybody"""
    async def talk(stage):
        heard = []
        async with websockets.connect(stage.url) as ada, websockets.connect(stage.url) as bo:
            waiting = {f"m{number}" for number in range(MESSAGES)}

            async def listen():
                while True:
                    frame = await hear(bo)
                    if "id" in frame:
                        heard.append(frame["id"])

            async def echoes():
                while waiting:
                    frame = json.loads(await ada.recv())
                    waiting.discard(frame.get("id"))

            listener, echo = asyncio.ensure_future(listen()), asyncio.ensure_future(echoes())
            kills = 0
            end = time.monotonic() + 120
            while waiting and time.monotonic() < end:
                for number, name in enumerate(sorted(waiting)[:200]):
                    await ada.send(json.dumps({"action": "sendMessage", "message": name, "id": name}))
                    await asyncio.sleep(0.2 if SANITIZED else 0.002)
                    if number % (MESSAGES // 25 if SANITIZED else 40) == 0 and kills < KILLS:
                        victims = bootstraps(stage)
                        kills += bool(victims)
                        with contextlib.suppress(ProcessLookupError):
                            for victim in victims[kills % max(len(victims), 1):][:1]:
                                os.kill(victim, signal.SIGKILL)
                await asyncio.sleep(0.2)
            listener.cancel()
            echo.cancel()
            assert not waiting and kills >= KILLS * 3 // 4, (len(waiting), kills, stage.output()[-2000:])
        return heard
    with chain("--function-concurrency", "20", "--function-timeout", str(PATIENCE)) as (stage, table):
        heard = asyncio.run(talk(stage))
        # A killed function may already have posted: its message is repeated under the same id.
        assert len(set(heard)) == MESSAGES and len(heard) <= MESSAGES + KILLS, (len(heard), len(set(heard)))
        until("the table to be empty", lambda: not table.tables["Connections"])


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/aws/functions")
