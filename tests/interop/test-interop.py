#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our stage with foreign clients, and our client with a foreign stage. Run by ./dev interop, after npm has installed
what package.json lists."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import websockets

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "window"))
import tap  # noqa: E402

CLI, STAGE = os.environ["DYNAMOWAVE_CLI"], os.environ["DYNAMOWAVE_STAGE"]
KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
DEADLINE = 90


@contextlib.contextmanager
def running(command, **options):
    """A program that is killed after the test, with its process group."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, **options)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(DEADLINE)
        process.stdout.close()


@contextlib.contextmanager
def stage(*options):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/key", "w", encoding="utf-8") as file:
            file.write("\n".join(KEY) + "\n")
        with running([STAGE, "--management-key-file", f"{folder}/key", *options], stderr=subprocess.DEVNULL) as process:
            yield process.stdout.readline().strip()


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for_port(port, process):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        assert process.poll() is None, f"it ended with {process.returncode}"
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.2)
    raise AssertionError(f"nothing listens on {port}")


@contextlib.contextmanager
def seed(variant, table, ports):
    """serverless-offline with the handlers of one deployed variant."""
    http, websocket, lambdas = ports
    environment = {**os.environ, "VARIANT": variant, "HTTP_PORT": str(http), "WEBSOCKET_PORT": str(websocket), "LAMBDA_PORT": str(lambdas),
                   "DYNAMODB_URL": table, "GATEWAY_URL": f"http://127.0.0.1:{websocket}", "SLS_TELEMETRY_DISABLED": "1",
                   "SLS_NOTIFICATIONS_MODE": "off", "SLS_INTERACTIVE_SETUP_ENABLE": "0", "AWS_ACCESS_KEY_ID": KEY[0],
                   "AWS_SECRET_ACCESS_KEY": KEY[1]}
    command = ["node", str(HERE / "node_modules/serverless/bin/serverless.js"), "offline", "start", "--host", "127.0.0.1"]
    with running(command, cwd=HERE / "seed", env=environment, stderr=subprocess.DEVNULL) as process:
        wait_for_port(websocket, process)
        yield f"ws://127.0.0.1:{websocket}"


@contextlib.contextmanager
def table():
    with running(["node", str(HERE / "table.mjs")], cwd=HERE) as process:
        yield process.stdout.readline().strip()


class Tail:
    """Our client; its events can be waited for."""

    def __init__(self, url):
        self.process = subprocess.Popen([CLI, "tail", url, "--policy", "base=100,cap=500", "--timeout", str(DEADLINE)], stdout=subprocess.PIPE, text=True)
        self.events = []

    def until(self, **wanted):
        while True:
            line = self.process.stdout.readline()
            assert line, f"the client ended after {self.events[-4:]}"
            self.events.append(json.loads(line))
            if all(self.events[-1].get(key) == value for key, value in wanted.items()):
                return self.events[-1]

    def end(self):
        self.process.terminate()
        self.process.wait(DEADLINE)
        self.process.stdout.close()


def send(url, text, status=0):
    done = subprocess.run([CLI, "send", url, text], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)


def test_sdk():
    """The AWS SDK posts to, looks up and deletes one of our connections, signed with SigV4, and gets GoneException"""
    with stage() as url:
        done = subprocess.run(["node", "manage.mjs", url, *KEY], cwd=HERE, capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.stdout == "ok\n", done.stdout + done.stderr


def test_wscat():
    """wscat connects, sends and sees the broadcast"""
    with stage() as url:
        # It exits when its standard input is closed.
        with running(["node", "node_modules/wscat/bin/wscat", "-c", url, "-w", "3", "-x", '{"action":"sendMessage","message":"from wscat"}'],
                     cwd=HERE, stdin=subprocess.PIPE) as process:
            printed = process.stdout.read()
            process.stdin.close()
        assert '{"message":"from wscat"}' in printed, printed


# Each breaks a different wrong encoding.
TOKENS = ("a+b/c==&d=1%2Be", "S3CR3T+/=canary", "50% off? #1 & more", "%zz", "t\u00f6k\u00e9n \u7d42\u308f\u308a \U0001f511", "~._-!$'()*,;:@[]{}|\\^`\"<>")


def test_tokens_to_node():
    """AG-6: Node's ws receives each token byte for byte after one decode, whichever way it is sent"""
    with running(["node", "tokens.mjs"], cwd=HERE) as process, tempfile.TemporaryDirectory() as folder:
        url = json.loads(process.stdout.readline())["url"]

        def shown(*arguments, path="/prod"):
            done = subprocess.run([CLI, "tail", url + path, "--timeout", "1", *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False)
            assert done.returncode == 3, done
            while True:
                words = json.loads(process.stdout.readline())
                if words["target"].split("?")[0] == path.split("?")[0]:
                    return words

        for number, token in enumerate(TOKENS):
            file, headers = Path(folder) / "token", Path(folder) / "headers"
            file.write_text(token, encoding="utf-8")
            headers.write_text(f"x-api-key: {token}\n", encoding="utf-8")
            # Each at a path of its own, since a client retries.
            words = shown("--token-file", str(file), "--token-parameter", "token", path=f"/{number}a")
            assert words["token"] == token, (token, words)
            words = shown("--token-file", str(file), path=f"/{number}b")
            assert words["authorization"] == f"Bearer {token}", (token, words)
            words = shown("--header-file", str(headers), path=f"/{number}c")
            assert words["key"] == token, (token, words)
        words = shown("--protocol", "a+b~c%2E#d", path="/d")
        assert words["protocol"] == "a+b~c%2E#d", words
        for number, typed in enumerate(("pr%6Fd?token=%7e%41%2f+x/==&b", "a/../%2e/?a=%ff&&")):
            words = shown(path=f"/{number}/{typed}")
            assert words["target"] == f"/{number}/{typed}", words


def test_tokens_from_node():
    """AG-6: our stage accepts each token from Node's ws, however it is encoded, and no other"""
    for token in TOKENS:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "token").write_text(token, encoding="utf-8")
            with stage("--token-file", f"{folder}/token") as url:
                done = subprocess.run(["node", "tokens.mjs", url, token], cwd=HERE, capture_output=True, text=True, timeout=DEADLINE, check=False)
                assert json.loads(done.stdout) == ["open", "open", "open", "403"], (token, done)


