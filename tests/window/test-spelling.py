#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spelling is checked where one writes, in the language of the locale."""

import subprocess
import sys

import tap
from driver import DEADLINE, GLib, until
from running import running
from servers import Server


def underlined(app):
    """The words of the composer that are underlined as wrong."""
    view = app.wait("Message", ("text", "entry"))
    text = view.text()
    words = []
    at = 0
    while at < len(text):
        attributes, _, end = view.call("Text", "GetAttributes", GLib.Variant("(i)", (at,)))
        end = max(end, at + 1)
        if attributes.get("underline") == "error":
            words.append(text[at:end].strip())
        at = end
    return words


def first_word(app):
    """The entry of the open menu after Insert Emoji. GTK 4.24.1 gives the entries no names, only shortcuts."""
    entries = [node for node in app.walk() if node.role == "menu item"]
    emoji = next(at for at, node in enumerate(entries) if "Control+;" in node.attributes().get("keyshortcuts", ""))
    return entries[emoji + 1]


def preferences(app):
    app.keys("ctrl+comma")
    until("the preferences", lambda: app.n_windows() == 2)


def test_underlined():
    """A wrong word is underlined and a right one is not, until that is switched off"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.type_into("Message", "seperate words here")
        until(f"the wrong word, not {underlined(app)}", lambda: underlined(app) == ["seperate"])
        preferences(app)
        app.click("Check Spelling")
        app.keys("Escape")
        until("no line", lambda: not underlined(app))
        app.type_into("Message", "")
    server.close()


def test_offered():
    """The menu of a wrong word offers the right one, which takes its place"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        # The word at the cursor may not be whole yet.
        app.type_into("Message", "seperate words")
        until("the wrong word", lambda: underlined(app) == ["seperate"])
        place = app.place(app.wait("Message", ("text", "entry")))
        app.focus()
        subprocess.run(["xdotool", "mousemove", str(place.x + 20), str(place.y + place.height // 2), "click", "3"],
                       check=True, timeout=DEADLINE)
        until("the menu", app.popovers)
        app.settle()
        first_word(app).act()
        until(f"the right word, not {app.text_of('Message')}", lambda: app.text_of("Message") == "separate words")
        app.type_into("Message", "")
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-spelling")
