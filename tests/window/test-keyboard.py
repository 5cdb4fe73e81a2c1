#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Around each page with Tab, and back with Shift+Tab: each control gets the focus once, and none traps it."""

import json
import sys
import time

import tap
from driver import BUTTONS, Atspi, until
from running import running
from servers import RawServer, Server

CONTROLS = BUTTONS + ("text", "entry", "password text", "combo box", "check box", "switch")
MOST = 60

# WCAG 2.2, 2.5.8: how large a target is at least, in pixels.
TARGET = 24

# These belong to the window manager, which has its own keys.
FRAME = ("Minimize", "Maximize", "Close")


def place(node):
    """Identifies a control by its position in the tree, because scrolling moves it on the screen."""
    path = []
    # Which row of the frames has the focus is their list's choice: they are one stop.
    if node.role == "list item" and node.parent.name == "Frames":
        node = node.parent
    above = node
    while above.parent is not None and above.role not in ("frame", "application"):
        path.append(above.parent.children.index(above))
        above = above.parent
    return node.role, node.name, tuple(path)


def focused(app, window):
    for node in app.walk(window):
        if node.has(Atspi.StateType.FOCUSED) and node.role != "frame":
            return place(node)
    return None


def step(app, window, key):
    """The control that gets the focus next, or None if it is not in the tree: libadwaita hides the text of an entry row
    in GTK 4.8."""
    before = focused(app, window)
    app.keys(key)
    end = time.monotonic() + (2 if before else 0.3)
    while time.monotonic() < end:
        now = focused(app, window)
        if now is not None and now != before:
            return now
        time.sleep(0.02)
    assert focused(app, window) is None, f"{key} stays at {before}"
    return None


def go_round(app, window, key):
    first = until("a control", lambda: step(app, window, key))
    seen = [first]
    while (now := step(app, window, key)) != first:
        assert now is None or now not in seen, f"{key} goes round {seen[seen.index(now):]} for ever, from {first}"
        seen.append(now)
        assert len(seen) < MOST, seen
    return seen


def is_part(node):
    """Whether it is a part of a control of its kind and name, as the switch of a row that newer versions call a switch."""
    above = node.parent
    while above is not None and (above.role, above.name) != (node.role, node.name):
        above = above.parent
    return above is not None


def controls(app, window, texts):
    """The controls that can be pressed or typed into."""
    return [place(node) for node in app.walk(window)
            if node.role in CONTROLS and app.shows(node) and (texts or "text" not in node.role) and node.name not in FRAME
            and node.has(Atspi.StateType.FOCUSABLE) and node.has(Atspi.StateType.SENSITIVE) and not is_part(node)]


def check(app, window=None, texts=True):
    window = window or app.windows()[0]
    app.focus()
    forwards = go_round(app, window, "Tab")
    missed = [one for one in controls(app, window, texts) if one not in forwards]
    assert not missed, f"Tab never comes to {missed}, but to {forwards}"
    backwards = go_round(app, window, "shift+Tab")
    assert sorted(map(str, forwards)) == sorted(map(str, backwards)), (forwards, backwards)


def test_welcome():
    """UI-12: The welcome page"""
    with running() as app:
        app.wait_for_button("Connect")
        check(app)


def test_conversation():
    """UI-12: A conversation, empty and with messages"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        check(app)
        server.send(*[json.dumps({"message": f"line {n}"}) for n in range(3)])
        app.wait_for_row("line 2")
        app.type_into("Message", "a draft makes Send one of them")
        check(app)
    server.close()


def test_sidebar():
    """UI-12: A wide window, with the stages at its side"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.move(0, 0, 1000, 700)
        app.wait("Your stages")
        check(app)
    server.close()


def test_stages():
    """UI-12: The page of the stages in a narrow window"""
    server, other = Server(), Server()
    with running(server.url, other.url) as app:
        app.wait_for_status("Online")
        app.press("Stages")
        until("the page alone", lambda: app.find("Your stages") and not app.find("Message", ("text", "entry")))
        check(app)
    server.close()
    other.close()


