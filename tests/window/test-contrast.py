#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text can be read: its contrast with its ground, measured in pictures of the window, in light, dark and high
contrast."""

import collections
import json
import os
import subprocess
import sys
import tempfile

import tap
from driver import BUTTONS, DIALOGS, NEWER, Atspi, Box, until
from running import running
from servers import RawServer, Server

# WCAG 2.2, 1.4.3.
LEAST = 4.5

# Strokes of small letters are thinner than a pixel, and so are drawn paler than they are; at twice the size they are not.
SCALE = 2

# So many pixels of a color are no accident.
PIXELS = 3

MODES = {
    "light": {"ADW_DEBUG_COLOR_SCHEME": "prefer-light"},
    "dark": {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"},
    "high contrast": {"ADW_DEBUG_COLOR_SCHEME": "prefer-light", "ADW_DEBUG_HIGH_CONTRAST": "1"},
    "dark, high contrast": {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark", "ADW_DEBUG_HIGH_CONTRAST": "1"},
}

# How far above itself an object and what lies over it belong together.
LEVELS = 5

# How much of a dialog that scrolls newer versions fade at its lower edge at most, in pixels.
FADE = 96

# What GTK 4.8 calls a label without a text, such as the latency of a frame that has none.
EMPTY = "GtkLabel"

SIZE = (600, 800)

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


def luminance(color):
    """WCAG 2.2, relative luminance."""
    parts = [value / 255 for value in color]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class Picture:
    """What is on the screen."""

    def __init__(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "screen.ppm")
            subprocess.run(["import", "-window", "root", "-depth", "8", path], check=True, timeout=30)
            with open(path, "rb") as file:
                data = file.read()
        _, size, _, self.pixels = data.split(b"\n", 3)
        self.width, self.height = map(int, size.split())

    def contrast(self, box):
        """Of the color that stands out most from the most frequent one; 0 of a place with one color alone."""
        colors = collections.Counter()
        for y in range(max(box.y * SCALE, 0), min((box.y + box.height) * SCALE, self.height)):
            start = 3 * (y * self.width + max(box.x * SCALE, 0))
            end = 3 * (y * self.width + min((box.x + box.width) * SCALE, self.width))
            row = self.pixels[start:end]
            colors.update(row[at:at + 3] for at in range(0, len(row), 3))
        if not colors:
            return None
        ground = colors.most_common(1)[0][0]
        others = [color for color, count in colors.items() if count >= PIXELS and color != ground]
        return max((contrast(ground, color) for color in others), default=0)


def is_live(node):
    """Whether it belongs to nothing that is off: what cannot be used has no least contrast."""
    while node is not None and node.role != "application":
        if not node.has(Atspi.StateType.SENSITIVE):
            return False
        node = node.parent
    return True


def is_seen(window, node):
    """Whether a pointer finds it in its place, from its top to its bottom, or what belongs to it: a page that is not shown
    has an extent too, in GTK 4.8, and so has a row that is out of sight. What the edge of a list cuts or fades is not
    measured."""
    extents = node.extents()
    return all(is_found(window, node, extents.x + extents.width // 2, y)
               for y in (extents.y + 1, extents.y + extents.height // 2, extents.y + extents.height - 2))


def is_found(window, node, x, y):
    found = window.node_at(x, y)
    near = node
    for _ in range(LEVELS):
        near = near.parent if near.parent is not None else near
    while found is not None:
        if found is near:
            return True
        found = found.parent
    return False


def inside(outer, box):
    return (outer.y <= box.y and box.y + box.height <= outer.y + outer.height
            and outer.x <= box.x and box.x + box.width <= outer.x + outer.width)


def on_picture(app, node, frame):
    """Its place in a picture: GTK 4.8 leaves the window's frame out, and GTK 4.24 the padding of a button that a label is
    in."""
    box = app.place(node.parent if NEWER and node.parent.role in BUTTONS else node)
    return Box(box.x + frame, box.y + frame, box.width, box.height)


def measure(app, where, frame, fields=()):
    """The texts that cannot be read, each with its contrast. Fields are texts without a name, such as placeholders."""
    app.settle()
    picture = Picture()
    top = app.windows()[-1]
    window = on_picture(app, top, frame)
    if NEWER and top.role in DIALOGS:
        window = Box(window.x, window.y, window.width, window.height - FADE)
    pale = []
    seen = 0
    for node in app.walk(top):
        if node.name == EMPTY:
            continue
        if node.role == "label" and node.name.strip() and any(c.isalnum() for c in node.name) or node.name in fields:
            if not app.shows(node) or not is_live(node) or not (node.name in fields or is_seen(top, node)):
                continue
            box = on_picture(app, node, frame)
            found = picture.contrast(box) if inside(window, box) else None
            # A row may be out of sight, or another one in its place.
            if found is None or (found == 0 and node.role == "label"):
                continue
            seen += 1
            if found < LEAST:
                pale.append(f"{where}: {node.name[:40]!r} {found:.1f}")
    assert seen, f"no text in {where}"
    return pale


def resize(app):
    """Gives the window its size; returns the width of its frame."""
    app.move(0, 0, SIZE[0] * SCALE, SIZE[1] * SCALE)
    app.settle()
    return 0 if NEWER else (SIZE[0] - app.windows()[0].extents().width) // 2


def conversation(mode, environment):
    server = Server()
    with running(server.url, profile="Ada", environment=environment) as app:
        app.wait_for_status("Online")
        frame = resize(app)
        pale = measure(app, f"{mode}, nothing said", frame)
        server.refusals = 1
        app.say("refused")
        app.wait_for_row("refused", "failed")
        app.say("https://mine.example/")
        app.wait_for_row("mine.example", "delivered")
        server.send(*[json.dumps({"message": text, "sender": sender})
                      for text, sender in (("https://e.example/", "Björn"), ("Ada?", "Chiara"), ("two", "Dede"))])
        app.wait_for_row("two")
        pale += measure(app, f"{mode}, conversation", frame)
        app.keys("shift+F6")
        until("a row", lambda: not app.wait("Message").has(Atspi.StateType.FOCUSED))
        pale += measure(app, f"{mode}, composer", frame, fields=("Message",))
        app.keys("ctrl+f")
        app.wait("Search messages")
        app.keys("Tab")
        pale += measure(app, f"{mode}, search", frame, fields=("Search messages",))
        app.type_into("Search messages", "example")
        until("two results", lambda: app.find("Results") and len(app.wait("Results").children) == 2)
        pale += measure(app, f"{mode}, results", frame)
        app.keys("Escape", "ctrl+comma")
        until("the preferences", lambda: app.n_windows() == 2)
        pale += measure(app, f"{mode}, preferences", frame)
        app.keys("Escape")
        until("the conversation alone", lambda: app.n_windows() == 1)
        app.keys("ctrl+shift+i")
        until("the inspector", lambda: app.n_windows() == 2)
        app.keys("Down")
        pale += measure(app, f"{mode}, inspector", frame, fields=("Filter frames",))
        app.keys("Escape")
    server.close()
    return pale


def refusal(mode, environment):
    server = RawServer(REFUSAL)
    with running(server.url, environment=environment) as app:
        app.wait_for_status("Refused")
        frame = resize(app)
        pale = measure(app, f"{mode}, refused", frame)
        app.type_into("Message", "waits")
        app.press("Send")
        app.wait_for_row("waits", "queued")
        pale += measure(app, f"{mode}, queued", frame)
        app.keys("ctrl+e")
        until("the editor", lambda: app.reads("Save"))
        pale += measure(app, f"{mode}, editor", frame)
        app.press("Test")
        # It has failed once there is an explanation, and can be begun again.
        until("the end of the test", lambda: app.reads("(403)", app.windows()[-1]) and app.wait_for_button("Test").is_sensitive())
        pale += measure(app, f"{mode}, test", frame)
        app.keys("Escape")
    server.close()
    return pale


def check(mode):
    pale = conversation(mode, {**MODES[mode], "GDK_SCALE": str(SCALE)})
    pale += refusal(mode, {**MODES[mode], "GDK_SCALE": str(SCALE)})
    assert not pale, "\n".join(pale)


def test_light():
    """UI-11: in light"""
    check("light")


def test_dark():
    """UI-11: in dark"""
    check("dark")


def test_high_contrast():
    """UI-11: in high contrast"""
    check("high contrast")


def test_dark_high_contrast():
    """UI-11: in dark, with high contrast"""
    check("dark, high contrast")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-contrast")
