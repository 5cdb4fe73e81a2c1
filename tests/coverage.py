#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the sources a run in a build with -Db_coverage=true has seen, as a table: coverage.py BUILD."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Below this a file is listed by itself.
ENOUGH = 80


def place_of(name):
    """The folder of a source, such as client/store. Those of the wing itself are under its own name."""
    return "/".join(name.split("/")[1:-1]) or "main"


def table(files):
    """Lines, of each folder and of all: [(folder, files, lines, seen)]."""
    sums = defaultdict(lambda: [0, 0, 0])
    for name, lines, seen in files:
        for place in (place_of(name), "all"):
            for index, value in enumerate((1, lines, seen)):
                sums[place][index] += value
    return [(place, *sums[place]) for place in sorted(sums, key=lambda place: (place == "all", place))]


def share(lines, seen):
    return 100 * seen / lines if lines else 100


def show(files):
    print(f"{'folder':24} {'files':>5} {'lines':>6} {'run':>6}")
    for place, number, lines, seen in table(files):
        print(f"{place:24} {number:5} {lines:6} {share(lines, seen):5.1f}%")
    print(f"\nunder {ENOUGH}%:")
    for name, lines, seen in sorted(files, key=lambda file: share(file[1], file[2])):
        if share(lines, seen) < ENOUGH:
            print(f"{name:48} {lines:6} {share(lines, seen):5.1f}%")


def read(build):
    """What gcovr counts: [(source, lines, seen)]."""
    done = subprocess.run(["gcovr", "--root", ROOT, "--object-directory", build, "--filter", r"src/.*\.c$", "--json-summary", "-"],
                          cwd=ROOT, capture_output=True, text=True, check=True, timeout=1200)
    return [(file["filename"], file["line_total"], file["line_covered"]) for file in json.loads(done.stdout)["files"] if file["line_total"]]


if __name__ == "__main__":
    show(read(Path(sys.argv[1]).resolve()))
