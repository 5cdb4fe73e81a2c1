#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real window, with our own stage and with foreign servers and clients."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tap
from driver import DEADLINE, WATCHED, App, Atspi, Stage, steady, until
from running import running, stage
from servers import NodeClient, RawServer, Server


def test_names_tools_rely_on():
    """Accessible names, which tools rely on, stay the same"""
    with stage() as local, running() as app:
        for name in ("Connect", "Start a Local Stage"):
            app.wait_for_button(name)
        app.wait("Stage Address", ("text", "entry"))
        app.type_into("Stage Address", local.url)
        app.press("Connect")
        app.wait_for_status("Online")
        app.wait_for_button("Stages")
        app.wait_for_button("Send")
        app.wait("Message", ("text", "entry"))
        app.say("hello")
        app.wait_for_row("You", "hello", ":", "delivered")


def test_two_people():
    """Two profiles on one stage see each other's messages and names"""
    with stage() as local, running(local.url, profile="Ada") as ada, running(local.url, profile="Eve") as eve:
        ada.wait_for_status("Online")
        eve.wait_for_status("Online")
        ada.say("hello Eve")
        eve.wait_for_row("Ada", "hello Eve")
        eve.say("hello Ada")
        ada.wait_for_row("Eve", "hello Ada")
        ada.wait_for_row("You", "hello Eve", "delivered")
        assert len(ada.rows()) == 2 and len(eve.rows()) == 2, (ada.rows(), eve.rows())


def test_stage_comes_back():
    """When a killed stage is restarted both clients reconnect by themselves, and the queue is sent"""
    with stage() as local, running(local.url, profile="Ada") as ada, running(local.url, profile="Eve") as eve:
        ada.wait_for_status("Online")
        eve.wait_for_status("Online")
        local.kill()
        ada.wait_for_status("Waiting")
        eve.wait_for_status("Waiting")
        ada.wait_for_button("Retry Now")
        assert ada.reads("Retrying in")
        eve.say("written while it was away")
        eve.wait_for_row("You", "written while it was away", "queued")
        local.start()
        ada.wait_for_status("Online", 60)
        eve.wait_for_status("Online", 60)
        eve.wait_for_row("You", "written while it was away", "delivered")
        ada.say("we are back")
        eve.wait_for_row("Ada", "we are back")


def test_retry_now():
    """“Retry Now” shortens the wait"""
    with stage() as local, running(local.url) as app:
        app.wait_for_status("Online")
        local.kill()
        # Wait for a delay that is long enough to be shortened.
        until("a longer wait", lambda: any("Retrying in 4" in t or "Retrying in 5" in t or "Retrying in 6" in t
                                           or "Retrying in 7" in t for t in app.texts()), 90)
        local.start()
        app.press("Retry Now")
        app.wait_for_status("Online", 3)


def test_bad_addresses():
    """Each wrong address gets one line about what to change, next to it"""
    rows = {"": "starts with wss://", "example.org/prod": "wss:// in front", "https://example.org": "web address",
            "wss://user:S3CR3T@host/prod": "username or password", "ws://example.org/prod": "this computer",
            "wss://h/a b": "a space", "wss://h/s#x": "#"}
    with running() as app:
        for address, words in rows.items():
            app.type_into("Stage Address", address)
            app.press("Connect")
            until(f"words on “{address}”", lambda: app.reads(words))


def test_bad_servers():
    """Whatever a server answers, the status explains it and nothing crashes"""
    http = "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n"
    rows = [((http % "403 Forbidden").encode(), "Refused", "403"),
            ((http % "401 Unauthorized").encode(), "Refused", "401"),
            ((http % "404 Not Found").encode(), "Refused", "404"),
            ((http % "500 Internal Server Error").encode(), "Waiting", "couldn’t open"),
            (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "Waiting", "sign in"),
            (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "Refused",
             "redirects aren’t followed"),
            (b"garbage\r\n\r\n", "Waiting", "isn’t a stage")]
    for answer, state, words in rows:
        server = RawServer(answer)
        with running(server.url) as app:
            app.wait_for_status(state)
            until(f"“{words}”", lambda: app.reads(words))
        server.close()


