#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding what was said: by words, one after the other, by date, and back at the end."""

import contextlib
import datetime
import json
import os
import sqlite3
import sys
import tempfile

import tap
from driver import Atspi, GLib, until
from running import running
from servers import Server

# A day of the conversation, in microseconds.
DAY_US = 24 * 3600 * 1000 * 1000

# How far from the middle of the list a row still counts as centered, of the list's height.
MIDDLE = 0.15


def message(text, sender="Björn"):
    return json.dumps({"message": text, "sender": sender})


def fill(app, server, found=()):
    """300 lines, some of them with a word to find."""
    server.send(*[message(f"#{n} words to fill a row" + (" harbour" if n in found else "")) for n in range(300)])
    app.wait_for_row("#299 ")
    app.settle()


def row_with(app, words):
    return next((node for node in app.walk() if node.role == "list item" and words in node.name and app.shows(node)), None)


def focused(app):
    return next((node.name for node in app.walk() if node.has(Atspi.StateType.FOCUSED) and node.role != "frame"), "")


def is_centered(app, words):
    row = row_with(app, words)
    if row is None:
        return False
    area, place = app.wait("Conversation").extents(), row.extents()
    off = (place.y + place.height / 2) - (area.y + area.height / 2)
    return abs(off) <= area.height * MIDDLE


def marked(app, start=None):
    """The marked parts of all labels."""
    found = []
    for node in app.walk(start):
        if node.role != "label" or "harbour" not in node.name or not app.shows(node):
            continue
        offset = node.name.index("harbour")
        attributes, first, last = node.call("Text", "GetAttributes", GLib.Variant("(i)", (offset,)))
        if "bg-color" in attributes:
            found.append(node.name[first:last])
    return found


def search(app, words):
    app.keys("ctrl+f")
    app.type_into("Search messages", words)


def test_next_and_previous():
    """A found message is in the middle with its words marked, in the results too; Ctrl+G goes to the next, Escape ends it"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        fill(app, server, (40, 150, 250))
        search(app, "HARBOUR")
        until("marks in the results", lambda: marked(app) == ["harbour"] * 3)
        app.keys("Return")
        until("the newest", lambda: is_centered(app, "#250 ") and "#250 " in focused(app))
        until("its mark", lambda: marked(app) == ["harbour"])
        app.wait("1 of 3")
        assert not app.wait_for_button("Newer result").is_sensitive()
        app.keys("ctrl+g")
        until("the one before", lambda: is_centered(app, "#150 ") and "#150 " in focused(app))
        app.press("Older result")
        until("the oldest", lambda: is_centered(app, "#40 ") and app.find("3 of 3"))
        assert not app.wait_for_button("Older result").is_sensitive()
        app.keys("ctrl+shift+g")
        until("back", lambda: is_centered(app, "#150 ") and app.find("2 of 3"))
        app.keys("Escape")
        until("no bar", lambda: not app.find("2 of 3"))
        until("no mark", lambda: row_with(app, "#150 ") is not None and not marked(app))
        assert focused(app) == "Message"
        # The two at the ends of the conversation are as near to the middle as they can be.
        search(app, "#299")
        until("one result", lambda: app.reads("#299 "))
        app.keys("Return")
        until("the last", lambda: "#299 " in focused(app))
    server.close()


def test_all_stages():
    """What was found on another stage is shown there, and the next one where that is"""
    one, other = Server(), Server()
    with running(one.url, other.url) as app:
        app.wait_for_status("Online")
        other.send(message("harbour to the left"))
        app.wait_for_row("harbour to the left")
        one.send(message("harbour to the right"))
        app.keys("ctrl+Prior")
        app.wait_for_row("harbour to the right")
        search(app, "harbour")
        app.press("All Stages")
        until("both", lambda: len(marked(app)) == 2)
        app.keys("Return")
        until("the newer", lambda: "to the right" in focused(app))
        app.keys("ctrl+g")
        until("the older, on its stage", lambda: "to the left" in focused(app) and app.find("2 of 2"))
    one.close()
    other.close()


def two_months_before(date):
    """As a calendar goes back: month by month, to the last day of one that is shorter."""
    for _ in range(2):
        last = date.replace(day=1) - datetime.timedelta(days=1)
        date = last.replace(day=min(date.day, last.day))
    return date


def test_date():
    """A date leads to its first message"""
    server = Server()
    with tempfile.TemporaryDirectory() as data:
        with running(server.url, data=data) as app:
            app.wait_for_status("Online")
            fill(app, server)
        path = os.path.join(data, "dynamowave-chat", "history.sqlite")
        with contextlib.closing(sqlite3.connect(path)) as database:
            first, = database.execute("SELECT line FROM lines WHERE text LIKE '#0 %'").fetchone()
            # Each line on a day of its own.
            today = datetime.date.today()
            database.execute("UPDATE lines SET time = time - (299 - (line - ?)) * ?", (first, DAY_US))
            database.commit()
        with running(server.url, data=data) as app:
            app.wait_for_row("#299 ")
            app.keys("ctrl+f")
            app.press("Go to date")
            app.wait_for_button("Go")
            app.settle()
            app.keys("ctrl+Left", "ctrl+Left")  # two months back
            app.settle()
            app.press("Go")
            wanted = f"#{299 - (today - two_months_before(today)).days} "
            until(f"{wanted}, not {focused(app)}", lambda: wanted in focused(app) and is_centered(app, wanted))
            assert not app.find_button("Older result")
    server.close()


def test_jump_button():
    """The button to the newest messages is round, counts what came, and covers no message"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        for width in (360, 720):
            app.move(0, 0, width, 640)
            fill(app, server)
            app.keys("shift+F6", "Home")
            app.wait_for_button("Newest messages")
            server.send(*[message(f"later {n}") for n in range(3)])
            button = app.wait_for_button("3 new")
            app.settle()
            area, place = app.wait("Conversation").extents(), button.extents()
            assert place.width == place.height, place
            assert 36 <= place.width <= 40, place
            assert place.y >= area.y + area.height, (place, area)
            button.act()
            until("the end", lambda: row_with(app, "later 2") and not app.find_button("Newest messages"))
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-finding")
