#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing without a mouse or good eyesight, and the cost of doing nothing."""

import json
import os
import subprocess
import sys
import tempfile
import time

import tap
from driver import CAPTIONS, App, Atspi, screenshot, until
from running import running, stage
from servers import Server

FOCUSABLE = Atspi.StateType.FOCUSABLE


def message(text, sender="Björn"):
    return json.dumps({"message": text, "sender": sender})


def focused(app):
    for node in app.walk():
        if node.has(Atspi.StateType.FOCUSED):
            return node.name
    return None


def ancestors(node):
    """The objects above this one: newer libraries show the value of a combo row as a list inside it."""
    while node.parent is not None:
        node = node.parent
        yield node


def test_every_control_has_a_name():
    """UI-11: each control that takes the focus has a name; messages are a list, and rows are named by all their text"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message("Tide gauge 4 is back."))
        row = app.wait_for_row("Björn", "Tide gauge 4 is back.")
        assert row.split(", ")[1][2] == ":", f"no time in {row}"
        app.say("mine")
        app.wait_for_row("You", "mine", "delivered")
        assert app.find("Conversation").role in ("list", "log")
        for keys, page in (("", "Message"), ("ctrl+f", "Search messages"), ("ctrl+e", "Save"),
                           ("ctrl+comma", "Send with Enter")):
            if keys:
                app.keys(keys)
            until(f"“{page}”", lambda wanted=page: app.reads(wanted))
            app.settle()
            nameless = [node.role for node in app.walk()
                        if node.has(FOCUSABLE) and app.shows(node) and not node.name
                        and node.role not in ("scroll pane", "panel", "filler", "list", "scroll bar")
                        and node.parent is not None and not node.parent.name
                        and "combo box" not in [above.role for above in ancestors(node)]]
            assert not nameless, (keys, nameless)
            if keys:
                app.keys("Escape")
    server.close()


def test_row_by_row():
    """UI-11: the arrow keys move between rows, starting at the newest; F6 moves between panes, Tab leaves the text"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(*[message(f"line {n}") for n in range(5)])
        app.wait_for_row("line 4")
        app.keys("shift")
        until("the composer", lambda: focused(app) == "Message")
        app.keys("shift+F6")
        until(f"the newest row, not {focused(app)}", lambda: "line 4" in (focused(app) or ""))
        app.keys("Up")
        until("the row above", lambda: "line 3" in (focused(app) or ""))
        app.keys("ctrl+c", "F6")
        until("the composer again", lambda: focused(app) == "Message")
        app.keys("ctrl+v")
        until("the copy", lambda: app.text_of("Message") == "line 3")
        app.keys("Tab")
        until("what follows the text", lambda: focused(app) == "Send")
        app.keys("F6", "shift+F6", "shift+F6")
        until("a row", lambda: "line" in (focused(app) or ""))
        app.keys("Escape")
        until("where one writes", lambda: focused(app) == "Message")
        app.keys("shift+F6", "x", "y")
        until("what was typed while reading", lambda: app.text_of("Message").endswith("xy"))
        assert focused(app) == "Message"
    server.close()


def test_announcements():
    """UI-11: new messages and a lost connection are announced to a screen reader, and a flood as a number"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")

        def said():
            return [node.name for node in app.walk() if node.role == "status bar"]

        server.send(message("the first"))
        until("the message", lambda: "Björn: the first" in said())
        server.send(*[message(f"flood {n}") for n in range(50)])
        until("their number", lambda: "50 new messages" in said())
        server.close()
    with stage() as local, running(local.url) as app:
        app.wait_for_status("Online")
        local.kill()
        # The first of these may already be gone.
        until("the loss", lambda: any(name.startswith(("The connection was lost", "Nothing is listening"))
                                      for name in [node.name for node in app.walk()
                                                   if node.role == "status bar"]))


def test_mention():
    """A message with the user's name says so in words, not only by color"""
    server = Server()
    with running(server.url, profile="Ada") as app:
        app.wait_for_status("Online")
        server.send(message("Adam is not meant"), message("ADA, are you there?"))
        app.wait_for_row("Björn mentions you: ADA, are you there?")
        assert not any("mentions you: Adam" in row for row in app.rows())
    server.close()


def test_text_size():
    """A shortcut makes the text larger, and at 200% and 360 px nothing is cut off"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message("a few words that take more than one line when they are large"))
        app.wait_for_row("a few words")

        def height():
            row = next(node for node in app.walk()
                       if node.role == "list item" and "a few words" in node.name)
            return row.extents().height

        before = height()
        app.keys(*["ctrl+plus"] * 10)
        until("larger text", lambda: height() > before + 10)
        app.move(0, 0, 360, 600)
        until("the window", lambda: app.windows()[0].extents().width <= 400)
        app.keys("ctrl+0")
    server.close()


def test_show_more():
    """UI-4: a long message is shown in part, then more of it, and copied whole"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(message("word " * 4000))
        app.wait_for_row("word word")

        def height():
            row = next(node for node in app.walk() if node.role == "list item" and "word word" in node.name)
            return row.extents().height

        for _ in range(3):
            before = height()
            app.press("Show More")
            until("a longer row", lambda shorter=before: height() > shorter)
        app.press("Too Long to Show: Copy All")
        if focused(app) != "Message":
            app.keys("F6")
            until("the composer", lambda: focused(app) == "Message")

        def is_pasted():
            """The button acts a moment after it is pressed, so the first paste may come too early."""
            app.type_into("Message", "")
            app.keys("ctrl+v")
            app.settle()
            return app.text_of("Message").split() == ["word"] * 4000

        until("all of it", is_pasted)
        app.type_into("Message", "")
    server.close()


