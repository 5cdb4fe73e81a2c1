#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""1,000 broadcasts a second for 20 s into a visible window: how long an event waits at most, and whether all arrive."""

import os
import re
import signal
import sqlite3
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "window"))
from driver import App, until  # noqa: E402
from servers import Server  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = 20
A_SECOND = 1000
TICK = 0.05


def flood(server):
    """In steps of 50 ms, as near to the pace as Python keeps; returns how long it took."""
    start = time.monotonic()
    sent = 0
    while sent < SECONDS * A_SECOND:
        due = min(SECONDS * A_SECOND, int((time.monotonic() - start) * A_SECOND))
        server.send(*[f'{{"message":"m{number:05d} {"word " * (number % 30)}"}}' for number in range(sent, due)])
        sent = due
        time.sleep(TICK)
    return time.monotonic() - start


def saved(data):
    database = sqlite3.connect(f"file:{data}/dynamowave-chat/history.sqlite?mode=ro", uri=True)
    rows = [text.split()[0] for (text,) in database.execute("SELECT text FROM lines WHERE kind = 0 ORDER BY line")]
    database.close()
    return rows


def measure():
    server = Server()
    with tempfile.TemporaryDirectory() as data:
        app = App(server.url, data=data)
        app.wait_for_status("Online")
        app.process.send_signal(signal.SIGUSR1)
        took = flood(server)
        app.wait_for_row(f"m{SECONDS * A_SECOND - 1:05d}")
        app.process.send_signal(signal.SIGUSR2)
        until("the figure", lambda: "worst gap" in app.output())
        gap = float(re.search(r"worst gap ([\d.]+)", app.output()).group(1))
        app.quit()
        whole = saved(data) == [f"m{number:05d}" for number in range(SECONDS * A_SECOND)]
    server.close()
    return gap, took, whole


def main(program):
    os.environ["DYNAMOWAVE_CHAT"] = program
    figures = [measure() for _ in range(ROUNDS)]
    gaps = [gap for gap, _, _ in figures]
    lost = sum(not whole for _, _, whole in figures)
    print(f"{A_SECOND:,} broadcasts a second for {statistics.median(took for _, took, _ in figures):.1f} s into a visible window: "
          f"longest main-loop gap {statistics.median(gaps):.0f} ms, worst of {ROUNDS} {max(gaps):.0f} ms (at most 100); "
          f"{'every row kept, in order' if not lost else f'rows lost in {lost} runs'}")
    sys.exit(0 if statistics.median(gaps) <= 100 and not lost else 1)


if __name__ == "__main__":
    main(sys.argv[1])
