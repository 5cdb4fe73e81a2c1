#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managing stages: naming, testing, sharing, reordering and removing them."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.parse

import tap
from driver import DEADLINE, Atspi, steady, until
from running import running, stage
from servers import RawServer, Server

# GTK 4.24 takes the border of a window's frame away twice, as driver.py says.
BORDER = 12

FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


def editor(app):
    """The editor's window, since the welcome page behind it has an address too."""
    return until("the editor", lambda: next((w for w in app.windows() if w.name in ("Edit Stage", "New Stage")), None))


def edit(app):
    app.keys("ctrl+e")
    app.wait("Stage Address", ("text", "entry"), editor(app))


def address_in(app):
    field = app.wait("Stage Address", ("text", "entry"), editor(app))
    return app.text_in(field)


def save(app):
    app.press("Save")
    # According to the display: GTK 4.8 complains if the accessibility tree is read while a window closes.
    until("the editor to go", lambda: app.n_windows() == 1)


def test_names():
    """A stage can be renamed, and others see the display name set for it; neither reconnects"""
    server = Server()
    with stage() as local, running(local.url, profile="Ada") as ada, running(local.url, profile="Eve") as eve:
        for app in (ada, eve):
            app.wait_for_status("Online")
        edit(ada)
        assert ada.reads("Local stage")
        ada.type_into("Name", "Harbour & <b>watch</b>")
        ada.type_into("Your Display Name", "Ada L.")
        save(ada)
        until("the name", lambda: "Harbour & <b>watch</b>" in ada.texts())
        ada.say("with a new name")
        eve.wait_for_row("Ada L.", "with a new name")
    server.close()


def test_live_checking():
    """The editor comments on the address while it is typed, and hides a token in it"""
    with running() as app:
        app.press("More Options…")
        app.type_into("Stage Address", "wss://abc123.execute-api.eu-west-1.amazonaws.com/prod?token=S3CR3T", editor(app))
        until("what was understood", lambda: app.reads("API abc123 in eu-west-1, stage prod"))
        assert address_in(app) == "wss://abc123.execute-api.eu-west-1.amazonaws.com/prod"
        assert app.text_of("Parameter") == "token"
        app.type_into("Stage Address", "http://example.com", editor(app))
        until("what is wrong", lambda: app.reads("wss://", editor(app)))
        app.keys("Escape")


def test_dialect():
    """A stage with a custom message format gets frames in that format"""
    server = Server()
    with running(server.url) as app:
        app.wait_for_status("Online")
        edit(app)
        app.press_at("Edit Stage")
        app.scroll(30)
        app.click("Message Format")
        app.keys("Down", "Down", "Return")
        until("an example", lambda: app.reads('"action":"sendmessage","data"'))
        save(app)
        app.wait_for_status("Online")
        app.say("in other words")
        until("the frame", lambda: json.dumps({"action": "sendmessage", "data": "in other words"},
                                              separators=(",", ":")) in server.received)
    server.close()


def steps_of(app):
    return [node.name for node in app.walk() if node.role == "list item" and app.shows(node)]


def test_trial():
    """The connection test says its verdict and then each step, and forgets both once the address is another"""
    refusing = RawServer(FORBIDDEN)
    with stage() as local, running() as app:
        app.press("More Options…")
        for address, verdict, words in ((local.url, "OK: connected in", ("First Reply", "The stage identified itself")),
                                        (refusing.url, "Refused: 403 Forbidden", ("Handshake", "403")),
                                        ("ws://127.0.0.1:1/prod", "Failed: can’t connect", ("Connect", "Failed")),
                                        ("wss://no-such-host.invalid/prod", "Failed: host not found", ("Resolve Host", "Failed"))):
            app.type_into("Stage Address", address, editor(app))
            until("old ticks to go", lambda: not any("Resolve Host" in step for step in steps_of(app)))
            app.press("Test")
            until(f"{words}, not {steps_of(app)}",
                  lambda: any(all(word in step for word in words) for step in steps_of(app)))
            until(f"{verdict}, not {steps_of(app)}", lambda: any(step.startswith(verdict) for step in steps_of(app)))
            shown = steps_of(app)
            place = next(i for i, step in enumerate(shown) if step.startswith(verdict))
            assert shown[place + 1].startswith("Resolve Host"), shown
            untried = [step for step in shown if "Skipped" in step]
            assert all(step.count("Skipped") == 1 for step in untried), untried
        app.keys("Escape")
        until("no editor", lambda: app.n_windows() == 1)
    assert len(refusing.requests) == 1, "a trial tries once"
    refusing.close()


