# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of the table: what a peer does, and what it may cost in memory, time and answers to others."""

import contextlib
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))

from peers import SANITIZED, memory  # noqa: E402

# Allowance for a sanitizer, which is slower and keeps freed memory.
SLOWER = 5 if SANITIZED else 1
KEPT = 64 if SANITIZED else 0  # MiB


class Peak:
    """The peak memory of a process, above what it had at first."""

    def __init__(self, pid):
        self.pid = pid
        self.before = self.most = memory(pid)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        with contextlib.suppress(OSError, AttributeError):
            while not self.over.wait(0.01):
                self.most = max(self.most, memory(self.pid))

    def end(self):
        """Returns the peak, in MiB."""
        self.over.set()
        self.thread.join()
        return (self.most - self.before) / 1024


class Row:
    """What was measured. A bound of None is not checked."""

    def __init__(self):
        self.words = []

    def note(self, words):
        self.words.append(words)

    def bound(self, name, value, most, unit):
        self.words.append(f"{name} {value:.3g} of {most:.3g} {unit}")
        if value > most:
            self.broken = f"{name}: {value:.3g} {unit}, and at most {most:.3g} may be"

    broken = None


@contextlib.contextmanager
def row(pid, mib, seconds, blocked=None, worst=None):
    """Bounds how much memory a process may gain, how long the row may take, and how long others may wait, which worst()
    returns."""
    measured = Row()
    peak = Peak(pid)
    start = time.monotonic()
    try:
        yield measured
        took = time.monotonic() - start
        measured.bound("memory", peak.end(), mib + KEPT, "MiB")
        measured.bound("time", took, seconds * SLOWER, "s")
        if worst:
            measured.bound("others waited", worst(), blocked * SLOWER, "s")
    finally:
        peak.end()
        print(f"#   {'; '.join(measured.words)}", flush=True)
    assert not measured.broken, measured.broken