def test_stacked_marks():
    """S-6: marks stacked on a letter stay inside their row"""
    server = Server()
    with running(server.url) as app, tempfile.TemporaryDirectory() as folder:
        app.wait_for_status("Online")
        app.move(0, 0, 600, 600)
        server.send(message("plain", "Ada"))
        app.wait_for_row("plain")
        app.settle()
        pictures = []
        for name in ("before", "after"):
            row = next(node for node in app.walk() if node.role == "list item" and "plain" in node.name)
            area = row.extents()
            crop = f"{area.width}x{area.height - 6}+{area.x}+{area.y}"
            picture = os.path.join(folder, f"{name}.png")
            screenshot(picture)
            pictures.append(subprocess.run(["convert", picture, "-crop", crop, "+repage", "rgb:-"],
                                           capture_output=True, check=True).stdout)
            if name == "before":
                server.send(message("z" + "\u0301\u0315\u0346\u0351" * 50 + " zalgo", "Eve"))
                app.wait_for_row("zalgo")
                app.settle()
        assert pictures[0] == pictures[1], "the row above was painted over"
    server.close()


def usage(app):
    """CPU time in seconds, and how often the main thread went to sleep."""
    with open(f"/proc/{app.process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{app.process.pid}/status", encoding="ascii") as status:
        switches = next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), switches


def test_quiet():
    """UI-10: connected and idle the program sleeps; so it does while it waits to reconnect with its window hidden"""
    seconds = 10
    sanitized = "_sanitize" in os.environ["DYNAMOWAVE_CHAT"]
    with stage() as local:
        app = App(local.url)
        try:
            app.wait_for_status("Online")
            subprocess.run(["xdotool", "windowunmap", "--sync", until("a window", app.window_id)], check=True)
            app.settle()
            before, switches = usage(app)
            time.sleep(seconds)
            after, last = usage(app)
            assert after - before <= seconds * 0.005 * (10 if sanitized else 1), f"{after - before} s of CPU"
            assert last - switches < seconds * 3, f"{last - switches} wake-ups"
            local.kill()
            until("the loss", lambda: any(node.description == "Connection status" and node.name.startswith("Waiting")
                                          for node in app.walk()))
            app.settle()
            before, _ = usage(app)
            time.sleep(seconds)
            after, _ = usage(app)
            assert after - before <= seconds * 0.01 * (10 if sanitized else 1), f"{after - before} s of CPU"
        finally:
            app.end()


def test_many_rows():
    """S-8: scrolling through a long history repeatedly takes no more memory than once"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        for part in range(20):
            server.send(*[message(f"#{part * 1000 + n} some words to fill a row with") for n in range(1000)])
        app.wait_for_row("#19999 ")

        def memory():
            with open(f"/proc/{app.process.pid}/status", encoding="ascii") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

        def go(key, number):
            app.keys(key)
            until(f"#{number} after {key}", lambda: any(f"#{number} " in row for row in app.rows()))

        def there_and_back():
            app.keys("shift+F6")
            until("a row", lambda: "#" in (focused(app) or ""))
            go("Home", 0)
            go("End", 19999)
            app.keys("F6")
            until("the composer", lambda: focused(app) == "Message")

        for _ in range(3):
            there_and_back()
        before = memory()
        for _ in range(5):
            there_and_back()
        assert memory() - before < 4 * 1024, f"{memory() - before} KiB more"
    server.close()


def zone_with_midnight_in(seconds):
    """TZ for a place where the day ends so soon: so far to the east, as POSIX writes it."""
    east = int(24 * 3600 - seconds - time.time() % (24 * 3600)) % (24 * 3600)
    return f"MID-{east // 3600}:{east // 60 % 60:02}:{east % 60:02}"


def test_midnight():
    """DB-5: at midnight “Today” becomes “Yesterday” by itself, and what comes then stands under the only “Today”"""

    def said(app):
        return [next((word for word in ("Today", "Yesterday", "before", "after") if word in row), row)
                for row in app.rows(captions=True)]

    server = Server()
    with running(server.url, environment={"TZ": zone_with_midnight_in(40)}) as app:
        app.wait_for_status("Online")
        server.send(message("before"))
        app.wait_for_row("before")
        assert said(app) == ["Today", "before"], said(app)
        until("midnight", lambda: said(app) == ["Yesterday", "before"], 60)
        server.send(message("after"))
        app.wait_for_row("after")
        assert said(app) == ["Yesterday", "before", "Today", "after"], said(app)
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-reading")
