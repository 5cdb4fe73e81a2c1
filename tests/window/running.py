# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of a test, which have to exit cleanly."""

import contextlib

from driver import App, Stage
from tree import Atspi, GLib

# Warnings that are not ours: from the accessibility library, about any popover in GTK 4.24.1, and about what a screen
# reader asks that GTK 4 cannot tell.
OTHERS = ("dbind", "gdk_frame_timings_submitted", "Screen coordinates not supported")


def describe(app):
    """What there is to see, after a failure."""
    if app.process.poll() is not None:
        print("# exit:", app.process.returncode)
        return
    print("# status:", app.status())
    with contextlib.suppress(GLib.Error):
        for node in app.walk():
            if node.name and app.shows(node):
                focused = ", focused" if node.has(Atspi.StateType.FOCUSED) else ""
                print(f"# {node.role}: {node.name[:80]!r}{focused}")


@contextlib.contextmanager
def running(*arguments, **options):
    """A program that has to exit without warnings or a crash."""
    app = App(*arguments, **options)
    try:
        yield app
        app.quit()
        assert app.process.returncode == 0, f"exit {app.process.returncode}: {app.output()}"
        complaints = [line for line in app.output().splitlines()
                      if "-CRITICAL" in line or ("-WARNING" in line and not any(word in line for word in OTHERS))]
        assert not complaints, complaints
    except BaseException:
        describe(app)
        for line in app.output().splitlines()[-20:]:
            print("#", line)
        raise
    finally:
        app.end()


@contextlib.contextmanager
def stage(**options):
    """A stage that is killed after the test."""
    running_stage = Stage(**options)
    try:
        yield running_stage
    finally:
        if running_stage.process.poll() is None:
            running_stage.kill()
