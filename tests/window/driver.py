# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives real windows from outside through the accessibility tree, as a user of a screen reader would."""

import os
import re
import signal
import subprocess
import tempfile
import time

from tree import Atspi, Box, GLib, Tree

DEADLINE = 60.0

# How long a test watches, in seconds, to see that something does not happen.
WATCHED = 0.3

# How often in a row a value has to be the same to count as steady.
STEADY_LOOKS = 3

# A program that used at most this much CPU time in this time has nothing to do, in seconds.
IDLE_CPU = 0.01
IDLE_TIME = 0.1

# Rows without a message; which of them there are depends on the clock.
CAPTIONS = ("Today", "Yesterday", "New messages")

VERSION = subprocess.run(["pkg-config", "--modversion", "gtk4"], capture_output=True, text=True, check=True).stdout
# GTK 4.24 lists only the rows that are on the screen.
NEWER = tuple(map(int, VERSION.split(".")[:2])) >= (4, 20)

# Which log messages end the program. GTK 4.24.1 warns about any popover on X11, even in a bare window; there running.py
# checks the log at the end.
FATAL = "fatal-criticals" if NEWER else "fatal-warnings"

# The roles that old and new versions of the library give to buttons.
BUTTONS = ("push button", "button", "toggle button")

# What newer versions of the library draw in the window it belongs to.
DIALOGS = ("dialog", "alert")

# The pause between two steps of a drag, in seconds: GTK needs the steps in between, and a hand is no faster.
STEP_SECONDS = 0.05

# The frame that GTK 4.8 draws around a window where nothing draws shadows, in pixels.
FRAME = 5

# The display's names for a surface without a title: newer versions of GTK use the program's name.
UNTITLED = ("", "dynamowave-chat")


class Missing(AssertionError):
    """Something did not happen in time."""


def until(what, check, deadline=DEADLINE):
    """Waits until check() is true and returns what it returned."""
    end = time.monotonic() + deadline
    while True:
        try:
            found = check()
        except GLib.Error:
            found = None  # an object disappeared meanwhile
        if found:
            return found
        if time.monotonic() > end:
            raise Missing(f"waited {deadline} s for {what}")
        time.sleep(0.03)


def steady(what, look, looks=STEADY_LOOKS):
    """Waits until look() returns the same several times in a row, and not None; returns that."""
    seen = []

    def last():
        seen.append(look())
        return seen if seen[-1] is not None and seen[-looks:].count(seen[-1]) == looks else None

    return until(what, last)[-1]


class Stage:
    """A dynamowave-stage from this tree."""

    def __init__(self, listen="127.0.0.1:0", stage="prod", program=None, options=()):
        self.listen = listen
        self.stage = stage
        self.options = options
        self.program = program or os.environ["DYNAMOWAVE_STAGE"]
        self.process = None
        self.url = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program, "--listen", self.listen, "--stage", self.stage, *self.options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("ws://"), self.url
        # A restart uses the same port.
        self.listen = self.url.split("/")[2]

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(DEADLINE)
        self.process.stdout.close()

    def restart(self):
        self.kill()
        self.start()


