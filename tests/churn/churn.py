#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of clients a second connect and disconnect in every way, while two others talk.

Afterwards the stage still answers, uses no more memory than before, and the two have missed no message. Usage: churn.py SECONDS
SECONDS-WITH-TLS SEED"""

import os
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / "hostile"), str(Path(__file__).resolve().parent.parent / "window")]
from peers import SANITIZED, Conversation, stage, until  # noqa: E402

CHURN = os.environ["DYNAMOWAVE_CHURN"]
# Seconds to warm up, in which buffers grow to their size.
WARM = 2
# In KiB. A sanitizer keeps freed memory.
GROWTH = 64 * 1024 if SANITIZED else 6 * 1024
# In seconds; generous, since the stage shares the machine with the churn and whatever else runs.
LATE = 8 if SANITIZED else 3


def churn(local, seconds, seed):
    done = subprocess.run([CHURN, str(local.port), str(seconds), str(seed), *(["tls"] if local.tls else [])],
                          capture_output=True, text=True, timeout=seconds + 120, check=False)
    for line in done.stdout.splitlines():
        print(f"# {line}")
    assert done.returncode != 1, "the stage died"
    assert done.returncode != 3, "a close was not answered"
    assert done.returncode == 0, done.stderr
    words = done.stdout.splitlines()[-1].split()
    counts = dict(zip(words[::2], map(int, words[1::2])))
    assert counts["opened"] > seconds * 2, counts


def settle(local):
    until("the churn to be gone", lambda: local.metrics()["connections"] == 2)


def run(seconds, seed, tls):
    with stage(tls=tls) as local:
        talk = Conversation(local)
        churn(local, WARM, seed)
        settle(local)
        descriptors, memory = local.descriptors(), local.memory()
        churn(local, seconds, seed + 1)
        settle(local)
        until("the descriptors", lambda: abs(local.descriptors() - descriptors) <= 2)
        worst = talk.worst()
        talk.end()
        until("the two to be gone", lambda: local.metrics()["connections"] == 0)
        print(f"# memory {memory} then {local.memory()} KiB, {descriptors} descriptors, {talk.said} said, {talk.refused} refused, "
              f"the worst took {worst * 1000:.0f} ms")
        check_registry(local)
        assert worst < LATE, worst
        assert local.memory() - memory < GROWTH, (memory, local.memory())


def check_registry(local):
    """A message reaches the two clients who are talking, and no other connection is in the table."""
    before = local.metrics()
    talk = Conversation(local)
    until("something said", lambda: talk.said > 3)
    talk.end()
    after = until("all of it", lambda: (now := local.metrics())["connections"] == 0 and now)
    assert after["gone_total"] == before["gone_total"], "the table holds clients that are gone"
    assert after["deliveries_total"] - before["deliveries_total"] == 2 * talk.said


def main(plain_seconds, tls_seconds, seed):
    status = 0
    print("1..2", flush=True)
    for number, (seconds, tls) in enumerate(((plain_seconds, False), (tls_seconds, True)), 1):
        name = f"/churn/{'tls' if tls else 'plain'} {seconds} s of clients that come and go, and two who miss nothing"
        try:
            run(seconds, seed, tls)
            print(f"ok {number} {name}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            print(f"# {error!r:.3000}\nnot ok {number} {name}", flush=True)
            status = 1
    sys.exit(status)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
