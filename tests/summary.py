#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the test cases of the last runs, says why cases failed, and ends with “N passed, N failed”.

meson's own report, testlog.junit.xml, is not enough: it shows no failure for a program that crashes, hangs or leaks after
its last good case, nor for a skipped check."""

import json
import re
import sys
from pathlib import Path


# How many lines of a failed case are shown; a run on another machine leaves nothing else to look at.
REASON = 25


def reasons(program, output):
    """What each failed case of a program printed before its verdict, and the end of its standard error."""
    said = []
    for line in output.splitlines():
        if line.startswith("not ok"):
            yield [line] + said[-REASON:]
        said = [] if re.match(r"(not )?ok ", line) else said + [line]
    if program["result"] != "OK":
        yield program.get("stderr", "").splitlines()[-REASON:]


def count(build):
    passed = failed = 0
    log = Path(build) if build.endswith(".json") else Path(build) / "meson-logs" / "testlog.json"
    for line in log.read_text(encoding="utf-8").splitlines():
        program = json.loads(line)
        output = program.get("stdout", "")
        cases = re.findall(r"^(not ok|ok) \d+ ?(.*)$", output, re.M)
        plan = re.search(r"^1\.\.(\d+)", output, re.M)
        # A skipped check is a failure: whatever a test needs is installed.
        bad = [name for verdict, name in cases if verdict != "ok" or re.search(r"# (SKIP|TODO)", name, re.I)]
        good = len(cases) - len(bad)
        # A program that crashed, was stopped or printed no plan left cases out.
        lost = max(int(plan.group(1)) - len(cases), 0) if plan else 1
        if program["result"] != "OK" and not bad and not lost:
            lost = 1
        passed += good
        failed += len(bad) + lost
        for name in bad + [f"{lost} not reported"] * (lost > 0):
            print(f"failed: {program['name']}: {name}")
        if bad or lost:
            for lines in reasons(program, output):
                print("\n".join(f"    {text[:400]}" for text in lines))
    return passed, failed


if __name__ == "__main__":
    totals = [count(build) for build in sys.argv[1:]]
    total_passed = sum(passed for passed, _ in totals)
    total_failed = sum(failed for _, failed in totals)
    print(f"{total_passed} passed, {total_failed} failed")
    sys.exit(1 if total_failed or not total_passed else 0)
