#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flood into a visible window while somebody types: 1,000 broadcasts a second for 20 s, then a million at line speed.
Measures the longest time an event waits, how long a letter takes to reach the screen, the memory, and whether
everything is saved in order."""

import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "window"))
from driver import until  # noqa: E402
from servers import Flooder  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = 20
A_SECOND = 1000
MILLION = int(os.environ.get("BENCH_FRAMES", "1000000"))
TICK = 0.05
PATIENCE = 90


def steady(number):
    return f'{{"message":"m{number:07d} {"word " * (number % 30)}"}}'


def short(number):
    text = f'{{"message":"m{number:07d}'
    return text + "x" * (60 - len(text) - 2) + '"}'


def pace(server):
    """In steps of 50 ms, as close to the pace as Python gets."""
    start = time.monotonic()
    sent = 0
    while sent < SECONDS * A_SECOND:
        due = min(SECONDS * A_SECOND, int((time.monotonic() - start) * A_SECOND))
        server.pour([steady(number) for number in range(sent, due)])
        sent = due
        time.sleep(TICK)


def history(data):
    return sqlite3.connect(f"file:{data}/dynamowave-chat/history.sqlite?mode=ro", uri=True)


def is_saved(data, text):
    """Whether this is the text of the newest message."""
    database = history(data)
    row = database.execute("SELECT text FROM lines WHERE kind = 0 ORDER BY line DESC LIMIT 1").fetchone()
    database.close()
    return row is not None and row[0].startswith(text)


def is_whole(data, count):
    database = history(data)
    rows = database.execute("SELECT text FROM lines WHERE kind = 0 ORDER BY line")
    whole = all(row is not None and int(row[0][1:8]) == number
                for number, row in zip(range(count), iter(rows.fetchone, 0)))
    whole = whole and rows.fetchone() is None
    database.close()
    return whole


def memory(process, what):
    with open(f"/proc/{process.pid}/status") as status:
        return int(next(line for line in status if line.startswith(what)).split()[1]) / 1024


class Window:
    """The program with a watch on its main loop. There is no screen reader, whose cost would count as the window's."""

    def __init__(self, program, url, data):
        self.log = tempfile.TemporaryFile()
        environment = {**os.environ, "XDG_DATA_HOME": data, "GTK_A11Y": "none", "G_DEBUG": "fatal-warnings"}
        self.process = subprocess.Popen([program, url], env=environment, stdout=subprocess.DEVNULL, stderr=self.log)

    def output(self):
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode(errors="replace")

    def watch(self, signal_number):
        assert self.process.poll() is None, self.output()
        self.process.send_signal(signal_number)

    def figures(self):
        self.watch(signal.SIGUSR2)
        until("the figures", lambda: "worst gap" in self.output())
        return tuple(map(float, re.search(r"worst gap ([\d.]+), own ([\d.]+), \d+ echoes, median ([\d.]+), worst ([\d.]+)",
                                          self.output()).groups()))

    def quit(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def measure(program, count, write):
    """The figures of one flood: the gap, the echo (median and longest), the time until all was sent and until it was
    saved, the memory, and whether it is complete."""
    server = Flooder()
    with tempfile.TemporaryDirectory() as data:
        window = Window(program, server.url, data)
        until("a client that is online", lambda: server.probes > 0)
        time.sleep(2)  # a new window's own work is not measured
        with open(f"/proc/{window.process.pid}/clear_refs", "w") as references:
            references.write("5")
        before = memory(window.process, "VmRSS")
        window.watch(signal.SIGUSR1)
        start = time.monotonic()
        write(server)
        sent = time.monotonic() - start
        try:
            until("all to be saved", lambda: is_saved(data, f"m{count - 1:07d}"), PATIENCE)
        except AssertionError:
            print(window.output(), history(data).execute("SELECT kind, text FROM lines ORDER BY line DESC LIMIT 3").fetchall(),
                  history(data).execute("SELECT kind, count(*) FROM lines GROUP BY kind").fetchall(), file=sys.stderr)
            raise
        took = time.monotonic() - start
        time.sleep(2)  # the window adds all rows again
        figures = window.figures()
        more = memory(window.process, "VmHWM") - before
        window.quit()
        whole = is_whole(data, count)
    server.close()
    return *figures, sent, took, more, whole


def tail(count):
    """How long the client without a window takes to print as many messages."""
    server = Flooder()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([os.environ["DYNAMOWAVE_CLI"], "tail", server.url, "--count", str(count)],
                                   stdout=output)
        until("a client", lambda: server.clients)
        time.sleep(0.5)
        texts = [short(number) for number in range(count)]
        start = time.monotonic()
        server.pour(texts)
        process.wait(PATIENCE)
        took = time.monotonic() - start
    server.close()
    return took


def report(what, figures):
    gaps, owns, medians, worsts, sents, tooks, mores, wholes = zip(*figures)
    lost = len(wholes) - sum(wholes)
    print(f"{what}: longest main-loop gap {statistics.median(gaps):.0f} ms, worst of {len(gaps)} {max(gaps):.0f} ms (at most 50), "
          f"{statistics.median(owns):.0f} ms of it at work; "
          f"a letter is on the screen after {statistics.median(medians):.0f} ms, {statistics.median(worsts):.0f} ms at most; "
          f"sent after {statistics.median(sents):.1f} s, saved after {statistics.median(tooks):.1f} s; "
          f"{max(mores):.0f} MiB more at most; {'every row kept, in order' if not lost else f'rows lost in {lost} runs'}",
          flush=True)
    return statistics.median(gaps) <= 50 and not lost


def main(program):
    steady_figures = [measure(program, SECONDS * A_SECOND, pace) for _ in range(ROUNDS)]
    good = report(f"{A_SECOND:,} a second for {SECONDS} s", steady_figures)
    texts = [short(number) for number in range(MILLION)]
    flood_figures = [measure(program, MILLION, lambda server: server.pour(texts)) for _ in range(ROUNDS)]
    good &= report(f"{MILLION:,} at line speed", flood_figures)
    plain = statistics.median(tail(MILLION) for _ in range(ROUNDS))
    window = statistics.median(figures[5] for figures in flood_figures)
    print(f"dynamowave-cli tail: {plain:.1f} s; the window saves as many in {window / plain:.1f} times that (at most 4), "
          f"{MILLION / window:,.0f} rows a second (at least 25,000)")
    more = max(figures[6] for figures in flood_figures)
    good &= more <= 64 and window <= 4 * plain and MILLION / window >= 25000
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv[1])
