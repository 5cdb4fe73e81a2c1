#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store next to plain sqlite3 doing the same, in one run, and with 1,000,000 messages."""

import os
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 5
ROWS = 60_000
MANY = 1_000_000


def measure(*command):
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
    return [float(number) for number in output.split()]


def main(program):
    rates = {"plain": [], "ours": []}
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        for number in range(ROUNDS):
            for mode in rates:
                path = f"{folder}/{mode}-{number}"
                rates[mode].append(measure(program, mode, path, str(ROWS))[0])
                os.unlink(path)
        plain, ours = (statistics.median(rates[mode]) for mode in ("plain", "ours"))
        many, empty = f"{folder}/many", f"{folder}/empty"
        measure(program, "plain", many, str(MANY))
        page, *searches = measure(program, "read", many, str(MANY))
        models = [measure(program, "model", many) for _ in range(3)]
        none = [measure(program, "model", empty) for _ in range(3)]
        size = os.path.getsize(many) / MANY
    items, full, opened = (statistics.median(column) for column in zip(*models))
    bare = statistics.median(column[1] for column in none)
    words = ("a word", "two words", "a word of every message", "a word and a beginning", "a word that is not there",
             "a part of a word", "a part that is nowhere")
    print(f"rows a second in batches of 100, with full-text search, medians of {ROUNDS}: plain sqlite3 {plain:,.0f}, "
          f"store {ours:,.0f}; {ours / plain:.2f} (at least 30,000, or 0.85)")
    print(f"over {MANY:,} messages, {size:.0f} bytes each: a page of 200 in {page:.2f} ms (at most 1)")
    for word, time in zip(words, searches):
        print(f"  the newest 50 hits of {word}: {time:.2f} ms (at most {300 if 'part' in word else 5})")
    print(f"a model of {items:,.0f} lines read from end to end: {full:.1f} MiB, an empty one {bare:.1f} MiB; "
          f"{full - bare:.1f} MiB more (at most 16); open after {opened:.1f} ms")
    good = ((ours >= 30_000 or ours / plain >= 0.85) and page <= 1 and all(time <= 5 for time in searches[:-2])
            and all(time <= 300 for time in searches[-2:]) and full - bare <= 16)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv[1])
