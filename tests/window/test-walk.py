#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first half hour of somebody with a pointer, who types text alone: no actions of widgets, and no shortcuts."""

import json
import subprocess
import sys

import tap
from driver import DEADLINE, until
from running import running, stage
from servers import RawServer, Server

NARROW = 360
WIDE = 1000
HEIGHT = 700

# What stands before the text in the bar of a search, in pixels.
FIND_BAR_PADDING = 18

TEXTS = ("text", "entry")

UNKNOWN = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

ANSWERS = ("It is since noon.", "The reading was off by 12 cm because of the ferry.", "I’ll note it in the log.")

FIRST, SECOND = "Harbor watch", "Ferry desk"


class Hand:
    """Somebody at the window."""

    def __init__(self, app, is_wide):
        self.app = app
        self.is_wide = is_wide

    def click(self, name, start=lambda: None, padding=0):
        """Clicks a button."""
        self.app.click_on(f"“{name}”", lambda: self.app.find_button(name, start()), padding=padding)

    def click_row(self, words, within):
        """Clicks a row of a list."""
        self.app.click_on(f"the row {words}", lambda: self.row(words, within))

    def row(self, words, within):
        rows = self.app.find(within)
        return next((row for row in self.app.walk(rows) if row.role in ("list item", "row") and words in row.name
                     and self.app.shows(row)), None) if rows else None

    def choose(self, name, mnemonic):
        self.app.click_on(f"“{name}”", lambda: self.app.menu_item(name, mnemonic))
        self.app.wait_for_no_menu()

    def write(self, name, text, start=lambda: None):
        """Clicks into a field and writes there, over what it has."""
        self.app.focus()
        self.app.click_on(f"“{name}”", lambda: self.app.find(name, TEXTS, start()), times=3)
        self.type(name, text, start)

    def type(self, name, text, start=lambda: None):
        """Writes into the field that has the focus."""
        subprocess.run(["xdotool", "type", "--delay", "4", text], check=True, timeout=DEADLINE)
        until(f"{text!r} in “{name}”", lambda: (field := self.app.find(name, TEXTS, start())) and field.text() == text)

    def say(self, text):
        self.write("Message", text)
        self.click("Send")
        self.app.wait_for_row(text, "delivered")

    def window(self, *names):
        return next((window for window in self.app.windows() if window.name in names), None)

    def show_stages(self):
        if not self.is_wide:
            self.click("Stages")

    def choose_of_stage(self, stage_name, name, mnemonic):
        """Chooses from the menu of a stage."""
        self.show_stages()
        self.click("Stage Menu", lambda: self.row(stage_name, "Your stages"))
        self.choose(name, mnemonic)


def connect(app, hand, server):
    hand.write("Stage Address", server.url)
    hand.click("Connect")
    app.wait_for_status("Online")


def talk(app, hand, server):
    hand.say("Is the tide gauge back?")
    server.send(*[json.dumps({"message": text, "sender": "Ada"}) for text in ANSWERS])
    app.wait_for_row("Ada", ANSWERS[-1])


def search(app, hand):
    hand.click("Search")
    until("the search", lambda: app.find("Search messages", TEXTS))
    hand.write("Search messages", "FERRY")
    until("one result", lambda: hand.row("ferry", "Results"))
    hand.click_row("ferry", "Results")
    until("the message", lambda: hand.row("ferry", "Conversation"))
    app.wait("1 of 1")
    hand.click("End the search", padding=FIND_BAR_PADDING)
    until("the end of it", lambda: not app.find("1 of 1"))
    app.settle()
    assert not app.find_button("Newest messages"), "there is nothing below what is in sight"


def rename(app, hand):
    hand.choose_of_stage("prod", "Edit…", "E")
    until("the editor", lambda: hand.window("Edit Stage"))
    hand.write("Name", FIRST, lambda: hand.window("Edit Stage"))
    hand.click("Save", lambda: hand.window("Edit Stage"))
    until("the new name", lambda: app.n_windows() == 1 and hand.row(FIRST, "Your stages"))


