#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around the messages: the bar of a connection that has a problem, a page without messages, and toasts."""

import sys

import tap
from driver import Atspi, until
from running import running
from servers import RawServer, Server

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

# The most that a line of the bar's text takes, in pixels; an action takes less than two.
LINE = 18

PROMISE = "Messages sent while you"


def box(app, name):
    return app.wait(name).extents()


def test_bar():
    """The bar's text and actions stand beside each other at any width, and leave the window to the messages"""
    server = RawServer(REFUSAL)
    with running(server.url) as app:
        app.wait_for_status("Refused")
        for width, lines in ((360, 4), (720, 2), (1100, 2)):
            app.move(0, 0, width, 640)
            app.settle()
            sentence = next(node for node in app.walk() if "(403)" in node.name and node.role == "label" and app.shows(node))
            actions = [app.wait_for_button(name).extents() for name in ("Edit Token", "Retry Now")]
            text = sentence.extents()
            bar = max(place.y + place.height for place in [text] + actions) - min(place.y for place in [text] + actions)
            assert bar <= lines * LINE, (width, bar)
            assert all(place.x >= text.x + text.width for place in actions), (width, text, actions)
            assert all(24 <= place.height <= 32 for place in actions), (width, actions)
    server.close()


def test_promise():
    """A page without messages says that they come where they can, and not where the stage refuses"""
    server, refusing = Server(), RawServer(REFUSAL)
    with running(server.url) as app:
        app.wait_for_status("Online")
        until("the promise", lambda: app.reads(PROMISE))
    with running(refusing.url) as app:
        app.wait_for_status("Refused")
        app.settle()
        assert not app.reads(PROMISE), app.texts()
    server.close()
    refusing.close()


def test_caption():
    """A caption between messages is no stop of the keyboard beside its row, but the text of a message is"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send('{"message": "hello"}')
        app.wait_for_row("hello")
        stops = {name: [node.has(Atspi.StateType.FOCUSABLE) for node in app.walk() if node.role == "label" and node.name == name]
                 for name in ("Today", "hello")}
        assert stops == {"Today": [False], "hello": [True]}, stops
    server.close()


def test_pointer():
    """A click reaches the message box and its buttons"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.keys("F6")
        app.click("Message")
        app.keys("h", "i")
        until("what was typed", lambda: app.text_of("Message") == "hi")
        app.click("Send")
        app.wait_for_row("hi", "delivered")
    server.close()


def test_toast():
    """A toast stands over the messages, and not over the composer"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.keys("ctrl+shift+l")
        until("the toast", lambda: app.reads("Link copied"))
        app.settle()
        toast, composer = box(app, "Link copied"), box(app, "Message")
        assert toast.y + toast.height <= composer.y, (toast, composer)
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-states")
