#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu of a message, and what is drawn of its text."""

import json
import subprocess
import sys

import tap
from driver import BUTTONS, DEADLINE, Atspi, Missing, until
from running import running
from servers import Server

# How long a menu may take to open, in seconds, before it is asked for again.
PRESS_SECONDS = 5


def message(text, sender="Björn"):
    return json.dumps({"message": text, "sender": sender})


def focused(app):
    return next((node.name for node in app.walk() if node.has(Atspi.StateType.FOCUSED)), None)


def focus_newest(app, words):
    """Brings the keyboard to the newest row, which has these words."""
    until("the composer", lambda: app.keys("F6") or focused(app) == "Message")
    app.keys("shift+F6")
    until(f"the row {words}", lambda: words in (focused(app) or ""))


def is_open(app):
    return bool(app.popovers())


def find_item(app, name, mnemonic):
    """An entry of the open menu. GTK 4.24.1 gives these no names, only shortcuts."""
    for node in app.walk():
        if node.role == "menu item" and app.shows(node) and (node.name == name or (
                not node.name and node.attributes().get("keyshortcuts", "") == f"Alt+{mnemonic.lower()}")):
            return node
    return None


def choose(app, name, mnemonic):
    until("a menu", lambda: is_open(app))
    item = until(f"“{name}”", lambda: find_item(app, name, mnemonic))
    item.act()
    until("the menu to close", lambda: not is_open(app))


def pasted(app):
    """What is in the clipboard."""
    app.type_into("Message", "")
    app.click("Message")
    app.keys("ctrl+v")
    return until("what was copied", lambda: app.text_of("Message"))


def press_right(app, words):
    """Until there is a menu: a press while another menu is closing belongs to that."""

    def press():
        subprocess.run(["xdotool", "click", "3"], check=True, timeout=DEADLINE)
        try:
            return until("a menu", lambda: is_open(app), PRESS_SECONDS)
        except Missing:
            return False

    app.press_at(words)
    until(f"a menu on {words}", press)


def test_keyboard():
    """The menu of the row that has the focus opens with Shift+F10 and with Menu; Escape leads back to the row"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message("the first"), message("Tide gauge 4 is back.\nIt was the ferry."))
        app.wait_for_row("Tide gauge")
        for key in ("shift+F10", "Menu"):
            focus_newest(app, "Tide gauge")
            app.keys(key)
            until(f"a menu after {key}", lambda: is_open(app))
            # No menu of a text field, where nothing can be cut or pasted.
            assert not app.find("Cut") and not app.find("Paste"), key
            app.keys("Escape")
            until("the menu to close", lambda: not is_open(app))
            until("the row again", lambda: "Tide gauge" in (focused(app) or ""))
        app.keys("shift+F10")
        choose(app, "Copy", "C")
        assert pasted(app) == "Tide gauge 4 is back.\nIt was the ferry."
    server.close()


def test_screen_reader():
    """A screen reader finds the menu among the actions of the message"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message("Tide gauge 4 is back."))
        row = until("the row", lambda: next((node for node in app.walk() if node.role == "list item"
                                             and "Tide gauge" in node.name), None))
        node = next(node for node in app.walk(row) if "message.menu" in node.actions())
        node.act(node.actions().index("message.menu"))
        choose(app, "Copy", "C")
        assert pasted(app) == "Tide gauge 4 is back."
    server.close()


def test_pointer():
    """The right button opens the menu; Quote puts lines before what is being written, Copy Link takes the address"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message("Forecast\nhttps://met.example/harbour.", "Chiara"))
        app.wait_for_row("Forecast")
        press_right(app, "Forecast\nhttps://met.example/harbour.")
        until("a menu", lambda: is_open(app))
        app.keys("Escape")
        until("the menu to close", lambda: not is_open(app))
        press_right(app, "Forecast\nhttps://met.example/harbour.")
        choose(app, "Quote", "Q")
        until("the quotation", lambda: app.text_of("Message") == "> Forecast\n> https://met.example/harbour.\n")
        until("where one writes", lambda: focused(app) == "Message")
        press_right(app, "Forecast\nhttps://met.example/harbour.")
        choose(app, "Copy Link", "L")
        assert pasted(app) == "https://met.example/harbour"
    server.close()


def test_show_frame():
    """Show Frame opens the inspector at the frame that brought the message"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(*[message(f"line {n}") for n in range(40)])
        app.wait_for_row("line 39")
        focus_newest(app, "line 39")
        app.keys("Up", "Up")
        until("another row", lambda: "line 37" in (focused(app) or ""))
        app.keys("shift+F10")
        choose(app, "Show Frame", "F")
        until("the inspector", lambda: app.n_windows() == 2)
        wanted = '"message": "line 37"'
        until("the frame", lambda: any(node.role == "text" and wanted in node.text() for node in app.walk()
                                       if app.shows(node)))
        app.keys("Escape")
        until("the inspector to close", lambda: app.n_windows() == 1)
    server.close()