def add_another(app, hand, wrong, right):
    """The address is wrong at first."""
    hand.click("Add stage")
    until("a page for its address", lambda: app.find("Stage Address", TEXTS) or hand.window("New Stage"))
    hand.write("Stage Address", wrong.url)
    hand.click("Connect")
    app.wait_for_status("Refused")
    tried = len(wrong.requests)
    hand.click("Retry Now")
    until(f"another handshake after {tried}", lambda: len(wrong.requests) > tried)
    app.wait_for_status("Refused")
    hand.click("Edit Address")
    until("the editor", lambda: hand.window("Edit Stage"))
    # The button named what is wrong, so the next letters go there, over what it has.
    app.focus()
    app.settle()
    hand.type("Stage Address", right.url, lambda: hand.window("Edit Stage"))
    hand.write("Name", SECOND, lambda: hand.window("Edit Stage"))
    hand.click("Save", lambda: hand.window("Edit Stage"))
    until("the editor to go", lambda: app.n_windows() == 1)
    app.wait_for_status("Online")
    hand.say("The 12:40 is late.")


def switch(app, hand, server):
    hand.show_stages()
    hand.click_row(FIRST, "Your stages")
    app.wait_for_row(ANSWERS[-1])
    server.kill()
    hand.show_stages()
    row = until("the state of the other", lambda: hand.row(f"{SECOND}, Waiting", "Your stages"))
    assert row.name.count("Waiting") == 1, row.name
    hand.click_row(SECOND, "Your stages")
    app.wait_for_status("Waiting")
    server.start()
    app.wait_for_status("Online")


def mute(app, hand):
    hand.choose_of_stage(SECOND, "Mute", "M")
    until("it said", lambda: hand.row(f"{SECOND}, Online, Muted", "Your stages"))
    hand.click_row(FIRST, "Your stages")
    app.wait_for_row(ANSWERS[-1])


def inspect(app, hand, width):
    hand.click("Main menu")
    hand.choose("Inspector", "I")
    until("the inspector", lambda: hand.window("Inspector") and app.n_windows() == 2)
    app.move(0, 0, width, HEIGHT)
    app.settle()
    hand.click_row("tide gauge", "Frames")
    until("the frame", lambda: '"message": "Is the tide gauge back?"' in app.text_of("Selected Frame"))
    hand.click("Close", lambda: hand.window("Inspector"))
    until("one window", lambda: app.n_windows() == 1)


def export(app, hand):
    hand.click("Main menu")
    hand.choose("Export Conversation…", "E")
    until("the file chooser", lambda: hand.window("Export Conversation"))
    until("it in sight", lambda: len(app.named_windows()) == 2)
    hand.click("Cancel", lambda: hand.window("Export Conversation"))
    until("one window", lambda: len(app.named_windows()) == 1)


def pause(app, hand):
    hand.choose_of_stage(FIRST, "Disconnect", "D")
    until("the state", lambda: hand.row(f"{FIRST}, Offline", "Your stages"))
    if not hand.is_wide:
        hand.click("Back to conversation")
    app.wait_for_status("Offline")
    hand.click("Connect")
    app.wait_for_status("Online")
    hand.say("Here again")


def walk(width):
    first, wrong = Server(), RawServer(UNKNOWN)
    with stage() as second, running() as app:
        hand = Hand(app, width == WIDE)
        app.move(0, 0, width, HEIGHT)
        app.focus()
        connect(app, hand, first)
        talk(app, hand, first)
        search(app, hand)
        rename(app, hand)
        add_another(app, hand, wrong, second)
        switch(app, hand, second)
        mute(app, hand)
        inspect(app, hand, width)
        export(app, hand)
        pause(app, hand)
    first.close()
    wrong.close()


def test_narrow():
    """In a window as wide as a telephone"""
    walk(NARROW)


def test_wide():
    """In a window with the stages at its side"""
    walk(WIDE)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-walk")
