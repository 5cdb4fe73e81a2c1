#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short conversation between two people over a local stage, and a picture of it."""

import contextlib
import subprocess
import sys
import time

from driver import App, screenshot
from running import stage

LINES = (("Ada", "Morning! Is the tide gauge back?"),
         ("Chiara", "It is. The reading was off by 12 cm because of the ferry."),
         ("Chiara", "Gusts up to 60 km/h after noon, so the pontoon stays closed."),
         ("Ada", "Good. I will note it in the log."),
         ("Chiara", "Thanks. I’ll tell the school group."))


def main(picture):
    with contextlib.ExitStack() as started, stage() as local:
        people = {}
        for place, name in enumerate(("Ada", "Chiara")):
            app = people[name] = App(local.url, profile=name)
            started.callback(app.end)
            app.wait_for_status("Online")
            app.move(place * 640, 0, 640, 720)
        for name, line in LINES:
            people[name].say(line)
            people[name].wait_for_row("You", line, "delivered")
            for other, app in people.items():
                if other != name:
                    app.wait_for_row(name, line)
            print(f"{name}: {line}")
        time.sleep(0.5)  # so that the last frame is in the picture
        screenshot(picture)
        subprocess.run(["mogrify", "-trim", "+repage", picture], check=True, timeout=30)
        for app in people.values():
            app.quit()
    print(f"A picture of it: {picture}")


if __name__ == "__main__":
    main(sys.argv[1])