def test_trial_scrolls():
    """In a small window the test scrolls to the step that failed, and what is entered there forgets it"""
    refusing = RawServer(FORBIDDEN)
    with running() as app:
        app.move(0, 0, 360, 400)
        app.press("More Options…")
        app.type_into("Stage Address", f"{refusing.url}?token=x", editor(app))
        app.move(0, 0, 360, 400)
        app.press("Test")

        def failed():
            return next((node for node in app.walk() if node.role == "list item" and "Handshake" in node.name
                         and "Failed" in node.name and app.shows(node)), None)

        def in_sight():
            row, frame = failed().extents(), editor(app).extents()
            return frame.y < row.y and row.y + row.height <= frame.y + frame.height + BORDER

        until("the step that failed", failed)
        until("it in sight", in_sight)
        app.type_into("Value", "another", editor(app))
        until("it forgotten", lambda: not failed())
        app.keys("Escape")
    refusing.close()


def find_question(app):
    """The innermost window that asks whether to send test messages."""
    asking = [window for window in app.windows() if app.find("Send Test Messages?", None, window)]
    return asking[-1] if asking else None


def test_find_out():
    """The message format is found out after a question, filled in, and used; the others see one message"""
    server = Server(route="sendmessage", key="data")
    with running() as app:
        app.press("More Options…")
        app.type_into("Stage Address", server.url, editor(app))
        app.press("Find Out…")
        app.press("Cancel", until("a question", lambda: find_question(app)))
        until("the question to go", lambda: not find_question(app))
        assert not server.received, server.received
        app.press("Find Out…")
        app.press("Send", until("a question", lambda: find_question(app)))
        until("the format", lambda: app.reads("Found: route “sendmessage”, text key “data”."))
        until("it filled in", lambda: app.reads('"action":"sendmessage","data"'))
        tried = [json.loads(text) for text in server.received if "Testing the message format" in text]
        assert [sorted(frame) for frame in tried] == [["action", "message"]] * 2 + [["action", "data"]], tried
        app.type_into("Stage Address", f"{server.url}/", editor(app))
        until("it forgotten", lambda: not app.reads("Found: route"))
        app.type_into("Stage Address", server.url, editor(app))
        app.press("Connect", editor(app))
        app.wait_for_status("Online")
        app.say("in other words")
        app.wait_for_row("in other words")
        assert '{"action":"sendmessage","data":"in other words"}' in server.received, server.received
    server.close()


def details(app):
    return until("the details", lambda: next((w for w in app.windows() if w.name == "Connection Details"), None))


def test_details():
    """The details of a connection: its ID, since when, latency, addresses and reconnects; all of it is copied, no token"""
    with stage() as local, running(f"{local.url}?token=S3CR3T") as app:
        app.wait_for_status("Online")
        app.press("Main menu")
        app.choose("Connection Details", "c")
        page = details(app)
        shown = until("no reconnects", lambda: (texts := app.texts(page)) and "None since the app started." in texts and texts)
        assert any(text.startswith("Minimum ") and text.endswith(" ms") for text in shown), shown
        assert f"{local.url}?…" in shown and not any("S3CR3T" in text for text in shown), shown
        local.restart()
        until("a reconnect", lambda: any("disconnected for" in text and "so far" not in text for text in app.texts(details(app))))
        app.press("Copy Details", details(app))
        app.wait("Copied")
        app.keys("Escape")
        until("no details", lambda: app.n_windows() == 1)
        app.keys("ctrl+d")
        details(app)
        app.keys("Escape")
        until("no details", lambda: app.n_windows() == 1)
        app.click("Message")
        app.keys("ctrl+v")
        copied = until("what was copied", lambda: app.text_of("Message"))
        for part in ("Connection State: Online", "Connection ID: ", "Connected Since: ", f"Address in Use: {local.url}?…",
                     "Latency: Minimum ", "Reconnects in the Last 24 Hours: 1", "disconnected for"):
            assert part in copied, (part, copied)
        assert "S3CR3T" not in copied, copied
        app.type_into("Message", "")


