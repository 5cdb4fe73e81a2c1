#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fallback addresses of a stage: entered, used when the first does not answer, limited and removed."""

import sys

import tap
from driver import Atspi, until
from running import running, stage

# DW_STAGE_URLS without the first.
MOST = 7
FIELD = "Fallback Address"


def editor(app):
    return until("the editor", lambda: next((window for window in app.windows() if window.name == "Edit Stage"), None))


def edit(app):
    app.keys("ctrl+e")
    app.wait("Stage Address", ("text", "entry"), editor(app))


def save(app):
    app.press("Save")
    until("the editor to go", lambda: app.n_windows() == 1)


def fields(app):
    return [node for node in app.walk(editor(app)) if node.name == FIELD and node.role in ("text", "entry")]


def adder(app):
    """The row at the end. On older toolkits it is a row of a list, which has no action."""
    return next(node for node in app.walk(editor(app)) if node.name == "Add Address" and node.role in ("list item", "button", "push button"))


def add(app):
    """Adds a field with the keyboard, which then is in it."""
    n = len(fields(app))
    for _ in range(40):
        if adder(app).has(Atspi.StateType.FOCUSED):
            break
        app.keys("Tab")
    app.keys("Return")
    until("another field", lambda: len(fields(app)) == n + 1)


def test_used():
    """When the first address stops answering, the program connects to the fallback and what was written is sent there"""
    with stage() as first, stage() as second, running(first.url) as app:
        app.wait_for_status("Online")
        edit(app)
        add(app)
        app.type_into(FIELD, second.url, editor(app))
        save(app)
        app.wait_for_status("Online")
        first.kill()
        app.say("over there")
        app.wait_for_row("over there", "delivered")
        edit(app)
        assert [app.text_in(field) for field in fields(app)] == [second.url], fields(app)
        app.keys("Escape")
        until("the editor to go", lambda: app.n_windows() == 1)


def test_wrong():
    """A fallback that is no address is refused with what to change, and an empty one is none"""
    with stage() as local, running(local.url) as app:
        app.wait_for_status("Online")
        edit(app)
        add(app)
        app.type_into(FIELD, "http://example.com", editor(app))
        app.press("Save")
        until("what is wrong", lambda: app.reads("wss://", editor(app)))
        app.type_into(FIELD, "", editor(app))
        save(app)
        edit(app)
        assert not fields(app), fields(app)
        app.keys("Escape")
        until("the editor to go", lambda: app.n_windows() == 1)


def test_limit():
    """There is room for a few, each can be removed, and one that was removed is no longer there after saving"""
    with stage() as local, running(local.url) as app:
        app.wait_for_status("Online")
        edit(app)
        while adder(app).is_sensitive():
            add(app)
        assert len(fields(app)) == MOST, len(fields(app))
        for number, field in enumerate(fields(app)):
            field.set_text(f"wss://fallback-{number}.example/prod")
        app.press("Remove address", editor(app))
        until("one to go", lambda: len(fields(app)) == MOST - 1)
        assert adder(app).is_sensitive()
        save(app)
        edit(app)
        assert [app.text_in(field) for field in fields(app)] == [f"wss://fallback-{number}.example/prod" for number in range(1, MOST)]
        app.keys("Escape")
        until("the editor to go", lambda: app.n_windows() == 1)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-failover")
