# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal in which a program runs: what somebody types into it, and what is seen on its screen."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

DEADLINE = 60

# What a program that shows text has any business to send: colours, moves, erasing, and the marks around a paste.
ESCAPE = re.compile(rb"\x1b\[(\??[0-9;]*)([A-Za-z@])|\x1b[=>]")
ALLOWED = set(b"ABCDGHJKP@mhlLM")


class Screen:
    """As much of a VT100 as a line editor needs."""

    def __init__(self, rows, columns):
        self.columns = columns
        self.rows = rows
        self.lines = [[]]
        self.x = self.y = 0

    def line(self):
        while len(self.lines) <= self.y:
            self.lines.append([])
        return self.lines[self.y]

    def put(self, letter):
        if self.x == self.columns:
            self.x = 0
            self.y += 1
        line = self.line()
        line.extend(" " * (self.x + 1 - len(line)))
        line[self.x] = letter
        self.x += 1

    def escape(self, arguments, what):
        count = int(arguments) if arguments.isdigit() else 0
        line = self.line()
        if what == "A":
            self.y = max(self.y - max(count, 1), 0)
        elif what == "B":
            self.y += max(count, 1)
        elif what == "C":
            self.x = min(self.x + max(count, 1), self.columns - 1)
        elif what == "D":
            self.x = max(self.x - max(count, 1), 0)
        elif what == "G":
            self.x = max(count, 1) - 1
        elif what == "H":
            self.x = self.y = 0
        elif what == "K" and count == 0:
            del line[self.x:]
        elif what == "J" and count == 0:
            del line[self.x:]
            del self.lines[self.y + 1:]
        elif what == "J":
            self.lines = [[]]
        elif what == "P":
            del line[self.x:self.x + max(count, 1)]
        elif what == "@":
            line[self.x:self.x] = [" "] * max(count, 1)

    def feed(self, text):
        for part in re.split(r"(\x1b\[\??[0-9;]*[A-Za-z@]|\x1b[=>])", text):
            found = re.fullmatch(r"\x1b\[(\??[0-9;]*)([A-Za-z@])", part)
            if found:
                self.escape(found[1], found[2])
                continue
            for letter in part if not part.startswith("\x1b") else "":
                if letter == "\r":
                    self.x = 0
                elif letter == "\n":
                    self.y += 1
                elif letter == "\b":
                    self.x = max(self.x - 1, 0)
                elif letter >= " ":
                    self.put(letter)
            self.line()

    def text(self):
        return ["".join(line).rstrip() for line in self.lines]


class Terminal:
    """Runs a program in a terminal of its own."""

    def __init__(self, *command, rows=24, columns=80, **environment):
        self.rows, self.columns = rows, columns
        self.output = b""
        self.status = None
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            # As it is for others, without what the person who runs the tests has set.
            own = {**os.environ, "TERM": "xterm", "INPUTRC": "/dev/null", **environment}
            own.pop("COLUMNS", None)
            own.pop("LINES", None)
            os.execve(command[0], command, own)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def read(self, seconds):
        """Whether something came, or the program ended."""
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return False
        try:
            self.output += os.read(self.descriptor, 65536)
        except OSError:
            return False
        return True

    def until(self, what, check):
        end = time.monotonic() + DEADLINE
        while not check():
            left = end - time.monotonic()
            assert left > 0, f"waited {DEADLINE} s for {what} in {self.output[-2000:]}"
            if not self.read(min(left, 0.1)) and not check():
                assert self.alive(), f"ended before {what}: {self.output[-2000:]}"

    def until_shown(self, text):
        self.until(text, lambda: text in "\n".join(self.screen()))

    def screen(self):
        screen = Screen(self.rows, self.columns)
        screen.feed(self.output.decode("utf-8", "replace"))
        return screen.text()

    def last_line(self):
        return self.screen()[-1]

    def type(self, text):
        """Types as fast as the program reads."""
        data = text if isinstance(text, bytes) else text.encode()
        end = time.monotonic() + DEADLINE
        while data:
            assert time.monotonic() < end, "the program reads nothing"
            if select.select([], [self.descriptor], [], 0.1)[1]:
                data = data[os.write(self.descriptor, data[:1024]):]
            while self.read(0):
                pass

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def alive(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is None

    def wait(self):
        """The exit status."""
        end = time.monotonic() + DEADLINE
        while self.alive():
            assert time.monotonic() < end, f"does not end: {self.output[-2000:]}"
            self.read(0.05)
        while self.read(0):
            pass
        return self.status

    def modes(self):
        return termios.tcgetattr(self.descriptor)

    def strange(self):
        """Control characters and escapes that nobody should have let through."""
        rest = ESCAPE.sub(lambda found: b"" if found[2] is None or found[2][0] in ALLOWED else found[0], self.output)
        text = rest.decode("utf-8", "replace")
        return [letter for letter in text if (ord(letter) < 32 and letter not in "\r\n\b\a") or 0x7f <= ord(letter) < 0xa0
                or letter in "\u202e\u2028\u2066"]