def name_stages(app):
    for name in ("first", "second", "third"):
        edit(app)
        app.type_into("Name", name)
        save(app)
        app.keys("ctrl+Next")


def test_order():
    """Stages are reordered and switched using only the keyboard"""
    servers = [Server() for _ in range(3)]
    with running(*[server.url for server in servers]) as app:
        app.wait_for_status("Online")
        name_stages(app)
        until("the first again", lambda: "first" in app.texts())
        app.keys("ctrl+shift+Prior")
        app.keys("ctrl+shift+Next", "ctrl+shift+Next")
        app.press("Stages")
        until("the new order", lambda: names_in(app) in (["second", "third", "first"], ["third", "second", "first"]))
        app.keys("Escape")
    for server in servers:
        server.close()


def rows_of(app):
    """The list of stages as a screen reader has it, at the side or on its page, or none."""
    found = app.find("Your stages")
    return [row for row in found.children if row.role == "list item"] if found else []


def names_in(app):
    return [row.name.split(",")[0] for row in rows_of(app)]


def row_of(app, name):
    return until(f"the row of {name}", lambda: next((row for row in rows_of(app) if row.name.startswith(f"{name},")), None))


def focused_row(app):
    return next((row.name.split(",")[0] for row in rows_of(app) if row.has(Atspi.StateType.FOCUSED)), None)


@contextlib.contextmanager
def three_stages(width):
    """A program with three stages, of which the last is shown."""
    servers = [Server() for _ in range(3)]
    with running(*[server.url for server in servers]) as app:
        app.wait_for_status("Online")
        until("all to be connected", lambda: all(server.clients for server in servers))
        app.move(0, 0, width, 700)
        yield app, servers
    for server in servers:
        server.close()


FIRST, SECOND, THIRD = THREE = ["prod (local)", "prod (local) 2", "prod (local) 3"]
NARROW, WIDE = 400, 1000


def test_differ():
    """Stages that nobody named can be told apart in the list, in the title and in the header"""
    with three_stages(WIDE) as (app, _):
        until("three names", lambda: names_in(app) == THREE)
        until("the title", lambda: app.windows()[0].name.startswith(f"{THIRD} "))
        app.keys("ctrl+Next")
        until("the next title", lambda: app.windows()[0].name.startswith(f"{FIRST} "))


def test_drag_order():
    """A stage is dragged to another position with the mouse, at the side and on the page of a narrow window"""
    with three_stages(WIDE) as (app, _):
        until("three rows", lambda: names_in(app) == THREE)
        app.drag(row_of(app, FIRST).name, row_of(app, THIRD).name)
        until("the new order", lambda: names_in(app) == [SECOND, THIRD, FIRST])
        # It is dragged whatever the window shows.
        app.keys("ctrl+o")
        app.wait_for_button("Connect")
        app.drag(row_of(app, FIRST).name, row_of(app, SECOND).name)
        until("the old order", lambda: names_in(app) == THREE)
        app.keys("Escape")
        app.move(0, 0, NARROW, 700)
        until("a narrow window", lambda: not rows_of(app))
        app.press("Stages")
        steady("the page", lambda: row_of(app, FIRST).extents())
        app.drag(row_of(app, THIRD).name, row_of(app, FIRST).name)
        until("the last first", lambda: names_in(app) == [THIRD, FIRST, SECOND])


def test_keyboard_order():
    """The stage whose row has the focus is moved with Alt and an arrow, and keeps the focus"""
    with three_stages(WIDE) as (app, _):
        until("three rows", lambda: names_in(app) == THREE)
        app.keys("F6")
        until("the focus", lambda: focused_row(app) == THIRD)
        app.keys("alt+Up")
        until("one up", lambda: names_in(app) == [FIRST, THIRD, SECOND] and focused_row(app) == THIRD)
        app.keys("alt+Up")
        until("two up", lambda: names_in(app) == [THIRD, FIRST, SECOND] and focused_row(app) == THIRD)
        app.keys("alt+Up", "alt+Down")
        until("one down", lambda: names_in(app) == [FIRST, THIRD, SECOND] and focused_row(app) == THIRD)


