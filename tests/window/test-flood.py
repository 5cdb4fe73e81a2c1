#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One stage floods the window. Meanwhile a user types and chats on another one as if there were no flood."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import tap
from driver import CAPTIONS, DEADLINE, STEP_SECONDS, Atspi, steady, until
from heart import Heart
from running import running
from servers import Flooder, Server

SANITIZED = "_sanitize" in os.environ["DYNAMOWAVE_CHAT"]

# Frames at line speed. A window that handled them all at once would be blocked for seconds, and for minutes with ten
# times as many.
FRAMES = 20_000 if SANITIZED else 100_000

# How long the main loop may be blocked, in seconds. Normally it is for 0.05 to 0.1 s, and for up to 1.6 s on two cores
# that run twenty other programs. Without limits it was 24 s for ten times as many frames, on a quiet machine.
AWAY = 4.0 * (6 if SANITIZED else 1)

# How often the first row has to be the same in a row; some 2,000 rows more must not move it afterwards.
MANY_LOOKS = 6
READING_SECONDS = 2

# A flood in bursts: 5,000 frames a second, which a window shows without being blocked.
BURST = 100
BURST_SECONDS = 0.02

# How much memory the program may gain, in MiB: what it has not read stays in the socket, and at the stage.
MORE = 64 * (8 if SANITIZED else 1)


def text(number):
    return f'{{"message":"m{number:07d}{"x" * 34}"}}'