def test_remedies():
    """UI-12: A conversation with a button in a bar above it"""
    server = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with running(server.url) as app:
        app.wait_for_status("Refused")
        app.wait_for_button("Edit Token")
        check(app)
    server.close()


def test_search():
    """UI-12: The search page"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.keys("ctrl+f")
        until("the entry", lambda: (focused(app, app.windows()[0]) or ("",))[0] in ("text", "entry"))
        check(app)
    server.close()


def test_editor():
    """UI-12: The stage editor, with a token"""
    server = Server()
    with running(f"{server.url}?token=x") as app:
        app.wait_for_status("Online")
        app.keys("ctrl+e")
        editor = until("the editor", lambda: next((w for w in app.windows() if w.name == "Edit Stage"), None))
        app.wait("Stage Address", None, editor)
        check(app, editor, texts=False)
        app.keys("Escape")
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_others():
    """UI-12: The inspector and the preferences"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        for keys, title in (("ctrl+shift+i", "Inspector"), ("ctrl+comma", "Preferences")):
            app.keys(keys)
            window = until(title, lambda: next((w for w in app.windows() if title in w.name), None))
            check(app, window, texts=False)
            app.keys("Escape")
            until("one window", lambda: app.n_windows() == 1)
    server.close()


def small(app):
    """The buttons that are too small to be hit, each with its size."""
    found = []
    for node in app.walk():
        if node.role in BUTTONS and app.shows(node) and node.name not in FRAME and not is_part(node):
            size = node.extents()
            if min(size.width, size.height) < TARGET:
                found.append((node.name, size.width, size.height))
    return found


def test_targets():
    """UI-12: Every button is large enough to be hit: on the pages, in the dialogs and beside a message that failed"""
    server = Server()
    server.refusals = 1
    with running(f"{server.url}?token=x") as app:
        app.wait_for_status("Online")
        app.move(0, 0, 372, 640)
        app.say("refused")
        app.wait_for_row("refused", "failed")
        assert not small(app), small(app)
        for keys, title in (("ctrl+e", "Edit Stage"), ("ctrl+d", "Connection Details"), ("ctrl+comma", "Preferences")):
            app.keys(keys)
            until(title, lambda name=title: any(w.name == name for w in app.windows()))
            assert not small(app), (title, small(app))
            app.keys("Escape")
            until("one window", lambda: app.n_windows() == 1)
        app.keys("ctrl+f")
        app.wait("Search messages")
        assert not small(app), ("search", small(app))
        app.keys("Escape", "ctrl+o")
        app.wait_for_button("Connect")
        assert not small(app), ("welcome", small(app))
    server.close()


def test_writing():
    """Where one writes: Ctrl+Home in an empty text shows the oldest, Up recalls one's own last, “:anch” gives an emoji"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.say("mine")
        app.wait_for_row("mine", "delivered")
        server.send(*[json.dumps({"message": f"line {n}"}) for n in range(60)])
        app.wait_for_row("line 59")
        app.settle()
        app.keys("ctrl+Home")
        until("the oldest", lambda: app.find_button("Newest messages"))
        app.keys("ctrl+End")
        until("the newest", lambda: not app.find_button("Newest messages"))
        app.keys("Prior")
        until("a page up", lambda: app.find_button("Newest messages"))
        app.keys("ctrl+End", "Up")
        until("one's own last message", lambda: app.text_of("Message") == "mine")
        app.type_into("Message", "")
        for key in ("colon", "a", "n", "c", "h"):
            app.keys(key)
        until("the list of emoji", lambda: app.find("anchor"))
        app.keys("Return")
        until("the emoji", lambda: app.text_of("Message") == "\u2693")
        app.type_into("Message", "")
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-keyboard")
