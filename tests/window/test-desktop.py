#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window as a part of the desktop: notifications, and ways into it from outside."""

import html
import json
import os
import subprocess
import sys
import time

import tap
from driver import DEADLINE, App, until
from running import running
from servers import Server
from services import Service


# How long a program without a window is watched, in seconds, to see that it does not end.
STAYS = 1


def test_notifications():
    """An unread message is notified once for each stage, leads there, and is withdrawn when read; our own never are"""
    desktop, server, other = Service("desktop.py", "take"), Server(), Server()
    try:
        with running(server.url, other.url) as app:
            app.wait_for_status("Online")
            until("the first stage to be online", lambda: server.clients)
            app.focus()
            app.keys("shift")
            app.settle()
            other.send('{"message":"looked at"}')
            app.wait_for_row("looked at")
            app.say("my own")
            server.send('{"message":"R&D <b>x</b> \u202e","sender":"Eve"}')
            first = desktop.next()
            assert first["title"] == "prod (local)" and first["body"].startswith("Eve: R&D <b>x</b>"), first
            server.send('{"message":"' + "long " * 200 + '"}')
            second = desktop.next()
            assert second["id"] == first["id"] and "2" in second["title"], second
            assert len(second["body"]) < 250 and second["body"].endswith("…"), second
            server.send('{"message":"please press"}')
            desktop.next()
            app.wait_for_row("please press")
            closed = desktop.next()
            assert closed == {"closed": first["id"]}, closed
    finally:
        desktop.end()
        server.close()
        other.close()


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

# What Eve wrote, and the body of the notification before it is escaped.
BODIES = (("a<b & c", "Eve: a<b & c"), ("<i>x</i> &amp;", "Eve: <i>x</i> &amp;"),
          ('<a href="https://e.example/">here</a>', 'Eve: <a href="https://e.example/">here</a>'),
          ("one\ntwo\r\nthree\u2028four", "Eve: one two three four"), ("a\u202eb\u2066c", "Eve: abc"),
          ("\u05d0\u05d1", "Eve: \u2068\u05d0\u05d1\u2069"),
          ("n" * 199 + FAMILY + "x", "Eve: " + "n" * 199 + FAMILY + "…"), ("\x1b[31m", "Eve: \ufffd[31m"),
          ("half \ud83d of one", "Eve: half \ufffd of one"), ("\u200fafter a mark", "Eve: \u2068\u200fafter a mark\u2069"))

# Who said “text”, and what stands in the notification.
SENDERS = (("<b>Eve</b>", "<b>Eve</b>: text"), ("Eve\u202e", "Eve\ufffd: text"), ("Eve\n\u2028x", "Eve  x: text"),
           ("n" * 63 + FAMILY + "x", "n" * 63 + FAMILY + ": text"), ("\u05d3\u05e0\u05d4", "\u2068\u05d3\u05e0\u05d4\u2069: text"),
           ("\u200b", "text"), (None, "text"))


def test_bodies():
    """DT-4: a body is one line that keeps its direction and whole emoji, escaped once for servers that read markup"""
    for argument in ("take", "markup"):
        desktop, server, other = Service("desktop.py", argument), Server(), Server()
        try:
            with running(server.url, other.url) as app:
                app.wait_for_status("Online")
                until("the first stage to be online", lambda: server.clients)
                frames = [(said, "Eve", wanted) for said, wanted in BODIES]
                frames += [("text", sender, wanted) for sender, wanted in SENDERS]
                for said, sender, wanted in frames:
                    server.send(json.dumps({"message": said, **({"sender": sender} if sender else {})}))
                    body = desktop.next()["body"]
                    if argument == "markup":
                        wanted = html.escape(wanted).replace("&#x27;", "&apos;")
                    assert body == wanted, (argument, body, wanted)
        finally:
            desktop.end()
            server.close()
            other.close()


def close_window(app):
    app.keys("ctrl+w")


def choose_background(app):
    app.keys("ctrl+comma")
    app.wait("Run in Background")
    app.click("Run in Background")


def test_closing_says_what_it_means():
    """DT-3: closing the last window for the first time says that this ends the program, and offers the alternative"""
    server = Server()
    app = App(server.url)
    try:
        app.wait_for_status("Online")
        close_window(app)
        app.wait("Keep Running in the Background?")
        # There is one question, however often it is pressed.
        close_window(app)
        app.press("Cancel")
        until("the question to go", lambda: app.n_windows() == 1)
        close_window(app)
        assert app.process.wait(DEADLINE) == 0
    finally:
        app.end()
        server.close()


def test_background_granted():
    """DT-3: if the portal allows it the program stays connected without a window, and notifies"""
    portal, desktop, server = Service("portal.py", "grant"), Service("desktop.py", "take"), Server()
    app = App(server.url)
    try:
        app.wait_for_status("Online")
        close_window(app)
        app.press("Keep Running")
        assert "asked" in portal.next()
        until("no window", lambda: app.n_windows() == 0)
        time.sleep(STAYS)
        assert app.process.poll() is None and server.clients
        server.send('{"message":"anybody there?","sender":"Eve"}')
        told = desktop.next()
        assert told["body"] == "Eve: anybody there?", told
        subprocess.run([os.environ["DYNAMOWAVE_CHAT"]], timeout=DEADLINE, check=True)
        app.wait_for_row("anybody there?")
        app.process.terminate()
        assert app.process.wait(DEADLINE) == 0
    finally:
        app.end()
        portal.end()
        desktop.end()
        server.close()


def test_background_denied():
    """DT-3: if the portal refuses, or there is none, the setting goes back to “no” and the user is told"""
    for answer in ("deny", None):
        portal = Service("portal.py", answer) if answer else None
        desktop, server = Service("desktop.py", "take"), Server()
        try:
            with running(server.url) as app:
                app.wait_for_status("Online")
                choose_background(app)
                told = desktop.next()
                assert "in the Background" in told["title"], told
                app.keys("Escape")
                until("one window", lambda: app.n_windows() == 1)
        finally:
            if portal:
                portal.end()
            desktop.end()
            server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-desktop")