def test_delete():
    """Delete Here asks, and takes the message from the list and from the file"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message("stays"), message("a secret by mistake"))
        app.wait_for_row("a secret")
        focus_newest(app, "a secret")
        app.keys("shift+F10")
        choose(app, "Delete Here…", "D")
        until("a question", lambda: app.n_windows() == 2)
        app.press("Cancel")
        until("no question", lambda: app.n_windows() == 1)
        app.wait_for_row("a secret")
        focus_newest(app, "a secret")
        app.keys("shift+F10")
        choose(app, "Delete Here…", "D")
        until("a question", lambda: app.n_windows() == 2)
        app.press("Delete")
        until("the row to go", lambda: not any("a secret" in row for row in app.rows()))
        app.keys("ctrl+f")
        app.type_into("Search messages", "secret")
        until("no result", lambda: app.reads("No"))
        assert not app.reads("by mistake")
    server.close()


def test_failed():
    """A message that failed has its remedies in the menu too"""
    server = Server(refusals=1)
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.say("mine")
        app.wait_for_row("mine", "failed")
        focus_newest(app, "mine")
        app.keys("shift+F10")
        choose(app, "Edit", "E")
        until("the text", lambda: app.text_of("Message") == "mine")
        until("the row to go", lambda: not any("mine" in row for row in app.rows()))
    server.close()


def test_flood():
    """An open menu is about its message, even if the row is gone"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message("what is meant"))
        app.wait_for_row("what is meant")
        press_right(app, "what is meant")
        until("a menu", lambda: is_open(app))
        server.send(*[message(f"flood {n}") for n in range(3000)])
        app.wait_for_row("flood 2999")
        choose(app, "Copy", "C")
        assert pasted(app) == "what is meant"
    server.close()


def test_quotation_and_code():
    """Quoted lines and code are drawn as such, code can be copied by itself, and everything else stays as it was written"""
    server = Server()
    text = "> was it *you*?\nNo: `rm -rf`\n```c\nint x;\n  y ();\n```\n**not** bold"
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message(text))
        row = app.wait_for_row("was it")
        assert "> was it *you*?" in row, row
        for part in ("was it *you*?", "No: rm -rf", "int x;\n  y ();", "**not** bold"):
            app.wait(part, ("label",))
        app.press("Copy Code")
        assert pasted(app) == "int x;\n  y ();"
        # The next message in the same row has none of it.
        server.send(*[message(f"line {n}") for n in range(60)])
        app.wait_for_row("line 59")
        assert not [node for node in app.walk() if node.role in BUTTONS and node.name == "Copy Code" and app.shows(node)
                    and node.extents().y > 0]
    server.close()


def test_select_messages():
    """Several messages are selected with the keyboard or the pointer and copied together; Escape leaves"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(*[message(f"line {n}") for n in range(5)])
        app.wait_for_row("line 4")
        focus_newest(app, "line 4")
        app.keys("shift+F10")
        choose(app, "Select Messages", "S")
        app.wait("1 message selected")
        until("the row", lambda: "line 4" in (focused(app) or ""))
        app.keys("shift+Up")
        app.wait("2 messages selected")
        until("the row above", lambda: "line 3" in (focused(app) or ""))
        app.keys("Up", "Up", "space")
        app.wait("3 messages selected")
        app.keys("Down", "space")
        app.wait("4 messages selected")
        app.keys("space")
        app.wait("3 messages selected")
        app.press("Copy")
        until("the bar to go", lambda: not app.reads("messages selected"))
        lines = [line.split("] ")[1] for line in pasted(app).splitlines()]
        assert lines == [f"Björn: line {n}" for n in (1, 3, 4)], lines
        # With Ctrl a click begins it, then any click goes on, and Escape forgets.
        app.keys("F6")
        app.press_at("line 0")
        subprocess.run(["xdotool", "keydown", "ctrl", "click", "1", "keyup", "ctrl"], check=True, timeout=DEADLINE)
        app.wait("1 message selected")
        app.click("line 2")
        app.wait("2 messages selected")
        app.click("line 2")
        app.wait("1 message selected")
        app.keys("Escape")
        until("the bar to go", lambda: not app.reads("message selected"))
        app.keys("shift+F10")
        choose(app, "Copy", "C")
        assert pasted(app) == "line 2"
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-message-menu")