def memory(process):
    with open(f"/proc/{process.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


def saved(data, pattern):
    database = sqlite3.connect(f"file:{data}/dynamowave-chat/history.sqlite?mode=ro", uri=True)
    rows = [row for (row,) in database.execute("SELECT text FROM lines WHERE kind = 0 AND text GLOB ? ORDER BY line",
                                               (pattern,))]
    database.close()
    return rows


def test_beside():
    """WS-4: while one stage floods, another responds as usual, typing echoes, and nothing is lost or reconnected"""
    flooder, quiet = Flooder("flood"), Server()
    with tempfile.TemporaryDirectory() as data:
        # The quiet stage is connected already; the user looks at the flooding one.
        with running(quiet.url, data=data) as app:
            app.wait_for_status("Online")
        with running(flooder.url, data=data) as app:
            app.wait_for_status("Online")
            until("both stages", lambda: flooder.probes == 1 and quiet.clients)
            app.focus()
            before = memory(app.process)
            heart = Heart()
            heart.take()
            flood = threading.Thread(target=flooder.pour, args=([text(number) for number in range(FRAMES)],))
            flood.start()
            worst = 0.0
            asked = 0
            while flood.is_alive() or asked < 5:
                asked += 1
                start = time.monotonic()
                quiet.send(f'{{"message":"quiet {asked}"}}')
                app.keys("h", "e", "y", "space")
                until("the quiet one's line", lambda: saved(data, f"quiet {asked}"))
                worst = max(worst, time.monotonic() - start)
            flood.join(120)
            assert not flood.is_alive(), "the flood was never taken"
            until("the end of the flood", lambda: saved(data, f"m{FRAMES - 1:07d}*"), 120)
            away = heart.take()
            heart.stop()
            more = memory(app.process) - before
            print(f"# away {away * 1000:.0f} ms at most; {asked} quiet lines saved after {worst * 1000:.0f} ms at most; "
                  f"{more:.0f} MiB more")
            assert away < AWAY, f"the main loop was away for {away:.2f} s"
            assert worst < AWAY + 1, f"a line of the quiet stage took {worst:.2f} s"
            assert more < MORE, f"{more:.0f} MiB more"
            app.wait_for_row(f"m{FRAMES - 1:07d}")
            assert app.text_of("Message") == "hey " * asked, app.text_of("Message")
            # Neither connection was given up.
            assert flooder.probes == 1 and len(quiet.clients) == 1
        rows = saved(data, "m*")
        assert [int(row[1:8]) for row in rows] == list(range(FRAMES)), f"{len(rows)} of {FRAMES} rows"
        assert saved(data, "quiet*") == [f"quiet {number}" for number in range(1, asked + 1)]
    flooder.close()
    quiet.close()


def newest(app):
    """The highest number of a row. Rows are replaced too often to ask which are visible."""
    return max((int(row.split("#")[1].split()[0]) for row in app.rows() if "#" in row), default=0)


def new_button(app):
    """The button “… new”, whose number changes all the time."""
    return next((node for node in app.walk() if node.name.endswith(" new") and app.shows(node) and node.can_act()), None)


def press_new(app):
    button = new_button(app)
    if button is not None:
        button.act()
    return button


def wheel(app):
    app.press_at("Conversation")
    app.scroll(-10)


def press_row(app):
    """Presses a row, as if to select its text."""
    app.press_at("Conversation")
    subprocess.run(["xdotool", "click", "1"], check=True, timeout=DEADLINE)


def page_up(app):
    app.keys("shift+F6", "Prior")


def keyboard(app):
    """Just moves the focus into the list: a flood must not remove the row that has it."""
    app.keys("shift+F6")


def handle(app):
    """Drags the scroll bar's handle upwards."""
    area = app.wait("Conversation").extents()
    x, bottom = area.x + area.width - 4, area.y + area.height - 12
    for step in (["mousemove", str(x), str(bottom)], ["mousedown", "1"],
                 *(["mousemove", str(x), str(bottom - 20 * n)] for n in range(1, 9)), ["mouseup", "1"]):
        subprocess.run(["xdotool", *step], check=True, timeout=DEADLINE)
        time.sleep(STEP_SECONDS)


def test_reading():
    """WS-4: during a flood the user leaves the end by wheel, press, key and scroll bar, and can read"""
    flooder = Flooder("flood")
    ended = threading.Event()
    with running(flooder.url) as app:
        app.wait_for_status("Online")
        app.focus()

        def drip():
            number = 0
            while not ended.is_set():
                flooder.pour([json.dumps({"message": f"#{number + n} of many"}) for n in range(20)])
                number += 20
                time.sleep(BURST_SECONDS)

        flood = threading.Thread(target=drip)
        flood.start()
        try:
            for leave in (wheel, press_row, page_up, keyboard, handle):
                first = until("the flood", lambda: newest(app))
                until("the flood to go on", lambda: newest(app) > first + 500)
                leave(app)
                until(f"the button, after {leave.__name__}", lambda: new_button(app))
                reading = steady(f"the rows to stand still, after {leave.__name__}", app.first_visible, MANY_LOOKS)
                time.sleep(READING_SECONDS)
                assert app.first_visible() == reading, (leave.__name__, reading, app.first_visible())
                until("the button to be pressed", lambda: press_new(app))
                until(f"the end, after {leave.__name__}", lambda: not new_button(app))
        finally:
            ended.set()
            flood.join(30)
    flooder.close()


def focused(app):
    return next((node.name for node in app.walk() if node.has(Atspi.StateType.FOCUSED)), None)


def test_home():
    """F6 and Home go to the first message even in a flood, and the row with the focus stays"""
    flooder = Flooder()
    with running(flooder.url) as app:
        app.wait_for_status("Online")
        over = threading.Event()

        def flood():
            number = 0
            while not over.is_set():
                flooder.pour([text(number + i) for i in range(BURST)])
                number += BURST
                over.wait(BURST_SECONDS)

        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            until("the first rows to be left out", lambda: (rows := app.rows(captions=True)) and rows[0] not in CAPTIONS)
            app.keys("shift+F6", "Home")
            until("the first row to have the focus", lambda: focused(app) in CAPTIONS)
            until("the list to show it", lambda: app.find_button("Newest messages") or any(
                name.endswith(" new") for name in app.texts()))
            assert focused(app) in CAPTIONS, focused(app)
        finally:
            over.set()
            flooding.join(30)
        app.settle()
        assert focused(app) in CAPTIONS, focused(app)
    flooder.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-flood")
