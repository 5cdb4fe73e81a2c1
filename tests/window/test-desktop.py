#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window as a part of a desktop: notifications, and what leads to it from outside."""

import json
import os
import subprocess
import sys
import time

import tap
from driver import DEADLINE, until
from running import running
from servers import Server

class Desktop:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "desktop.py"), "take"],
                                        stdout=subprocess.PIPE, text=True)
        assert self.next() == {"ready": True}

    def next(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.wait(DEADLINE)


def test_notifications():
    """What nobody looks at is told once a stage, leads to it, and goes when it is read; one's own words never are"""
    desktop, server, other = Desktop(), Server(), Server()
    try:
        with running(server.url, other.url) as app:
            app.wait_for_status("Online")
            until("the first stage to be online", lambda: server.clients)
            app.focus()
            app.keys("shift")
            time.sleep(0.3)
            other.send('{"message":"looked at"}')
            app.wait_for_row("looked at")
            app.say("my own")
            server.send('{"message":"R&D <b>x</b> \u202e","sender":"Eve"}')
            first = desktop.next()
            assert first["title"] == "This computer" and first["body"].startswith("Eve: R&D <b>x</b>"), first
            server.send('{"message":"' + "long " * 200 + '"}')
            second = desktop.next()
            assert second["id"] == first["id"] and "2" in second["title"], second
            assert len(second["body"]) < 250 and second["body"].endswith("…"), second
            server.send('{"message":"please press"}')
            desktop.next()
            app.wait_for_row("please press")
            closed = desktop.next()
            assert closed == {"closed": first["id"]}, closed
    finally:
        desktop.end()
        server.close()
        other.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/desktop")
