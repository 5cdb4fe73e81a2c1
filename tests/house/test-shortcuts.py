#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of keyboard shortcuts has every key that the program sets, and no other."""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402

APP = Path(os.environ["DYNAMOWAVE_SOURCE"]) / "src" / "app"
LIST = APP / "desktop" / "dw-shortcuts.c"

BINDING = re.compile(r"add_binding_action\s*\(\s*\w+,\s*GDK_KEY_(\w+),\s*([^,]+),")
TABLE = re.compile(r"\{ \"[\w.\-]+(?:\(-?\d+\))?\", \{ ((?:\"[^\"]+\"(?:, )?)+) \} \}")
NAMED = re.compile(r"key(?:val)? == GDK_KEY_(\w+)")
ROW = re.compile(r"\{ N_ \(\"([^\"]+)\"\), \"([^\"]+)\" \}")

# The same keys on the number pad, and plus without Shift.
SAME = ("KP_", "<Control>equal")

# Keys that GTK's own widgets handle.
TOOLKIT = {"F10"}


def in_order(key):
    """An accelerator with its modifiers in one order, and the key as GDK names it."""
    modifiers = sorted(re.findall(r"<(\w+)>", key))
    name = re.sub(r"<\w+>", "", key)
    return "".join(f"<{modifier}>" for modifier in modifiers) + (name.lower() if len(name) == 1 else name)


def bindings(text):
    """The accelerators of the keys that widgets bind in a source."""
    for key, modifiers in BINDING.findall(text):
        words = re.findall(r"GDK_(\w+)_MASK", modifiers)
        yield in_order("".join(f"<{word.title()}>" for word in words) + key)


def set_by(sources):
    """What the program sets, each with the name of the file."""
    found = {}
    for name, text in sources.items():
        for key in bindings(text):
            found.setdefault(key, name)
        for keys in TABLE.findall(text):
            for key in re.findall(r"\"([^\"]+)\"", keys):
                if not any(part in key for part in SAME):
                    found.setdefault(in_order(key), name)
    return found


def handled(sources):
    """The names of keys that a handler compares with."""
    return {key for text in sources.values() for key in NAMED.findall(text)}


def listed(text):
    return {in_order(key): title for title, keys in ROW.findall(text) for key in keys.split()}


def sources():
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(APP.rglob("*.c"))}


def test_every_key_is_listed():
    """Every key that is bound is in the list"""
    rows = listed(LIST.read_text(encoding="utf-8"))
    found = set_by(sources())
    assert len(found) > 20, found
    missing = {key: name for key, name in found.items() if key not in rows}
    assert not missing, f"not listed: {missing}"


def test_every_row_is_set():
    """Every key in the list is bound, or handled where it is typed"""
    found = set_by(sources())
    names = handled(sources())
    rows = listed(LIST.read_text(encoding="utf-8"))
    assert len(rows) > 30, rows
    idle = {key: title for key, title in rows.items()
            if key not in found and key not in TOOLKIT and re.sub(r"<\w+>", "", key) not in names}
    assert not idle, f"listed, but nothing sets it: {idle}"


def test_it_can_fail():
    """A key without a row is found, and so is a row without a key"""
    bound = set_by({"x.c": 'gtk_widget_class_add_binding_action (k, GDK_KEY_s, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "x.y", NULL);'
                           '{ "app.quit", { "<Control>q", "<Control>KP_Q" } },'})
    assert bound == {"<Control><Shift>s": "x.c", "<Control>q": "x.c"}, bound
    assert listed('{ N_ ("Save"), "<Shift><Control>s Up" },') == {"<Control><Shift>s": "Save", "Up": "Save"}


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/shortcuts")
