#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Orca, the screen reader, says of the window: its own log is the evidence, without a voice."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading

import tap
from driver import DEADLINE, until
from running import running, stage
from servers import Server


def message(text, sender="Björn"):
    return json.dumps({"message": text, "sender": sender})


class Orca:
    """The screen reader, which reads every window of this display."""

    def __init__(self):
        self.log = ""
        self.heard = 0  # how many sentences were asked for
        # A terminal, or Python would write the log in blocks of 8 KiB.
        self.ours, theirs = os.openpty()
        self.process = subprocess.Popen(["orca", "--replace", "--debug-file", os.ttyname(theirs)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.theirs = theirs
        threading.Thread(target=self._read, daemon=True).start()
        until("Orca to start", lambda: "Screen reader on." in self.everything())

    def _read(self):
        try:
            while data := os.read(self.ours, 65536):
                self.log += data.decode(errors="replace")
        except OSError:
            pass

    def everything(self):
        return re.findall(r"SPEECH OUTPUT: '(.*)'\{", self.log)

    def sentences(self):
        """What it has said since it was asked last."""
        return self.everything()[self.heard:]

    def forget(self):
        self.heard += len(self.sentences())

    def wait(self, words):
        """Waits until a sentence has these words; returns it, and what was said before it is forgotten."""
        said = until(f"Orca to say {words!r}, not {self.sentences()}",
                     lambda: next((sentence for sentence in self.sentences() if words in sentence), None))
        self.heard += self.sentences().index(said) + 1
        return said

    def end(self):
        self.process.kill()
        self.process.wait(DEADLINE)
        os.close(self.theirs)


@contextlib.contextmanager
def listening():
    orca = Orca()
    try:
        yield orca
    except BaseException:
        print("# Orca said", orca.everything())
        raise
    finally:
        orca.end()


def meet(app, orca):
    """Orca is told of a window when it appears or its focus moves, and may not listen yet when it says that it does."""

    def is_met():
        app.keys("ctrl+f")
        app.wait("Search messages")
        app.keys("Escape")
        app.settle()
        return any(sentence.startswith(("Message", "Search")) for sentence in orca.sentences())

    until("Orca to know the window", is_met)
    app.settle()


def test_said():
    """UI-11: Orca says a new message, each row, a message that failed, and that the connection was lost"""
    with listening() as orca:
        server = Server()
        # Orca may ask GTK 4 for places on the screen, and GTK warns that it cannot tell.
        with running(server.url, environment={"G_DEBUG": "fatal-criticals"}) as app:
            app.wait_for_status("Online")
            meet(app, orca)
            server.send(message("the first"))
            orca.wait("Björn: the first")
            app.keys("shift+F6")
            row = orca.wait("Björn: the first, ")
            assert re.search(r"the first, \d\d:\d\d", row), row
            app.keys("Escape")
            orca.wait("Message")
            server.refusals = 1
            app.say("refused")
            orca.wait("The stage")
            app.keys("shift+F6")
            orca.wait("You: refused, ")
            # Nothing can be selected there yet, and each row would end with it.
            assert not [sentence for sentence in orca.everything() if "not selected" in sentence]
            # No name that only a programmer knows.
            assert not [sentence for sentence in orca.everything() if "Gtk" in sentence or "Dw" in sentence]
            app.keys("Escape")
        server.close()
        with stage() as local, running(local.url) as app:
            app.wait_for_status("Online")
            meet(app, orca)
            orca.forget()
            local.kill()
            until("the loss", lambda: [sentence for sentence in orca.sentences()
                                       if sentence.startswith(("The connection was lost", "Nothing answers"))])


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-orca")
