#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of any length and in any script from a stage: the window responds, and shows no more than it can."""

import json
import os
import sys
import time

import tap
from driver import Atspi, until
from heart import Heart
from running import running
from servers import Server

# The gateway's largest message (DW_LIMIT_MESSAGE_BYTES).
LARGEST = 128 * 1024

SCRIPTS = {
    "Latin without blanks": "a",
    "Latin words": "hello world ",
    "Cyrillic": "жщ",
    "Tibetan stacks": "ཧཱུྃབསྒྲུབས",
    "Devanagari": "क्षत्रिय",
    "Arabic with marks": "مُحَمَّدٌ",
    "Hebrew and Latin": "aא",
    "Myanmar": "မြန်မာ",
    "zalgo": "z̸̡̛̯͚͉̗̗̞",
    "marks alone": "\u0301",
    "emoji": "👨‍👩‍👧‍👦",
    "CJK": "漢字",
    "overrides": "\u202ea",
    "lines": "x\n",
}

# How many of them there are at first: a list view builds about 205 rows at each jump to its end (GTK 4.8, measured). Once
# there are as many, the rows of the script before make up for those that are not sent.
ROWS = 200
MORE_ROWS = 100

# How long the main loop may be blocked, in seconds. Normally it is for 0.05 to 0.4 s, and for up to 1.6 s on two cores
# that run twenty other programs. Without limits it was 8 to 26 s on a quiet machine.
AWAY = 4.0 * (6 if "_sanitize" in os.environ["DYNAMOWAVE_CHAT"] else 1)


def message(text):
    return json.dumps({"message": text}, ensure_ascii=False, separators=(",", ":"))


def largest(unit):
    """A message in a script, as large as fits in a frame."""
    return message(unit * ((LARGEST - 100) // len(json.dumps(unit, ensure_ascii=False)[1:-1].encode())))


def test_scripts():
    """200 rows of the largest messages, of each script: the main loop responds, and the next message is shown"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        heart = Heart()
        found = {}
        for name, unit in SCRIPTS.items():
            heart.take()
            started = time.monotonic()
            server.send(*[largest(unit)] * (MORE_ROWS if found else ROWS), message(f"after {name}"))
            app.wait_for_row(f"after {name}")
            app.settle()
            found[name] = heart.take()
            print(f"# {name}: away for {found[name] * 1000:.0f} ms, {time.monotonic() - started:.1f} s in all", flush=True)
        heart.stop()
        late = {name: worst for name, worst in found.items() if worst > AWAY}
        assert not late, late
    server.close()


def focused(app):
    return next((node.name for node in app.walk() if node.has(Atspi.StateType.FOCUSED)), None)


def short(app):
    """No text on the screen, or given to a screen reader, is long."""
    long = [text[:80] for text in app.texts() if len(text) > 2500]
    assert not long, long


def step(app, heart, name):
    """The main loop was not blocked since the last step."""
    app.settle()
    short(app)
    worst = heart.take()
    print(f"# {name}: away for {worst * 1000:.0f} ms", flush=True)
    assert worst < AWAY, (name, worst)


def test_trial():
    """When a stage is tested, a gateway's error of any length is shown as one line"""
    for unit in ("a", "ཧཱུྃ", "x\n"):
        text = unit * (50000 // len(unit.encode()))
        server = Server(greeting=json.dumps({"message": text, "connectionId": text[:30], "requestId": "x"}, ensure_ascii=False))
        with running() as app:
            app.press("More Options…")
            editor = until("the editor", lambda: next((w for w in app.windows() if w.name == "New Stage"), None))
            heart = Heart()
            app.type_into("Stage Address", server.url, editor)
            app.press("Test")
            until("the answer", lambda: app.reads("has no default route", editor))
            step(app, heart, f"trial {unit!r}")
            heart.stop()
            app.keys("Escape")
            until("no editor", lambda: app.n_windows() == 1)
        server.close()


def test_connection():
    """A connection ID, a name or a close reason of any length does not block the window where it is shown"""
    long = "i" * 100000
    server = Server(greeting='Use the sendmessage route to send a message. Your info:'
                             f'{{"ConnectedAt":"2025-02-03T01:46:33.523Z","connectionID":"{long}"}}')
    with running(server.url) as app:
        app.wait_for_status("Online")
        heart = Heart()
        app.focus()
        app.press_at("Stages")
        until("the tooltip", lambda: app.popovers())
        step(app, heart, "tooltip")
        app.press_at("Message")
        server.send(json.dumps({"message": "from a long name", "sender": long}),
                    json.dumps({"message": "from a tall name", "sender": "z\u0335\u0328" * 20000}, ensure_ascii=False))
        app.wait_for_row("from a tall name")
        # They may scroll it away.
        server.send(json.dumps({"message": long[:50000], "connectionId": long[:50000], "requestId": "x"}),
                    json.dumps({long: long[:20000]}), long)
        app.wait_for_row("Received JSON that contains no message")
        step(app, heart, "names and notices")
        app.click("Stages")
        app.wait("Your stages")
        step(app, heart, "stages")
        heart.stop()
        app.keys("Escape")
    server.close()


def test_everywhere():
    """Wherever long texts are laid out the main loop responds: scrolling, resizing, searching, inspecting"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        for unit in ("needle", "ཧཱུྃབསྒྲུབས", "مُحَمَّدٌ", "👨‍👩‍👧‍👦"):
            server.send(*[largest(unit)] * 50)
        server.send(message("the end"))
        app.wait_for_row("the end")
        heart = Heart()
        app.press_at("Conversation")
        for _ in range(15):
            app.scroll(-20)
        step(app, heart, "scrolling up")
        for width in (500, 900, 640):
            app.move(0, 0, width, 700)
            app.settle()
        step(app, heart, "another width")
        app.keys("ctrl+f")
        app.wait("Search messages")
        app.type_into("Search messages", "needle")
        until("results", lambda: any("needle" in text and "Unknown Sender" in text for text in app.texts()))
        step(app, heart, "search results")
        app.keys("Escape")
        app.keys("ctrl+shift+i")
        app.wait("Raw frame", ("text", "entry"))
        step(app, heart, "inspector")
        # Each kind of frame, expanded.
        for keys in (("Down", "End"), ("Prior",), ("Prior",), ("Home",)):
            app.keys(*keys)
            app.wait("Selected Frame", ("text",))
            step(app, heart, f"a frame after {keys[-1]}")
        heart.stop()
    server.close()


def test_copies():
    """A message laid out in pieces is copied unchanged: the whole of it, or a selection"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.keys("shift")
        for start, unit in (("stacks", "ཧཱུྃབསྒྲུབས"), ("family", "👨‍👩‍👧‍👦"), ("marks", "مُحَمَّدٌ"), ("letters", "a")):
            text = f"{start} " + unit * (400 // len(unit))
            server.send(message(text))
            app.wait_for_row(start)
            for selected in (False, True):
                until("the composer", lambda: focused(app) == "Message")
                app.keys("shift+F6")
                until("the newest row", lambda: start in (focused(app) or ""))
                if selected:
                    # Moves the focus into the text itself.
                    app.keys("Tab")
                    app.keys("ctrl+a")
                app.keys("ctrl+c", "Escape")
                until("the composer again", lambda: focused(app) == "Message")
                app.keys("ctrl+v")
                until(f"a copy of {start}, not {app.text_of('Message')[:100]}", lambda: app.text_of("Message") == text)
                app.type_into("Message", "")
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-hostile")
