#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the test cases of the last runs and ends with “N passed, N failed”."""

import json
import re
import sys
from pathlib import Path


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
    return passed, failed


if __name__ == "__main__":
    totals = [count(build) for build in sys.argv[1:]]
    total_passed = sum(passed for passed, _ in totals)
    total_failed = sum(failed for _, failed in totals)
    print(f"{total_passed} passed, {total_failed} failed")
    sys.exit(1 if total_failed or not total_passed else 0)