def test_unreachable():
    """A port that refuses connections, and a host that does not exist"""
    with running("ws://127.0.0.1:1/prod") as app:
        app.wait_for_status("Waiting")
        assert app.reads("Nothing is listening")
    with running("wss://no-such-host.invalid/prod") as app:
        app.wait_for_status("Waiting")
        assert app.reads("Host not found")


def test_silent_server_and_quit():
    """RC-5: Quit is quick even if the peer accepts the connection and never answers"""
    server = RawServer(b"")
    app = App(server.url)
    try:
        app.wait_for_status("Connecting")
        took = app.quit()
        assert took < 2 and app.process.returncode == 0, (took, app.output())
    finally:
        app.end()
        server.close()


def test_bad_frames():
    """Each bad frame is one clear line, and the next good message is shown"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send("no JSON at all", "[" * 120000, '{"message":"ab\\u0000cd"}', '{"message":"half \\ud800 pair"}',
                    '{"message":"R&D <3 &amp; <b>x</b> <a href=\\"file:///etc/passwd\\">ok</a>"}', '{"x":1}',
                    '{"message": "Forbidden", "connectionId":"c", "requestId":"r"}', "", "\x00",
                    '{"message":"the next good one"}')
        app.wait_for_row("the next good one")
        rows = app.rows()
        for words in ("no JSON at all", "nested too deeply", "ab\ufffdcd", "half \ufffd pair",
                      'R&D <3 &amp; <b>x</b> <a href="file:///etc/passwd">ok</a>', "contains no message", "Forbidden"):
            assert sum(words in row for row in rows) == 1, (words, rows)
    server.close()


def test_large_messages():
    """Huge messages neither widen the window nor block it"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        for text in ("a" * 32000, "x\n" * 16000, "\u202ea" * 8000, "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 2000):
            server.send(json.dumps({"message": text}))
        started = time.monotonic()
        server.send('{"message":"after the large ones"}')
        app.wait_for_row("after the large ones")
        assert time.monotonic() - started < 8
        width = app.windows()[0].extents().width
        assert width <= 720, width
        app.wait_for_button("Show More")
    server.close()


def test_documented_stage():
    """With a foreign stage the documented frames suffice"""
    server = Server()
    with running(server.url, profile="Ada") as app:
        app.wait_for_status("Online")
        app.say("hello")
        app.wait_for_row("You", "hello", "delivered")
        assert server.received[-1] == '{"action":"sendMessage","message":"hello"}', server.received
    server.close()


def test_node_client():
    """Node's ws can talk to our stage, and through it to the window"""
    with stage() as local, running(local.url, profile="Ada") as app:
        app.wait_for_status("Online")
        node = NodeClient(local.url)
        notification = json.loads(node.receive())
        assert notification["features"] == ["sender", "id", "sentAt"], notification
        node.send('{"action":"sendMessage","message":"hello from Node"}')
        assert node.receive() == '{"message":"hello from Node"}'
        app.wait_for_row("Unknown Sender", "hello from Node")
        app.say("hello Node")
        frame = json.loads(node.receive())
        assert frame["message"] == "hello Node" and frame["sender"] == "Ada" and frame["id"] and frame["sentAt"], frame
        assert node.close() == 0


def test_windows_share_a_connection():
    """Two windows on one stage share a connection"""
    with stage() as local, running(local.url) as app:
        app.wait_for_status("Online")
        app.keys("ctrl+n")
        until("a second window", lambda: app.n_windows() == 2)
        for window in app.windows():
            until("the status in both", lambda: app.status(window).startswith("Online"))
        app.type_into("Message", "seen in both", app.windows()[0])
        app.press("Send", app.windows()[0])
        for window in app.windows():
            until("the row in both", lambda: any("seen in both" in row for row in app.rows(window)))
            assert len(app.rows(window)) == 1, app.rows(window)


