# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the test_* functions of a module and reports them as TAP. Arguments choose among them by a part of the name, and
-p by a path, as GLib's own tests take it."""

import sys
import traceback


def run(module, prefix):
    tests = [(name, function) for name, function in vars(module).items() if name.startswith("test_")]
    wanted = [argument.removeprefix(f"{prefix}/").replace("-", "_") for argument in sys.argv[1:] if argument != "-p"]
    if wanted:
        tests = [(name, function) for name, function in tests if any(word in name for word in wanted)]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        title = (function.__doc__ or name).strip().splitlines()[0]
        try:
            function()
            print(f"ok {number} {prefix}/{name[5:]} {title}", flush=True)
        except Exception:  # a failure of any kind is reported and the rest still runs
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
            print(f"not ok {number} {prefix}/{name[5:]} {title}", flush=True)
    sys.exit(1 if failed else 0)