def test_page():
    """In a narrow window the stages are a page over the conversation: the header's button opens it, and three ways lead back"""
    with three_stages(NARROW) as (app, servers):
        for back in (lambda: app.keys("Escape"), lambda: app.keys("alt+Left"),
                     lambda: app.press("Back to conversation")):
            app.press("Stages")
            until("the rows", lambda: names_in(app) == THREE and focused_row(app) == THIRD)
            until("the conversation out of sight", lambda: not app.find("Message", ("text", "entry")))
            back()
            until("the conversation alone", lambda: app.find("Message", ("text", "entry")) and not rows_of(app))
        # Nothing counts as read that is covered.
        app.press("Stages")
        until("the page", lambda: names_in(app) == THREE and not app.find("Message", ("text", "entry")))
        servers[2].send(json.dumps({"message": "under the page", "sender": "Ada"}))
        until("it is unread", lambda: "1 unread message" in row_of(app, THIRD).name)
        app.keys("Up", "Return")
        until("the second", lambda: app.windows()[0].name.endswith(f"{SECOND} — DynamoWave Chat") and not rows_of(app))
        app.keys("ctrl+Next")
        app.wait_for_row("under the page")
        # The window grows while it is open.
        app.press("Stages")
        until("the page", lambda: rows_of(app))
        app.move(0, 0, WIDE, 700)
        until("both", lambda: app.find("Message", ("text", "entry")) and names_in(app) == THREE)
        assert not app.find_button("Back to conversation")
        app.move(0, 0, NARROW, 700)
        until("the conversation", lambda: app.find("Message", ("text", "entry")) and not rows_of(app))
        app.say("still here")
        app.wait_for_row("still here", "delivered")


def test_announced():
    """The header's button says which stage it is and in which state, and a row does too"""
    with three_stages(NARROW) as (app, _):
        until("the state", lambda: app.find_button("Stages").description == f"{THIRD}, Online")
        app.choose_of_stage("Disconnect", "D")
        until("it in the rows", lambda: row_of(app, THIRD).name.startswith(f"{THIRD}, Offline")
              and row_of(app, FIRST).name.startswith(f"{FIRST}, Online"))
        app.keys("Escape")
        until("another state", lambda: app.find_button("Stages").description == f"{THIRD}, Offline")


def test_menu():
    """Each stage has a menu, by the right button and two keys, whichever is shown"""
    with three_stages(WIDE) as (app, servers):
        until("three rows", lambda: names_in(app) == THREE)
        servers[0].send(json.dumps({"message": "one", "sender": "Ada"}))
        until("one is unread", lambda: "1 unread message" in row_of(app, FIRST).name)
        app.click(row_of(app, FIRST).name, "3")
        app.choose_and_close("Mark as Read", "R")
        until("it is read", lambda: "unread" not in row_of(app, FIRST).name)
        until("the same stage, and nothing unread", lambda: app.windows()[0].name.startswith(f"{THIRD} "))

        app.click(row_of(app, FIRST).name, "3")
        app.choose_and_close("Disconnect", "D")
        until("it is offline", lambda: row_of(app, FIRST).name.startswith(f"{FIRST}, Offline"))
        assert app.status().startswith("Online"), app.status()

        app.keys("Escape", "F6")
        until("the focus", lambda: focused_row(app) == THIRD)
        app.keys("Up", "Menu")
        app.choose_and_close("Move Up", "U")
        until("the new order", lambda: names_in(app) == [SECOND, FIRST, THIRD])

        app.press("Stage Menu")
        assert app.menu_item("Move Up", "U").is_sensitive() and not app.menu_item("Move Down", "O").is_sensitive()
        app.choose_and_close("Edit…", "E")
        app.type_into("Name", "Harbour", editor(app))
        save(app)
        until("the name at the side", lambda: names_in(app) == [SECOND, FIRST, "Harbour"])
        until("the name in the title", lambda: app.windows()[0].name.startswith("Harbour "))


