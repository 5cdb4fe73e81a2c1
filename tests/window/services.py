# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of a desktop, in the place of its own: desktop.py and portal.py."""

import json
import os
import select
import subprocess
import sys

from driver import DEADLINE


class Service:
    """A service that records what it receives."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), script), *arguments],
                                        stdout=subprocess.PIPE, bufsize=0)
        assert self.next() == {"ready": True}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def next(self):
        """Waits for what it records next. Nothing of its output is read ahead, where one could not wait for it."""
        assert select.select([self.process.stdout], [], [], DEADLINE)[0], "nothing was asked of the service"
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.wait(DEADLINE)
