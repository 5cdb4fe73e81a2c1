# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the test_* functions of a module and reports them as TAP. Arguments select tests by a part of their name, and -p
by a path, as in GLib's own tests."""

import signal
import sys
import time
import traceback

# A limit for each case, even on a busy machine and under a sanitizer; meson ends most programs after 300 s.
CASE_SECONDS = 280

# A case that takes as long says how long, so that slow ones can be found in the log.
TOLD_SECONDS = 1


class Late(BaseException):
    """A case hangs. Derived from BaseException so that no test catches it; its traceback says where it hung."""


def late(number, frame):
    raise Late(f"the case took more than {CASE_SECONDS} s")


def run(module, prefix):
    tests = [(name, function) for name, function in vars(module).items() if name.startswith("test_")]
    wanted = [argument.removeprefix(f"{prefix}/").replace("-", "_") for argument in sys.argv[1:] if argument != "-p"]
    if wanted:
        tests = [(name, function) for name, function in tests if any(word in name for word in wanted)]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    signal.signal(signal.SIGALRM, late)
    for number, (name, function) in enumerate(tests, 1):
        title = (function.__doc__ or name).strip().splitlines()[0]
        started = time.monotonic()
        try:
            signal.alarm(CASE_SECONDS)
            function()
            signal.alarm(0)
            if (took := time.monotonic() - started) >= TOLD_SECONDS:
                print(f"# {took:.1f} s")
            print(f"ok {number} {prefix}/{name[5:]} {title}", flush=True)
        except (Exception, Late):  # a failure of any kind is reported and the rest still runs
            signal.alarm(0)
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
            print(f"not ok {number} {prefix}/{name[5:]} {title}", flush=True)
    sys.exit(1 if failed else 0)