def test_menu_removes_another():
    """A stage that is not shown is renamed and removed from its menu, and back with Undo, while the shown one stays"""
    with three_stages(WIDE) as (app, _):
        app.click(row_of(app, FIRST).name, "3")
        app.choose_and_close("Edit…", "E")
        app.type_into("Name", "Elsewhere", editor(app))
        save(app)
        until("the name", lambda: names_in(app) == ["Elsewhere", SECOND, THIRD])
        app.click(row_of(app, "Elsewhere").name, "3")
        app.choose_and_close("Remove", "V")
        until("it is gone", lambda: names_in(app) == [SECOND, THIRD])
        app.press("Undo")
        until("it is back", lambda: names_in(app) == ["Elsewhere", SECOND, THIRD])
        assert app.windows()[0].name.startswith(f"{THIRD} "), "the shown one stays"


def test_title_in_a_flood():
    """A flood on another stage changes the window's title a few times a second, not with each frame"""
    with three_stages(NARROW) as (app, servers):
        window = app.window_id()
        seen = []
        begun = time.monotonic()
        for n in range(400):
            servers[0].send(json.dumps({"message": f"flood {n}", "sender": "Ada"}))
            title = subprocess.run(["xdotool", "getwindowname", window], capture_output=True, text=True, check=True).stdout
            if seen[-1:] != [title]:
                seen.append(title)
        took = time.monotonic() - begun
        until("the last one", lambda: app.windows()[0].name.startswith("(400) "))
        assert len(seen) <= took * 5 + 2, (len(seen), took)


def test_switching_shows_the_end():
    """A conversation is shown from its end, also where an empty one was shown since it was left"""
    with three_stages(NARROW) as (app, servers):
        servers[2].send(*[json.dumps({"message": f"#{n}", "sender": "Ada"}) for n in range(60)])
        app.wait_for_row("#59")
        for switch, name in [("ctrl+Prior", SECOND), ("ctrl+Next", THIRD)] * 4:
            app.keys(switch)
            until("another stage", lambda: app.windows()[0].name.startswith(f"{name} "))
            app.settle()
            assert not app.find_button("Newest messages"), (name, app.first_visible())


def test_many():
    """Of more stages than there is room for, the row of the shown one is in sight: at first, and whichever is shown"""
    server = Server()
    with running(*[f"{server.url}?n={n}" for n in range(20)]) as app:
        app.wait_for_status("Online")
        app.move(0, 0, WIDE, 400)
        for name, keys in ((f"{FIRST} 20", "Escape"), (FIRST, "ctrl+Next"), (f"{FIRST} 20", "ctrl+Prior")):
            app.keys(keys)
            until("the title", lambda: app.windows()[0].name.startswith(f"{name} \u2014"))
            until(f"{name} in sight", lambda: is_under_pointer(app, name))
    server.close()


