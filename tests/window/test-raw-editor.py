#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What developers do in the inspector: raw frames are written, saved, sent again and compared, and handshakes read."""

import contextlib
import json
import re
import subprocess
import sys
import tempfile

import tap
from driver import DEADLINE, steady, until
from running import running
from servers import Server

TEXTS = ("text", "entry")


@contextlib.contextmanager
def inspecting(server, query="", **options):
    """A program with its inspector open, 360 pixels wide."""
    with running(server.url + query, **options) as app:
        app.wait_for_status("Online")
        app.keys("ctrl+shift+i")
        app.wait("Raw frame", TEXTS)
        app.move(0, 0, 360, 700)
        yield app


def raw(app):
    return app.wait("Raw frame", TEXTS)


def says(app, words):
    """Waits until the editor describes itself so, as a screen reader hears it."""
    until(f"“{words}”, not “{raw(app).description}”", lambda: words in raw(app).description)


def keys(app, *names):
    app.keys(*names)
    app.settle()


def shows(app, text):
    until(f"{text!r} in the editor, not {app.text_of('Raw frame')!r}", lambda: app.text_of("Raw frame") == text)


def click(app, node):
    """Clicks an object that has no action, once it stands still."""
    place = steady(f"“{node.name}” to stand still", lambda: app.place(node))
    app.focus()
    subprocess.run(["xdotool", "mousemove", str(place.x + 40), str(place.y + place.height // 2), "click", "1"], check=True, timeout=DEADLINE)


def select_row(app, words):
    """Selects the frame with these words."""
    app.settle()
    click(app, until(f"a frame with {words}", lambda: next((row for row in app.wait("Frames", ("list",)).children if words in row.name), None)))
    until("its details", lambda: app.find("Selected Frame", TEXTS))
    app.settle()


def send(app, text):
    """Writes a frame and sends it with the keyboard."""
    app.type_into("Raw frame", text)
    click(app, raw(app))
    keys(app, "ctrl+Return")


def test_editor():
    """A frame is checked while it is written, laid out, sent with Ctrl+Enter, and found again with Up"""
    server = Server()
    with inspecting(server) as app:
        app.type_into("Raw frame", '{\n  "n": {{n}},\n}')
        says(app, "Line 3, column 1: name in quotation marks expected")
        assert not app.find_button("Beautify").is_sensitive()
        app.type_into("Raw frame", '{"a":"{{guid}}"}')
        says(app, "unknown placeholder {{guid}}")
        assert not app.find_button("Send Frame").is_sensitive()

        app.type_into("Raw frame", '{"action":"x","n":{{n}},"at":"{{now}}","id":"{{uuid}}","b":"{{{{n}}"}')
        says(app, "Valid JSON")
        app.press("Beautify")
        shows(app, '{\n  "action": "x",\n  "n": {{n}},\n  "at": "{{now}}",\n  "id": "{{uuid}}",\n  "b": "{{{{n}}"\n}')
        app.press("Compact")
        shows(app, '{"action":"x","n":{{n}},"at":"{{now}}","id":"{{uuid}}","b":"{{{{n}}"}')
        keys(app, "ctrl+Return")
        frame = json.loads(until("the frame", lambda: next((text for text in server.received if '"x"' in text), None)))
        assert frame["n"] == 1 and frame["b"] == "{{n}}" and re.fullmatch(r"[0-9a-f-]{36}", frame["id"]), frame
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", frame["at"]), frame

        # What was written comes back, and what is being written does too.
        app.type_into("Raw frame", "half")
        keys(app, "Up")
        shows(app, '{"action":"x","n":{{n}},"at":"{{now}}","id":"{{uuid}}","b":"{{{{n}}"}')
        keys(app, "Down")
        shows(app, "half")

        app.type_into("Raw frame", "x" * 33000)
        says(app, "33000 bytes, too large")
        assert not app.find_button("Send Frame").is_sensitive()
    server.close()


def test_snippets():
    """A frame is saved under a name, renamed, deleted, brought back with Undo, and still there after a restart"""
    server = Server()
    with tempfile.TemporaryDirectory() as data:
        with inspecting(server, data=data) as app:
            app.type_into("Raw frame", '{"action":"{{n}}"}')
            app.press("Snippets")
            app.type_into("Name", "Hello")
            app.press("Save")
            app.press("Rename")
            app.wait("Saved Frames")
            until("two names to fill in", lambda: sum(node.role in TEXTS and node.name == "Name" for node in app.walk()) == 2)
            field = [node for node in app.walk() if node.role in TEXTS and node.name == "Name"][-1]
            field.set_text("Ping")
            keys(app, "Return")
            until("the new name", lambda: app.reads("Ping") and not app.reads("Hello"))
            app.press("Delete")
            until("that it is gone", lambda: not app.find_button("Rename"))
            app.press("Undo")
            app.wait_for_button("Rename")
            keys(app, "Escape")
            app.press("Close", next(w for w in app.windows() if w.name == "Inspector"))
            until("one window", lambda: app.n_windows() == 1)

        with inspecting(server, data=data) as app:
            app.press("Snippets")
            until("the snippet", lambda: app.reads("Ping"))
            keys(app, "Return")
            shows(app, '{"action":"{{n}}"}')
            keys(app, "ctrl+Return")
            until("the frame", lambda: '{"action":"1"}' in server.received)
    server.close()


def test_resend_and_edit():
    """A frame is sent again as it was, or edited first"""
    server = Server()
    with inspecting(server) as app:
        send(app, '{"action":"first","b":"{{{{n}}"}')
        until("the frame", lambda: '{"action":"first","b":"{{n}}"}' in server.received)
        select_row(app, '"first"')
        app.press("Send Again")
        until("it once more", lambda: server.received.count('{"action":"first","b":"{{n}}"}') == 2)
        keys(app, "ctrl+e")
        shows(app, '{"action":"first","b":"{{{{n}}"}')
        app.press("Send Frame")
        until("it a third time", lambda: server.received.count('{"action":"first","b":"{{n}}"}') == 3)

        # The row's menu does the same.
        select_row(app, '"first"')
        keys(app, "shift+F10")
        app.choose_and_close("Send Again", "A")
        until("it a fourth time", lambda: server.received.count('{"action":"first","b":"{{n}}"}') == 4)
    server.close()


def has_grounds(place):
    """Whether the reddish part of a picture, right of the text, is two lines high and the greenish part three."""
    column = f"1x{place.height}+{place.x + place.width * 3 // 4}+{place.y}"
    pixels = subprocess.run(["import", "-window", "root", "-depth", "8", "-crop", column, "rgb:-"], capture_output=True, check=True, timeout=DEADLINE).stdout
    colors = [pixels[at:at + 3] for at in range(0, len(pixels), 3)]
    red, green = (sum(color[one] > color[other] + 10 for color in colors) for one, other in ((0, 1), (1, 0)))
    return red > 0 and round(green / red * 2) == 3


def test_comparison():
    """Two frames are compared by line, with a sign in front of each line that differs"""
    server = Server()
    with inspecting(server) as app:
        server.send('{"a":1,"b":[1,2]}', '{"a":1,"b":[1,3],"c":true}')
        select_row(app, '"b":[1,2]')
        keys(app, "ctrl+d")
        app.wait_for_button("Cancel Comparison")
        select_row(app, '"b":[1,3]')
        app.press("Compare with Selected Frame")
        differences = app.wait("Differences", TEXTS)
        assert differences.text() == '  {\n    "a": 1,\n    "b": [\n      1,\n-     2\n-   ]\n+     3\n+   ],\n+   "c": true\n  }', differences.text()
        assert app.reads("2 lines removed · 3 lines added")
        until("a ground for each of these lines", lambda: has_grounds(app.place(differences)))
        keys(app, "Escape")
        app.wait_for_button("Select for Comparison")

        # What is gone can be compared with nothing.
        keys(app, "ctrl+l")
        until("no details", lambda: not app.find("Selected Frame", TEXTS))
        keys(app, "ctrl+d", "ctrl+r", "ctrl+e")
        shows(app, "")
    server.close()


def test_handshake():
    """A handshake is a row of durations, with addresses and heads as text, and nothing secret"""
    server = Server()
    with inspecting(server, "?token=S3CR3T") as app:
        select_row(app, "Opened in")
        details = app.text_of("Selected Frame")
        for part in ("DNS: ", "TCP: ", "Upgrade: ", "Connection\nLocal Address: 127.0.0.1:", f"Peer Address: {server.url.split('/')[2]}",
                     "Request\nGET /prod?… HTTP/1.1\n", "Response\nHTTP/1.1 101 "):
            assert part in details, (part, details)
        assert all(app.find(name, ("label",)) for name in ("DNS", "TCP", "Upgrade"))
        assert not app.find_button("Send Again")
        assert "S3CR3T" not in details
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-raw-editor")
