# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of a test, which have to exit cleanly."""

import contextlib

from driver import App, Stage

# Warnings that are not ours: from the accessibility library, about any popover in GTK 4.24.1, and about what a screen
# reader asks that GTK 4 cannot tell.
OTHERS = ("dbind", "gdk_frame_timings_submitted", "Screen coordinates not supported")


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
        print("# status:", app.status() if app.process.poll() is None else app.process.returncode)
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