def is_under_pointer(app, name):
    """Whether a row is where a pointer would find it: what is scrolled away is not."""
    row = row_of(app, name)
    extents = row.extents()
    node = app.windows()[0].node_at(extents.x + 40, extents.y + extents.height // 2)
    while node is not None and node.path != row.path:
        node = node.parent
    return node is not None


def test_sidebar():
    """In a wide window the stages stand at the side, follow what is said, and lead there; in a narrow one they do not"""
    with three_stages(NARROW) as (app, servers):
        assert not rows_of(app)
        app.move(0, 0, WIDE, 700)
        until("three stages", lambda: names_in(app) == THREE)
        servers[0].send(json.dumps({"message": "read this", "sender": "Ada"}))
        until("what was said there", lambda: "1 unread message" in row_of(app, FIRST).name and "read this" in row_of(app, FIRST).name)
        app.click(row_of(app, FIRST).name)
        app.wait_for_row("read this")
        until("nothing unread", lambda: "unread" not in row_of(app, FIRST).name)
        app.keys("ctrl+shift+Next")
        until("the new order", lambda: names_in(app) == [SECOND, FIRST, THIRD])
        app.move(0, 0, 700, 700)
        until("a narrow window", lambda: not rows_of(app))
        app.say("still here")
        app.wait_for_row("still here", "delivered")


def test_share():
    """AG-7: a shared link to a stage contains no token, and opens the stage for the recipient"""
    server = Server()
    with running(f"{server.url}?token=S3CR3T") as app:
        app.wait_for_status("Online")
        app.keys("ctrl+shift+l")
        app.wait("Link copied without the token")
        app.keys("ctrl+v")
        until("the link", lambda: app.text_of("Message") == f"dynamowave:{server.url}")
        app.type_into("Message", "")
    with running(f"dynamowave:{server.url}") as app:
        # A link does not connect without asking.
        until("the address", lambda: app.text_of("Stage Address") == server.url)
        assert not app.status()
        app.press("Connect")
        app.wait_for_status("Online")
        second = subprocess.run([os.environ["DYNAMOWAVE_CHAT"], f"dynamowave:{server.url}"], timeout=DEADLINE,
                                check=False)
        assert second.returncode == 0
        app.wait_for_status("Online")
    server.close()


def test_link_from_the_desktop():
    """DT-2: a link opened by the desktop over the bus leads to the address"""
    with running() as app:
        subprocess.run(["gdbus", "call", "--session", "--dest", "io.github.dynamowave.Chat", "--object-path",
                        "/io/github/dynamowave/Chat", "--method", "org.freedesktop.Application.Open",
                        "['dynamowave://h.example/pr%6Fd?t=%7e%2f+/']", "{}"], check=True, timeout=DEADLINE, capture_output=True)
        until("the address", lambda: app.text_of("Stage Address") == "wss://h.example/pr%6Fd?t=%7e%2f+/")


def test_undo_returns():
    """A stage whose removal is undone is shown again"""
    server, other = Server(), Server()
    with running(other.url, server.url) as app:
        app.wait_for_status("Online")
        app.say("on the second")
        app.wait_for_row("on the second")
        app.choose_of_stage("Remove", "V")
        app.click("Undo")
        app.wait_for_row("on the second")
        app.wait_for_status("Online")
    server.close()
    other.close()


def test_token_in_address():
    """A token in the address on the command line arrives, and a list of processes does not show it"""
    server = RawServer(FORBIDDEN)
    with running(f"{server.url}?token=canary") as app:
        until("a handshake", lambda: server.requests)
        assert b"?token=canary HTTP" in server.requests[0], server.requests
        with open(f"/proc/{app.process.pid}/cmdline", "rb") as file:
            shown = file.read()
        assert b"canary" not in shown and server.url.encode() in shown, shown
    server.close()


def test_token_as_typed():
    """AG-6, AG-8: a typed value arrives trimmed and unchanged after one decode, and a pasted query byte for byte"""
    server = RawServer(FORBIDDEN)
    raw = "a=%7e%41%2f+x/==&b=%2B"

    def asked():
        return server.requests[-1].split(b" ")[1].decode()

    with running() as app:
        app.press("More Options…")
        app.type_into("Stage Address", f"{server.url.replace('prod', 'pr%6Fd')}?{raw}", editor(app))
        until("the query apart", lambda: "?" not in address_in(app))
        app.press("Connect", editor(app))
        until("a handshake", lambda: server.requests)
        assert asked() == f"/pr%6Fd?{raw}", server.requests[-1]
        app.wait_for_status("Refused")
        for token in ("a+b/c==&d=1%2Be", "50% #? t\u00f6k\u00e9n", "%zz"):
            edit(app)
            app.type_into("Stage Address", f"{server.url}?token=x", editor(app))
            until("a parameter", lambda: app.text_of("Parameter") == "token")
            app.type_into("Value", token)
            save(app)
            until("the token", lambda: urllib.parse.parse_qsl(asked().split("?")[1]) == [("token", token)])
            app.wait_for_status("Refused")
        for pasted in ("copied with a blank ", " copied with a line break\n"):
            edit(app)
            app.type_into("Value", pasted)
            save(app)
            until("the token alone", lambda: urllib.parse.parse_qsl(asked().split("?")[1]) == [("token", pasted.strip())])
            app.wait_for_status("Refused")
        edit(app)
        app.type_into("Stage Address", f"{server.url}%zz", editor(app))
        until("what is wrong", lambda: any("hexadecimal" in text for text in app.texts(editor(app))))
        app.keys("Escape")
        until("no editor", lambda: app.n_windows() == 1)
    server.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-stages")