def test_one_instance():
    """DB-2: a second start raises the first one's window and exits cleanly"""
    with stage() as local, running() as app:
        second = subprocess.run([os.environ["DYNAMOWAVE_CHAT"], local.url], timeout=15, check=False)
        assert second.returncode == 0
        app.wait_for_status("Online")
        assert app.n_windows() == 1


def test_local_stage():
    """The local stage starts at the press of a button and ends with the program, killed or not"""
    def children(app):
        found = subprocess.run(["pgrep", "-P", str(app.process.pid), "dynamowave-stag"], capture_output=True, text=True,
                               check=False).stdout.split()
        return [int(pid) for pid in found]

    def alive(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                return stat.read().split()[2] != "Z"
        except FileNotFoundError:
            return False

    with running() as app:
        app.press("Start a Local Stage")
        app.wait_for_status("Online")
        app.say("hello")
        app.wait_for_row("You", "hello", "delivered")
        stages = children(app)
        assert len(stages) == 1, stages
    until("the stage to end", lambda: not alive(stages[0]))

    app = App()
    app.press("Start a Local Stage")
    app.wait_for_status("Online")
    stages = children(app)
    app.process.send_signal(signal.SIGKILL)
    app.process.wait(10)
    until("the stage to end", lambda: not alive(stages[0]))


def test_keyboard_alone():
    """Joining a stage and chatting works without a mouse"""
    with stage() as local, running() as app:
        app.focus()
        app.settle()
        subprocess.run(["xdotool", "type", "--delay", "12", local.url], check=True, timeout=15)
        app.keys("Return")
        app.wait_for_status("Online")
        subprocess.run(["xdotool", "type", "--delay", "12", "first line"], check=True, timeout=15)
        app.keys("shift+Return")
        subprocess.run(["xdotool", "type", "--delay", "12", "second line"], check=True, timeout=15)
        until("both lines", lambda: app.text_of("Message") == "first line\nsecond line")
        app.keys("Return")
        app.wait_for_row("You", "first line\nsecond line", "delivered")
        assert app.text_of("Message") == "", app.text_of("Message")


def test_disconnect_and_connect():
    """Disconnect takes effect at once and Connect comes back"""
    with stage() as local, running(local.url) as app:
        app.wait_for_status("Online")
        app.choose_of_stage("Disconnect", "D")
        app.keys("Escape")
        app.wait_for_status("Offline", 5)
        app.press("Connect")
        app.wait_for_status("Online")


def test_focus_in_the_composer():
    """After a start with a URL, typing goes into the message box; Escape leads back from adding a stage"""
    with stage() as local, running(local.url) as app:
        app.wait_for_status("Online")
        app.focus()
        subprocess.run(["xdotool", "type", "--delay", "12", "typed at once"], check=True, timeout=15)
        app.keys("Return")
        app.wait_for_row("You", "typed at once", "delivered")
        app.keys("ctrl+o")
        app.wait("Stage Address")
        app.keys("Escape")
        until("the conversation", lambda: app.status().startswith("Online"))


def test_send_again():
    """AG-1: a message refused by the gateway shows the reason, and can be sent again"""
    server = Server(refusals=1)
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.say("try this")
        app.wait_for_row("You", "try this", "failed")
        until("the reason", lambda: app.reads("couldn’t process this message"))
        app.press("Send Again")
        app.wait_for_row("You", "try this", "delivered")
        until("no button", lambda: not app.find("Send Again"))
        assert len(app.rows()) == 1, app.rows()
    server.close()


def test_drafts_stay_where_they_were_typed():
    """UI-9: a draft for one stage is not shown or sent on another"""
    with stage() as first, stage() as second, running(first.url) as app:
        app.wait_for_status("Online")
        app.type_into("Message", "for the first alone")
        app.keys("ctrl+o")
        app.type_into("Stage Address", second.url)
        app.press("Connect")
        until("an empty composer", lambda: app.text_of("Message") == "")
        app.wait_for_status("Online")
        app.say("for the second")
        app.wait_for_row("for the second", "delivered")
        app.press("Stages")
        until("a row with the draft", lambda: app.reads("Draft: for the first alone"))
        app.keys("Escape")
        until("the list to close", lambda: not app.reads("Draft: for the first alone"))
        app.keys("ctrl+o")
        app.type_into("Stage Address", first.url)
        app.press("Connect")
        until("the draft", lambda: app.text_of("Message") == "for the first alone")


def test_unread_elsewhere():
    """Messages on a stage out of sight are counted in the list of stages, and marked as new there"""
    server, other = Server(), Server()
    with running(server.url, other.url) as app:
        app.wait_for_status("Online")
        until("the first stage to be online", lambda: server.clients)
        server.send('{"message":"one"}', '{"message":"two"}')
        until("the count", lambda: "2" in app.texts())
        until("the title", lambda: app.windows()[0].name.startswith("(2) "))
        app.press("Stages")
        until("a row that says it", lambda: app.reads("2 unread messages"))
        app.press("Stage Menu")
        app.choose_and_close("Mute", "M")
        app.keys("ctrl+o")
        app.type_into("Stage Address", server.url)
        app.press("Connect")
        app.wait_for_row("two")
        until("the line", lambda: "New messages" in app.rows(captions=True))
        assert "2" not in app.texts()
        until("the title", lambda: not app.windows()[0].name.startswith("("))
    server.close()
    other.close()


def test_remove_and_undo():
    """Removing a stage can be undone, and its history is still there"""
    with stage() as local, running(local.url) as app:
        app.wait_for_status("Online")
        app.say("to be kept")
        app.wait_for_row("to be kept", "delivered")
        app.choose_of_stage("Remove", "V")
        app.wait("Stage Address", ("text", "entry"))
        app.press("Undo")
        app.wait_for_row("to be kept", "delivered")
        app.wait_for_status("Online")


def scroll_away(app):
    """Turns the wheel until the conversation is away from its end."""

    def turn():
        app.press_at("Conversation")
        app.scroll(-40)
        return app.find_button("Newest messages")

    until("the button", turn)


def number_of(row):
    return int(row.split("#")[1].split()[0])


def varied(start, count):
    return [json.dumps({"message": f"#{n} " + "words of some length " * (n * 7 % 23), "sender": f"P{n % 5}"})
            for n in range(start, start + count)]


def test_scrolling_stays():
    """UI-1: the row being read stays where it is when messages arrive, history is loaded or the window is resized"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(*varied(0, 500))
        app.wait_for_row("#499 ")
        scroll_away(app)
        app.settle()
        before = number_of(app.first_visible())
        server.send(*varied(500, 100))
        app.wait_for_button("100 new")
        app.settle()

        def stays():
            first = app.first_visible()
            return first is not None and abs(number_of(first) - before) <= 1

        until(f"{before} to stay first, not {app.first_visible()}", stays)
        app.move(0, 0, 480, 700)
        until("the window to be narrower", lambda: app.windows()[0].extents().width < 500)
        app.settle()
        until(f"{before} to stay first, not {app.first_visible()}", stays)
        app.say("my own leads to the end")
        app.wait_for_row("my own leads to the end")
        until("the end", lambda: not app.find_button("Newest messages"))
        server.send(*varied(600, 5))
        app.wait_for_row("#604 ")
        app.settle()
        assert not app.find("5 new"), "the end was not followed"
    server.close()


def test_pasted_lines():
    """S-7: any kind of line break is sent as LF, in one message, and pasting sends nothing"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.type_into("Message", "one\r\ntwo\rthree\u2028four")
        time.sleep(WATCHED)
        assert not any("one" in frame for frame in server.received)
        app.press("Send")
        until("the frame", lambda: any("one" in frame for frame in server.received))
        texts = [json.loads(frame).get("message") for frame in server.received]
        assert "one\ntwo\nthree\nfour" in texts, texts
    server.close()


def test_full_screen():
    """F11 fills the screen, where a window manager lets it, and gives it back"""
    screen = tuple(map(int, subprocess.run(["xdotool", "getdisplaygeometry"], capture_output=True, text=True, check=True,
                                           timeout=DEADLINE).stdout.split()))
    manager = subprocess.Popen(["openbox", "--sm-disable"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server()
    try:
        with running(server.url) as app:
            app.wait_for_status("Online")

            def size():
                place = subprocess.run(["xdotool", "getwindowgeometry", "--shell", until("a window", app.window_id)],
                                       capture_output=True, text=True, check=True, timeout=DEADLINE).stdout
                return tuple(int(re.search(rf"{what}=(\d+)", place).group(1)) for what in ("WIDTH", "HEIGHT"))

            before = steady("the window's size", size)
            assert before != screen, before
            app.keys("F11")
            until("the whole screen", lambda: size() == screen)
            app.keys("F11")
            until("the size it had", lambda: size() == before)
    finally:
        manager.terminate()
        manager.wait(DEADLINE)
        server.close()


def test_shortcuts_and_about():
    """The shortcuts are listed, and the troubleshooting text has what a report needs and no secrets"""
    server = Server()
    with running(f"{server.url}?token=S3CR3T") as app:
        app.wait_for_status("Online")
        app.keys("ctrl+question")
        until("the list", lambda: app.reads("Insert Line Break"))
        app.keys("Escape")
        until("one window", lambda: app.n_windows() == 1)
        app.press("Main menu")
        app.choose("About DynamoWave Chat", "a")
        until("the window", lambda: app.n_windows() == 2)
        app.click("Troubleshooting")
        app.click("Debugging Information")
        until("the words", lambda: any("libadwaita" in app.text_in(node) for node in app.walk()))
        assert not any("S3CR3T" in app.text_in(node) for node in app.walk())
        app.keys("Escape", "Escape", "Escape")
        until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_dialogs_fit():
    """A dialog is no wider than the narrow window it belongs to, and Escape closes it alone"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        app.move(0, 0, 372, 640)  # the frame of a window without a manager is part of that
        for keys, title in (("ctrl+e", "Edit Stage"), ("ctrl+comma", "Preferences")):
            app.keys(keys)
            dialog = until(title, lambda name=title: next((w for w in app.windows() if w.name == name), None))
            until("a dialog that fits", lambda it=dialog: 0 < it.extents().width <= 372)
            app.keys("Escape")
            until("one window", lambda: app.n_windows() == 1)
        app.say("still here")
        app.wait_for_row("still here", "delivered")
    server.close()


def test_links():
    """UI-2, UI-6: links can be pressed, and text that only looks like markup is shown unchanged"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(json.dumps({"message": "See https://e.example/a?b=1&c=2. <b>R&D</b>",
                                "sender": "<span size=\"1000000\">big</span>"}))
        app.wait_for_row("See https://e.example/a?b=1&c=2. <b>R&D</b>", "<span size=")
    server.close()