class App:
    """One running dynamowave-chat."""

    def __init__(self, *arguments, profile=None, environment=None, data=None):
        """Starts with an empty profile, or with the given data directory."""
        self.scratch = None if data else tempfile.TemporaryDirectory()
        self.data = data or self.scratch.name
        command = [os.environ["DYNAMOWAVE_CHAT"]]
        if profile:
            command += ["--profile", profile]
        self.log = tempfile.TemporaryFile()
        given = {"G_DEBUG": FATAL, "XDG_DATA_HOME": self.data, **(environment or {})}
        self.process = subprocess.Popen(command + list(arguments), env={**os.environ, **given},
                                        stdout=subprocess.DEVNULL, stderr=self.log)
        self.tree = Tree(self.process.pid)
        until("the program in the accessibility tree", self._is_there)

    def _is_there(self):
        if self.process.poll() is not None:
            raise Missing(f"the program ended with {self.process.returncode}: {self.output()}")
        return self.tree.find_owner() and self.windows()

    def output(self):
        # The program shares this file's offset: seek() would make it overwrite its own log.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode(errors="replace")

    def processor(self):
        """The CPU time of the program in seconds, and whether it wants more right now."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0] == "R"

    def settle(self):
        """Waits until the program has nothing left to lay out, draw or load."""

        def is_idle():
            before, _ = self.processor()
            time.sleep(IDLE_TIME)
            after, wants_more = self.processor()
            return after - before <= IDLE_CPU and not wants_more

        until("the program to be idle", is_idle)

    def windows(self):
        """The windows, and the dialogs in them."""
        windows = self.tree.look().children
        return windows + self.dialogs()

    def dialogs(self):
        """The dialogs that are no windows of their own."""
        return [node for node in self.walk() if NEWER and node.role in DIALOGS and self.shows(node)]

    def n_windows(self):
        """How many windows with a title are on the screen, as the display itself has it, and dialogs in them."""
        return len(self.named_windows()) + len(self.dialogs() if NEWER else [])

    def walk(self, start=None):
        """All objects in the tree, or those below start, parents first."""
        root = self.tree.look()
        stack = [root if start is None else self.tree.nodes.get(start.path)]
        while stack:
            node = stack.pop()
            if node is None:
                continue
            yield node
            stack += reversed(node.children)

    @staticmethod
    def shows(node):
        """GTK 4.8 reports “showing” for windows only, so an object counts as visible if it has an extent."""
        if not node.has(Atspi.StateType.VISIBLE):
            return False
        try:
            return node.extents().width > 0
        except GLib.Error:
            return False  # it disappeared meanwhile

    def find(self, name, role=None, start=None):
        """The first visible object with this name, or None."""
        for node in self.walk(start):
            if node.name == name and (role is None or node.role in role) and self.shows(node):
                return node
        return None

    def find_button(self, name, start=None):
        """The button with this name, which some versions of GTK repeat (“Undo Undo”, “_Save Save”), and which newer
        ones also give to the objects around it."""
        for node in self.walk(start):
            if (node.role in BUTTONS and node.name.replace("_", "") in (name, f"{name} {name}") and self.shows(node)
                    and node.can_act()):
                return node
        return None

    def wait_for_button(self, name, start=None):
        return until(f"“{name}”", lambda: self.find_button(name, start))

    def wait(self, name, role=None, start=None):
        return until(f"“{name}”", lambda: self.find(name, role, start))

    def press(self, name, start=None):
        button = self.wait_for_button(name, start)
        until(f"“{name}” to be sensitive", button.is_sensitive)
        button.act()

    def menu_item(self, name, mnemonic):
        """An item of an open menu. GTK 4.24.1 gives menu items no names, only shortcuts."""

        def is_it(node):
            if node.role == "menu item" and not node.name:
                return node.attributes().get("keyshortcuts", "").lower().endswith(f"alt+{mnemonic.lower()}")
            return node.name == name and node.role in ("menu item",) + BUTTONS

        return until(f"“{name}”", lambda: next((node for node in self.walk() if is_it(node) and self.shows(node)), None))

    def choose(self, name, mnemonic):
        """Chooses from an open menu."""
        self.menu_item(name, mnemonic).act()

    def choose_and_close(self, name, mnemonic):
        """Chooses from an open menu and waits until it is gone."""
        self.choose(name, mnemonic)
        self.wait_for_no_menu()

    def wait_for_no_menu(self):
        """Waits until an open menu is gone."""

        def is_closed():
            windows = self.visible_windows()
            # While a window comes or goes the display may list none at all.
            return windows and not self.popovers(windows)

        until("the menu to close", is_closed)

    def choose_of_stage(self, name, mnemonic):
        """Chooses from the menu of the stage that a narrow window shows, on the page of the stages."""
        self.press("Stages")
        self.press("Stage Menu")
        self.choose_and_close(name, mnemonic)

    def type_into(self, name, text, start=None):
        field = self.wait(name, ("text", "entry", "password text"), start)
        field.set_text(text)

    def text_of(self, name):
        return self.wait(name, ("text", "entry")).text()

    @staticmethod
    def text_in(node):
        """The text of a text view, or the name of anything else."""
        return node.text() if node.role == "text" else node.name

    def status(self, start=None):
        """The text of the connection status, or an empty string if there is none."""
        for node in self.walk(start):
            if node.description == "Connection status" and self.shows(node):
                return node.name
        return ""

    def wait_for_status(self, word, deadline=DEADLINE):
        return until(f"the status {word}, not {self.status()}", lambda: self.status().startswith(word), deadline)

    def rows(self, start=None, captions=False):
        """The names of the conversation's rows, by default without days and captions."""
        conversation = self.find("Conversation", None, start)
        if conversation is None:
            return []
        names = [row.name for row in conversation.children]
        return names if captions else [name for name in names if name not in CAPTIONS]

    def first_visible(self):
        """The name of the topmost row with a number (“#7”) that can be seen. Old versions of GTK keep stale extents for
        rows out of sight, so it is found as a pointer finds it; newer ones have no rows out of sight."""
        conversation = self.wait("Conversation")
        area = conversation.extents()
        if NEWER:
            places = [(extents.y, row.name) for row in conversation.children if "#" in row.name
                      for extents in [row.extents()] if extents.y + extents.height > area.y]
            return min(places)[1] if places else None
        for y in range(area.y + 4, area.y + area.height, 8):
            node = conversation.node_at(area.x + 60, y)
            while node is not None and node.parent is not conversation:
                node = node.parent
            if node is not None and "#" in node.name:
                return node.name
        return None

    def wait_for_row(self, *parts):
        return until(f"a row with {parts}",
                     lambda: next((r for r in self.rows() if all(part in r for part in parts)), None))

    def texts(self, start=None):
        """All visible texts, or those below start."""
        return [node.name for node in self.walk(start) if node.name and self.shows(node)]

    def reads(self, words, start=None):
        """Whether these words are visible anywhere, or below start."""
        return any(words in node.name and self.shows(node) for node in self.walk(start))

    def say(self, text):
        self.type_into("Message", text)
        self.press("Send")
        # GTK shows a button as pressed for a moment before it acts.
        until("the message to leave the composer", lambda: self.text_of("Message") == "")

    def visible_windows(self):
        """The windows, popovers and drag icons on the screen, each with its name and position."""
        found = subprocess.run(["xdotool", "search", "--all", "--onlyvisible", "--pid", str(self.process.pid)],
                               capture_output=True, text=True, check=False).stdout.split()
        return [(window, *(subprocess.run(["xdotool", f"getwindow{what}", window], capture_output=True, text=True,
                                          check=False).stdout.strip() for what in ("name", "geometry")))
                for window in found]

    def named_windows(self):
        """The windows with a title; popovers have none."""
        return [window for window, name, _ in self.visible_windows() if name not in UNTITLED]

    def popovers(self, windows=None):
        """The popovers and tooltips, each with its position."""
        return [(window, place) for window, name, place in windows or self.visible_windows()
                if name in UNTITLED and "Position: -" not in place]

    def largest_popover(self):
        """The size and the corner of the largest popover or tooltip, according to the display; None without any."""
        places = [re.search(r"Position: (\d+),(\d+)[^G]*Geometry: (\d+)x(\d+)", place) for _, place in self.popovers()]
        return max((((width, height), (x, y)) for place in places if place
                    for x, y, width, height in [map(int, place.groups())]), default=None)

    def window_id(self):
        found = self.named_windows()
        return found[-1] if found else None

    def focus(self):
        window = until("a window", self.window_id)
        subprocess.run(["xdotool", "windowfocus", "--sync", window], check=True, timeout=DEADLINE)
        return window

    def keys(self, *keys):
        self.focus()
        # By key code: with newer keymaps xdotool holds Alt for the name of a function key.
        keys = [key.replace("F6", "72").replace("F10", "76").replace("F11", "95") for key in keys]
        subprocess.run(["xdotool", "key", "--clearmodifiers", *keys], check=True, timeout=DEADLINE)

    @staticmethod
    def place(node):
        """The place of an object on the screen, if its window is at the screen's corner."""
        extents = node.extents()
        x, y = extents.x, extents.y
        while NEWER and node.parent.role != "application":
            node = node.parent
        # GTK 4.24 takes the border of the window's frame away twice where it should be added.
        x, y = (x - 2 * node.extents().x, y - 2 * node.extents().y) if NEWER else (x, y)
        return Box(x, y, extents.width, extents.height)

    def point_of(self, name):
        """The middle of an object on the screen."""
        place = self.place(self.wait(name))
        return place.x + place.width // 2, place.y + place.height // 2

    def spot(self, node, padding=0):
        """The middle of an object on the screen, or None while its menu is not there. A menu is a window of its own, and
        its entries stand in it. GTK 4.24 leaves the padding of what an object stands in out of its place."""
        menu = node
        while menu is not None and menu.role != "menu":
            menu = menu.parent
        if menu is None:
            place, more = self.place(node), padding if NEWER else FRAME
            return place.x + place.width // 2 + more, place.y + place.height // 2 + (0 if NEWER else FRAME)
        place, corner, popover = node.extents(), menu.extents(), self.largest_popover()
        if popover is None:
            return None
        x, y = popover[1]
        return x + place.x - corner.x + place.width // 2, y + place.y - corner.y + place.height // 2

    def click_on(self, what, find, button="1", times=1, padding=0):
        """Clicks what find() returns, once it stands still, with the pointer alone."""
        x, y = steady(f"{what} to stand still", lambda: (node := find()) and self.spot(node, padding))
        subprocess.run(["xdotool", "mousemove", str(x), str(y), "click", "--repeat", str(times), "--delay", "40", button],
                       check=True, timeout=DEADLINE)

    def press_at(self, name):
        """Moves the pointer to the middle of an object."""
        x, y = self.point_of(name)
        self.focus()
        subprocess.run(["xdotool", "mousemove", str(x), str(y)], check=True, timeout=DEADLINE)

    def click(self, name, button="1"):
        """Clicks an object that has no action, once it stands still: a page may be sliding in."""
        steady(f"“{name}” to stand still", lambda: self.wait(name).extents())
        self.press_at(name)
        subprocess.run(["xdotool", "click", button], check=True, timeout=DEADLINE)

    def drag(self, name, onto):
        """Drags one row of a list onto another row, as a hand does."""
        x, y = self.point_of(name)
        to_x, to_y = self.point_of(onto)
        self.focus()
        steps = [["mousemove", str(x), str(y)], ["mousedown", "1"]]
        steps += [["mousemove", str(x + (to_x - x) * i // 10), str(y + (to_y - y) * i // 10)] for i in range(1, 11)]
        for step in steps + [["mouseup", "1"]]:
            subprocess.run(["xdotool", *step], check=True, timeout=DEADLINE)
            time.sleep(STEP_SECONDS)

    def scroll(self, steps):
        """Turns the wheel; up if steps is negative."""
        button = "4" if steps < 0 else "5"
        subprocess.run(["xdotool", "click", "--repeat", str(abs(steps)), "--delay", "20", button], check=True,
                       timeout=DEADLINE)

    def move(self, x, y, width=None, height=None):
        window = until("a window", self.window_id)
        if width:
            subprocess.run(["xdotool", "windowsize", window, str(width), str(height)], check=True, timeout=DEADLINE)
        subprocess.run(["xdotool", "windowmove", window, str(x), str(y)], check=True, timeout=DEADLINE)

    def quit(self, deadline=DEADLINE):
        """Quits the program as a user would; returns how long that took, in seconds."""
        if self.popovers():
            self.keys("Escape")  # in GTK 4.24 an open popover takes all keys
        start = time.monotonic()
        self.keys("ctrl+q")
        self.process.wait(deadline)
        return time.monotonic() - start

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)


def screenshot(path):
    subprocess.run(["import", "-window", "root", path], check=True, timeout=DEADLINE)
