#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exporting a conversation: the file chooser, what the file has, and what is said about it."""

import json
import sys
import tempfile
from pathlib import Path

import tap
from driver import until
from running import running, stage


def export_to(app, path):
    """Exports the conversation to a path, which is typed over the suggested name."""
    app.press("Main menu")
    app.choose_and_close("Export Conversation…", "e")
    until("the file chooser", lambda: "Export Conversation" in [window.name for window in app.windows()])
    chooser = next(window for window in app.windows() if window.name == "Export Conversation")
    name = until("the suggested name", lambda: next((node for node in app.walk(chooser) if node.role in ("text", "entry")
                                                     and app.text_in(node).endswith(".txt")), None))
    suggested = app.text_in(name)
    name.set_text(str(path))
    app.press("Export", chooser)
    return suggested


def conversation(app):
    app.wait_for_status("Online")
    for text in ("The tide gauge is back", "> not mine"):
        app.say(text)
        app.wait_for_row(text, "delivered")


def close(app):
    app.keys("Escape")
    until("the answer to go", lambda: not app.reads("xported"))


def test_text():
    """A conversation becomes a text file, the number of its messages is said, and the suggested name is the stage's"""
    with tempfile.TemporaryDirectory() as folder, stage() as local, running(local.url) as app:
        conversation(app)
        path = Path(folder) / "harbor.txt"
        suggested = export_to(app, path)
        until("the number of messages", lambda: app.reads("2 messages exported."))
        assert suggested.startswith("prod"), suggested
        lines = path.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if "tide gauge" in line][0].startswith(">"), lines
        assert path.stat().st_mode & 0o077 == 0, oct(path.stat().st_mode)
        close(app)


def test_json_lines():
    """A name that does not end with .txt makes JSON Lines"""
    with tempfile.TemporaryDirectory() as folder, stage() as local, running(local.url) as app:
        conversation(app)
        path = Path(folder) / "harbor.jsonl"
        export_to(app, path)
        until("the number of messages", lambda: app.reads("2 messages exported."))
        objects = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert [line["text"] for line in objects if line.get("text", "").startswith(("The tide", ">"))] == ["The tide gauge is back", "> not mine"], objects
        close(app)


def test_failure():
    """A place that takes no file is told, with what the system says, and the conversation goes on"""
    with stage() as local, running(local.url) as app:
        conversation(app)
        export_to(app, "/proc/harbor.txt")
        until("the failure", lambda: app.reads("The conversation couldn’t be exported. Choose another location."))
        assert not app.reads("messages exported."), app.texts()
        close(app)
        app.say("still here")
        app.wait_for_row("still here", "delivered")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-export")