def check_variant(variant):
    ports = free_ports(3)
    with table() as address:
        with seed(variant, address, ports) as url:
            tail = Tail(url)
            try:
                tail.until(kind="state", state="online")
                send(url, f"hello {variant}")
                assert tail.until(kind="message")["text"] == f"hello {variant}"
            except BaseException:
                tail.end()
                raise
        # It is killed, and comes back at the same address.
        try:
            tail.until(kind="state", state="waiting")
            with seed(variant, address, ports) as url:
                tail.until(kind="state", state="online")
                send(url, "after the restart")
                assert tail.until(kind="message")["text"] == "after the restart"
        finally:
            tail.end()


def test_documented_variant():
    """serverless-offline with the documented handlers: notification, broadcast with echo, reconnect"""
    check_variant("documented")


def test_raw_variant():
    """serverless-offline with the other deployed variant: raw text, without echo, reconnect"""
    check_variant("raw")


def test_template():
    """The stage's template passes AWS's own schema, and our own rules"""
    done = subprocess.run(["node", "template.mjs"], cwd=HERE, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.stdout.startswith("ok "), done.stdout + done.stderr


def runtime_client(handler, pid_file="/dev/null"):
    """A command for --function: AWS's own client of the runtime API, with a handler of runtime-client.mjs."""
    return f"sh -c 'cd \"{HERE}\" && PID_FILE=\"{pid_file}\" exec node node_modules/aws-lambda-ric/bin/index.mjs runtime-client.{handler}'"


def test_runtime_client():
    """AWS's runtime interface client for Node, with a real handler, behind a route: events, failures, crashes and time-outs"""
    async def talk(url, pid_file=None):
        async with websockets.connect(url, open_timeout=DEADLINE) as client:
            async def ask(what, route="handle"):
                await client.send(json.dumps({"action": route, "what": what}))
                return json.loads(await asyncio.wait_for(client.recv(), DEADLINE))

            first = await ask("tell")
            assert first["count"] == 1 and first["route"] == "handle" and 0 < first["left"] <= 4000, first
            assert first["name"] == "dynamowave-handle" and first["arn"].startswith("arn:aws:lambda:us-east-1:"), first
            assert first["arn"].endswith(":function:dynamowave-handle"), first
            assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", first["trace"]), first
            # It is given the next event once it has asked for one.
            again = await steady(ask, first["pid"])
            assert again["count"] > 1 and again["id"] != first["id"] and again["trace"] != first["trace"], (first, again)
            assert (await ask("throw"))["message"] == "Internal server error"
            assert (await steady(ask, first["pid"]))["pid"] == first["pid"]
            for what in ("exit", "uncaught", "hang", "large"):
                begun = time.monotonic()
                assert (await ask(what))["message"] == "Internal server error", what
                assert time.monotonic() - begun < 10, what
                pid = int(pid_file.read_text(encoding="ascii"))
                if what == "large":
                    await steady(ask, pid)
                else:
                    await gone(pid, what)
                assert (await ask("tell"))["pid"] > 0
            assert await ask("tell", "callBack") == "called back"

    async def steady(ask, pid):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            told = await ask("tell")
            if told["pid"] == pid:
                return told
        raise AssertionError("its process was not used again")

    async def gone(pid, what):
        end = time.monotonic() + DEADLINE
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < end, f"the process outlived {what}"
            await asyncio.sleep(0.05)

    with tempfile.TemporaryDirectory() as folder:
        pid_file = Path(folder, "pid")
        routes = [word for route, handler in (("$connect", "connect"), ("handle", "handle"), ("callBack", "callBack"))
                  for word in ("--function", f"{route}={runtime_client(handler, pid_file)}", "--two-way", route)]
        with stage(*routes, "--function-timeout", "4") as url:
            asyncio.run(talk(url, pid_file))
    # A handler that is not there is told by way of init/error.
    with stage("--function", f"$connect={runtime_client('nothing')}") as url:
        try:
            asyncio.run(talk(url))
            raise AssertionError("it connected without a handler")
        except websockets.InvalidStatusCode as error:
            assert error.status_code == 502, error.status_code


def chain(kind, *alone):
    done = subprocess.run([*alone, sys.executable, HERE / "chain.py", kind], cwd=HERE, capture_output=True, text=True, timeout=5 * DEADLINE, check=False)
    assert done.stdout == "ok\n", done.stdout[-4000:] + done.stderr[-4000:]


def test_chain():
    """The whole chain with dynalite and injected faults: for our function, and for one with AWS's SDK for JavaScript"""
    chain("dynalite")


def test_chain_local():
    """The same with AWS's own DynamoDB Local, in a network of its own"""
    chain("local", "unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


def test_aws_local():
    """./dev aws local prints an address, and what is sent there comes back through the function and its table"""
    environment = {**os.environ, "BUILD": os.environ["DYNAMOWAVE_BUILD"]}
    with running(["./dev", "aws", "local", "--listen", "127.0.0.1:0"], cwd=HERE.parents[1], env=environment, stderr=subprocess.DEVNULL) as process:
        url = process.stdout.readline().strip()
        assert url.startswith("ws://127.0.0.1:"), url
        done = subprocess.run([CLI, "send", "--timeout=30", url, "hello"], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode == 0 and '"delivered"' in done.stdout, done.stdout + done.stderr


def test_simulation():
    """The simulated time of a broadcast is within a fifth of the measured one"""
    done = subprocess.run([sys.executable, HERE / "simulation.py", os.environ["DYNAMOWAVE_BOOTSTRAP"]], capture_output=True, text=True,
                          timeout=3 * DEADLINE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/interop/interop")
