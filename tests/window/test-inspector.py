#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inspector, which shows developers what crosses the wire."""

import subprocess
import sys

import tap
from driver import Atspi, until
from running import running
from servers import Server


def open_inspector(app):
    app.keys("ctrl+shift+i")
    return until("the inspector", lambda: next((w for w in app.windows() if w.name == "Inspector"), None))


def is_focused(app, name):
    return app.find(name).has(Atspi.StateType.FOCUSED)


def shows(app, inspector, text):
    return app.reads(text, inspector)


def test_frames():
    """Frames are shown as they crossed the wire, without secrets; a raw one can be sent"""
    server = Server()
    with running(f"{server.url}?token=S3CR3T") as app:
        app.wait_for_status("Online")
        server.send('{"message":"<b>incoming</b>"}')
        app.wait_for_row("incoming")
        inspector = open_inspector(app)
        app.wait("Raw frame", ("text", "entry"))
        until("the frame", lambda: shows(app, inspector, '{"message":"<b>incoming</b>"}'))
        assert shows(app, inspector, "Connecting to ws://127.0.0.1")
        assert not app.reads("S3CR3T")
        app.type_into("Raw frame", '{"action":"anything"}')
        app.press("Send Frame")
        until("the frame at the stage", lambda: '{"action":"anything"}' in server.received)
        app.type_into("Filter frames", "anything")
        until("only that", lambda: not shows(app, inspector, "incoming"))
        app.press("Close", inspector)
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_kinds_and_detail():
    """The list can be filtered by kind, and the selected frame is shown in detail"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send('{"message":"incoming"}', "[" * 100000)
        app.wait_for_row("incoming")
        app.say("outgoing")
        app.wait_for_row("You", "outgoing", "delivered")
        inspector = open_inspector(app)
        until("all", lambda: shows(app, inspector, "incoming") and shows(app, inspector, "Connecting to"))
        app.focus()
        app.press("Type", inspector)
        app.wait("Connections")
        # The open list already has the focus.
        subprocess.run(["xdotool", "key", "--delay", "100", "Down", "Down", "Return"], check=True, timeout=30)
        until("only what was sent", lambda: not shows(app, inspector, "incoming") and not shows(app, inspector, "Connecting to"))
        assert shows(app, inspector, '"message":"outgoing"')
        app.keys("Tab", "Down", "End")
        until("the frame, spread out", lambda: '"message" : "outgoing"' in app.text_of("Selected Frame"))
        # Tab leaves the list, however many frames it has.
        for part in ("Selected Frame", "Raw frame"):
            app.keys("Tab")
            until(part, lambda wanted=part: is_focused(app, wanted))
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-inspector")
