#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window with all that AWS consists of: stage, runtime API, our Lambda function, a table, signed posts."""

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

import tap
import websockets
from driver import until
from running import running

HERE = Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("functions", HERE.parent / "aws" / "test-functions.py")
functions = importlib.util.module_from_spec(spec)
spec.loader.exec_module(functions)

MESSAGES = 40 if functions.SANITIZED else 1000


def kept(app, profile):
    """How often each message of the other sender is in the history."""
    path = Path(app.data) / "dynamowave-chat" / "profiles" / profile / "history.sqlite"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return dict(database.execute("SELECT text, count(*) FROM lines WHERE text LIKE 'number %' GROUP BY text").fetchall())


async def number_off(stage):
    """Sends numbered messages, each until it comes back, while functions are killed and frozen."""
    async with websockets.connect(stage.url) as socket:
        waiting = {f"n{number}": f"number {number}" for number in range(MESSAGES)}

        async def listen():
            while waiting:
                waiting.pop(json.loads(await socket.recv()).get("id"), None)
        listener = asyncio.ensure_future(listen())
        end, hits = time.monotonic() + 150, 0
        while waiting and time.monotonic() < end:
            for count, (key, text) in enumerate(sorted(waiting.items())[:150]):
                await socket.send(json.dumps({"action": "sendMessage", "message": text, "id": key, "sender": "Numbers"}))
                await asyncio.sleep(0.2 if functions.SANITIZED else 0.004)
                victims = functions.bootstraps(stage)
                if count % (10 if functions.SANITIZED else 50) == 9 and hits < 12 and victims:
                    hits += 1
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(victims[hits % len(victims)], signal.SIGSTOP if hits % 3 == 0 else signal.SIGKILL)
            await asyncio.sleep(0.3)
        listener.cancel()
        assert not waiting and hits >= 3, (len(waiting), hits)


def test_two_people():
    """Functions are killed and the table throttles: each number arrives once, and a client that leaves loses its row"""
    with functions.chain("--function-concurrency", "20", "--function-timeout", str(2 * functions.PATIENCE)) as (stage, table):
        with running(stage.url, profile="Ada") as ada, running(stage.url, profile="Eve") as eve:
            ada.wait_for_status("Online")
            eve.wait_for_status("Online")
            ada.say("hello Eve")
            eve.wait_for_row("Ada", "hello Eve")
            ada.wait_for_row("You", "hello Eve", "delivered")
            for pid in functions.bootstraps(stage):
                os.kill(pid, signal.SIGKILL)
            eve.say("still there")
            ada.wait_for_row("Eve", "still there")
            table.throttled = True
            ada.say("this takes a while")
            until("the table to refuse some", lambda: table.refused >= 3)
            table.throttled = False
            eve.wait_for_row("Ada", "this takes a while")
            ada.wait_for_row("You", "this takes a while", "delivered")
            asyncio.run(number_off(stage))
            wanted = {f"number {number}": 1 for number in range(MESSAGES)}
            for app, profile in ((ada, "Ada"), (eve, "Eve")):
                until(f"all numbers at {profile}", lambda app=app, profile=profile: kept(app, profile) == wanted, 60)
        until("the table to be empty", lambda: not table.tables["Connections"], 30)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-chain")