def test_link_with_a_user():
    """UI-7: a user name that looks like a host is hidden; the user is asked, and the browser gets what was shown"""
    server = Server()
    with tempfile.TemporaryDirectory() as data:
        folder = Path(data) / "applications"
        folder.mkdir()
        browser = folder / "browser.sh"
        browser.write_text(f"#!/bin/sh\nprintf %s \"$1\" > {data}/opened.new && mv {data}/opened.new {data}/opened\n", encoding="utf-8")
        browser.chmod(0o755)
        (folder / "browser.desktop").write_text(f"[Desktop Entry]\nType=Application\nName=Browser\nExec={browser} %u\n"
                                                "MimeType=x-scheme-handler/https;\n", encoding="utf-8")
        (folder / "mimeapps.list").write_text("[Default Applications]\nx-scheme-handler/https=browser.desktop\n", encoding="utf-8")
        with running(server.url, data=data) as app:
            app.wait_for_status("Online")
            server.send(json.dumps({"message": "https://bank.example@evil.example/"}))
            app.wait("https://evil.example/")
            app.click("https://evil.example/")
            until("the question", lambda: any("username" in text and "https://evil.example/" in text for text in app.texts()))
            app.press("Open")
            until("the browser", lambda: (Path(data) / "opened").exists())
            assert (Path(data) / "opened").read_text(encoding="utf-8") == "https://evil.example/"
            until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_new_messages_button():
    """After scrolling up a button counts new messages and leads to them"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        server.send(*[json.dumps({"message": f"old {n}"}) for n in range(60)])
        app.wait_for_row("old 59")
        scroll_away(app)
        server.send(*[json.dumps({"message": f"new {n}"}) for n in range(3)])
        app.press("3 new")
        until("no button", lambda: not app.find_button("3 new"))
    server.close()


def test_edit_the_token():
    """RC-6: a refused token is reported and stops the attempts, and the next request has the new one"""
    server = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with stage() as local, running(f"{server.url}?token=OLD") as app:
        app.wait_for_status("Refused")
        assert len(server.requests) == 2, len(server.requests)
        app.say("waits for the right token")
        app.wait_for_row("waits for the right token", "queued")
        app.press("Edit Token")
        until("the address without the token", lambda: app.text_of("Stage Address") == server.url)
        assert app.text_of("Parameter") == "token"
        app.type_into("Value", "N+/=W")
        app.press("Save")
        until("the next request", lambda: len(server.requests) > 2)
        assert server.requests[2].startswith(b"GET /prod?token=N%2B%2F%3DW HTTP/1.1"), server.requests[2]
        # Queued messages are kept, and go to the new address.
        app.wait_for_status("Refused")
        app.press("Edit Token")
        app.type_into("Stage Address", local.url)
        app.press("Save")
        app.wait_for_status("Online")
        app.wait_for_row("waits for the right token", "delivered")
    server.close()


def test_remedies():
    """Every problem has a button that helps"""
    html = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    for answer, button in ((html, "Sign In"), (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "Edit Address"),
                           (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "Retry Now")):
        server = RawServer(answer)
        with running(server.url) as app:
            app.wait_for_button(button)
        server.close()


def test_no_secret_in_the_log():
    """AG-7: a token is in no output and on no label, whatever happens"""
    token = "S3CR3T+/=canary"
    encoded = "S3CR3T%2B%2F%3Dcanary"
    refusing = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with stage() as local:
        for base in (local.url, refusing.url, "wss://no-such-host.invalid/prod"):
            app = App(f"{base}?token={token}", environment={"G_MESSAGES_DEBUG": "all", "G_DEBUG": ""})
            try:
                until("a state", lambda: app.status().split(" ")[0] in ("Online", "Refused", "Waiting"))
                shown = " ".join(app.texts() + [node.description for node in app.walk()])
                app.quit()
                for text in (app.output(), shown):
                    assert token not in text and encoded not in text, text
            finally:
                app.end()
    # Yet the stage got it byte for byte.
    assert f"GET /prod?token={token} HTTP/1.1".encode() in refusing.requests[0], refusing.requests[0]
    refusing.close()


def test_walk_without_leaks():
    """A long walk through every page leaks nothing (under the sanitizers)"""
    leaks = {"ASAN_OPTIONS": "detect_leaks=1:fast_unwind_on_malloc=0:malloc_context_size=40:"
             "intercept_tls_get_addr=0"}
    server = Server()
    with stage() as local, running(environment=leaks) as app:
        before = app.texts()
        app.type_into("Stage Address", "nonsense")
        app.press("Connect")
        until("what is wrong with it", lambda: set(app.texts()) - set(before))
        app.type_into("Stage Address", local.url)
        app.press("Connect")
        app.wait_for_status("Online", 60)
        app.say("hello")
        app.wait_for_row("You", "hello", "delivered")
        app.keys("ctrl+n")
        until("a second window", lambda: app.n_windows() == 2)
        app.keys("ctrl+w")
        until("one window", lambda: app.n_windows() == 1)
        app.keys("ctrl+o")
        app.type_into("Stage Address", server.url)
        app.press("Connect")
        until("the second stage, since the first one is online too", lambda: server.clients)
        app.wait_for_status("Online", 60)
        server.send("[" * 120000, '{"message":"' + "long " * 2000 + '"}', '{"message":"the end"}')
        app.wait_for_row("the end")
        local.kill()
        app.choose_of_stage("Disconnect", "D")
        app.keys("Escape")
        app.wait_for_status("Offline")
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window")
