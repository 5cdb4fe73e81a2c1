#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inspector, which shows developers what crosses the wire."""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile

import tap
from driver import Atspi, until
from running import running, stage
from servers import RawServer, Server
from services import Service


def open_inspector(app):
    # Keys that come before its first page are lost.
    until("a stage", app.status)
    app.keys("ctrl+shift+i")
    return until("the inspector", lambda: next((w for w in app.windows() if w.name == "Inspector"), None))


def is_focused(app, name):
    return app.find(name).has(Atspi.StateType.FOCUSED)


def shows(app, inspector, text):
    return app.reads(text, inspector)


def test_frames():
    """Frames are shown as they crossed the wire, without secrets; a raw one can be sent"""
    server = Server()
    with running(f"{server.url}?token=S3CR3T") as app:
        app.wait_for_status("Online")
        server.send('{"message":"<b>incoming</b>"}')
        app.wait_for_row("incoming")
        inspector = open_inspector(app)
        app.wait("Raw frame", ("text", "entry"))
        until("the frame", lambda: shows(app, inspector, '{"message":"<b>incoming</b>"}'))
        assert shows(app, inspector, "Connecting to ws://127.0.0.1")
        assert not app.reads("S3CR3T")
        app.type_into("Raw frame", '{"action":"anything"}')
        app.press("Send Frame")
        until("the frame at the stage", lambda: '{"action":"anything"}' in server.received)
        app.type_into("Filter frames", "anything")
        until("only that", lambda: not shows(app, inspector, "incoming"))
        app.press("Close", inspector)
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_kinds_and_detail():
    """The list can be filtered by kind, and the selected frame is shown in detail"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send('{"message":"incoming"}', "[" * 100000)
        app.wait_for_row("incoming")
        app.say("outgoing")
        app.wait_for_row("You", "outgoing", "delivered")
        inspector = open_inspector(app)
        until("all", lambda: shows(app, inspector, "incoming") and shows(app, inspector, "Connecting to"))
        app.focus()
        app.press("Type", inspector)
        app.wait("Connections")
        # The open list already has the focus.
        subprocess.run(["xdotool", "key", "--delay", "100", "Down", "Down", "Return"], check=True, timeout=30)
        until("only what was sent", lambda: not shows(app, inspector, "incoming") and not shows(app, inspector, "Connecting to"))
        assert shows(app, inspector, '"message":"outgoing"')
        app.keys("Tab", "Down", "End")
        until("the frame, spread out", lambda: '"message": "outgoing"' in app.text_of("Selected Frame"))
        # Tab leaves the list, however many frames it has.
        for part in ("Selected Frame", "Raw frame"):
            app.keys("Tab")
            until(part, lambda wanted=part: is_focused(app, wanted))
    server.close()


def rows(app):
    """What a person reads in the list, or hears of it."""
    frames = app.find("Frames")
    return [row.name for row in frames.children] if frames else []


def wait_for_frame(app, expression):
    return until(f"a line like {expression}, not {rows(app)}", lambda: next((row for row in rows(app) if re.search(expression, row)), None))


def test_wrong_body_key():
    """AG-31: where the handler reads another key, nothing comes back, and after some seconds the line of the frame says so"""
    server = Server(key="data")
    with running(server.url) as app:
        app.wait_for_status("Online")
        open_inspector(app)
        wait_for_frame(app, "^Sent, .*reply after")
        app.type_into("Raw frame", '{"action":"sendMessage","message":"anybody?"}')
        app.press("Send Frame")
        wait_for_frame(app, r"^Sent, [0-9:.]*, \{.*anybody")
        wait_for_frame(app, "^Sent, .*No reply.*anybody")
        app.keys("Escape")
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_refused():
    """AG-31: a handshake that was refused has its status and what to do about it; among the errors there is nothing else"""
    server = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with running(server.url) as app:
        app.wait_for_status("Refused")
        inspector = open_inspector(app)
        wait_for_frame(app, "Failed after .*403.*Check the token")
        app.focus()
        app.press("Type", inspector)
        app.wait("Errors")
        subprocess.run(["xdotool", "key", "--delay", "100", "End", "Return"], check=True, timeout=30)
        until("only the failures", lambda: rows(app) and all("Failed" in row for row in rows(app)))
        app.keys("Escape")
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_failing_and_slow():
    """AG-31: an error of the gateway is paired with the frame that caused it, and a slow handler is seen in the latency"""
    server = Server(refusals=1, takes=1.1)
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.say("fails")
        app.wait_for_row("fails", "failed")
        open_inspector(app)
        cause = wait_for_frame(app, "^Sent, .*reply after .*fails")
        latency = re.search("reply after ([^,]*),", cause).group(1)
        wait_for_frame(app, f"^Received, .*reply after {re.escape(latency)}, .*Internal server error")
        app.type_into("Raw frame", '{"action":"sendMessage","message":"slow"}')
        app.press("Send Frame")
        wait_for_frame(app, r"^Sent, .*reply after 1\.[0-9]* s, .*slow")
        until("the numbers at the foot", lambda: app.reads("p99 1."))

        # From the error to its cause, by keys alone.
        app.type_into("Filter frames", "internal|fails")
        app.press("Regular Expression")
        until("these two", lambda: len(rows(app)) == 2)
        app.keys("ctrl+f", "F6", "F6", "End")
        until("the error", lambda: "Internal server error" in app.text_of("Selected Frame"))
        app.keys("ctrl+j")
        until("its cause", lambda: '"fails"' in app.text_of("Selected Frame"))
        app.keys("Escape")
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_cut():
    """AG-31: a connection that the stage ends has its close code, and what that means"""
    with stage(options=["--connection-limit=1"]) as server, running(server.url) as app:
        open_inspector(app)
        wait_for_frame(app, "Closed: 1001 .*two hours")
        app.keys("Escape")
        until("one window", lambda: app.n_windows() == 1)


def test_filter():
    """A bad expression says so in place, and the frames stay; pings come when they are asked for; Clear clears"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.pong()
        server.send('{"message":"one"}', '{"message":"two"}')
        app.wait_for_row("two")
        inspector = open_inspector(app)
        wait_for_frame(app, "two")
        app.press("Regular Expression")
        app.type_into("Filter frames", '"(one|three)"')
        until("one alone", lambda: len(rows(app)) == 1)
        app.type_into("Filter frames", "(one")
        until("the reason", lambda: app.reads("Not a regular expression"))
        assert any("two" in row for row in rows(app))
        app.type_into("Filter frames", "")
        until("no reason", lambda: not app.reads("Not a regular expression"))
        wait_for_frame(app, "two")
        assert not any("Pong" in row for row in rows(app))
        app.press("Inspector Menu", inspector)
        app.choose_and_close("Show Pings and Pongs", "p")
        wait_for_frame(app, "Pong received")
        app.press("Clear")
        until("nothing of before", lambda: not any("one" in row or "two" in row for row in rows(app)))
        app.keys("Escape")
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_follows():
    """The end stays in view unless one has scrolled up, and a frame that is sent from here comes into view"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(*[json.dumps({"message": f"line {n:03}"}) for n in range(60)])
        app.wait_for_row("line 059")
        open_inspector(app)
        until("the last", lambda: is_shown(app, "line 059"))
        server.send('{"message":"more"}')
        until("one more", lambda: is_shown(app, "more"))
        app.keys("Tab", "F6", "F6", "F6", "Home")
        until("the first", lambda: is_shown(app, "Connecting to"))
        server.send('{"message":"later"}')
        app.wait_for_row("later")
        app.settle()
        assert is_shown(app, "Connecting to") and not is_shown(app, "later")
        app.type_into("Raw frame", '{"action":"sendMessage","message":"mine"}')
        app.keys("ctrl+f", "shift+F6", "ctrl+Return")
        until("one's own", lambda: is_shown(app, "mine"))
        app.keys("Escape")
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def is_shown(app, text):
    """Whether a line of the list is within the part that is in view."""
    area = app.wait("Frames").extents()
    for row in app.wait("Frames").children:
        if text in row.name:
            place = row.extents()
            return place.height > 0 and place.y >= area.y and place.y + place.height <= area.y + area.height
    return False


def saved(path):
    """What a file has, once all of it is written, the frame “one” too."""

    def whole():
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for part in [text] if path.endswith(".har") else text.splitlines():
                json.loads(part)
            return text if "one" in text else None
        return None

    return until(path, whole)


def test_files():
    """What was saved is opened again, in a window that says whose file it is and sends nothing; a bad file is refused"""
    server = Server()
    with tempfile.TemporaryDirectory() as folder:
        lines, archive = os.path.join(folder, "session.jsonl"), os.path.join(folder, "session.har")
        # GTK's own dialogs are others in each version.
        with (Service("portal.py", "choose", lines, archive, lines, lines) as portal,
              running(f"{server.url}?token=S3CR3T", environment={"GDK_DEBUG": "portals"}) as app):
            app.wait_for_status("Online")
            server.send('{"message":"one"}')
            app.wait_for_row("one")
            open_inspector(app)
            wait_for_frame(app, "one")
            app.keys("ctrl+s")
            assert portal.next() == {"asked": ["SaveFile", "Save Frames", "frames.jsonl"]}
            texts = [saved(lines)]
            app.keys("ctrl+shift+s")
            assert portal.next() == {"asked": ["SaveFile", "Save Frames", "frames.har"]}
            texts.append(saved(archive))
            for text in texts:
                assert '{\\"message\\":\\"one\\"}' in text and "S3CR3T" not in text, text
            assert any(frame["type"] == "receive" for entry in json.loads(texts[1])["log"]["entries"] for frame in entry["_webSocketMessages"])
            app.keys("ctrl+o")
            assert portal.next() == {"asked": ["OpenFile", "Open Frames", None]}
            recording = until("the recording", lambda: next((w for w in app.windows() if w.name == "Recording"), None))
            until("its file", lambda: app.reads("session.jsonl", recording))
            until("its frames", lambda: app.reads('{"message":"one"}', recording))
            assert not app.find_button("Send Frame", recording) and not app.find_button("Pause", recording)
            app.keys("Escape")
            until("the inspector alone", lambda: app.n_windows() == 2)
            with open(lines, "a", encoding="utf-8") as file:
                file.write("nonsense\n")
            app.keys("ctrl+o")
            until("the reason", lambda: app.reads("is not a line of a recording"))
            app.keys("Escape")
            until("one window", lambda: app.n_windows() == 1)
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-inspector")
