#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes pictures of the main pages, light and dark, for the README and the metainfo: pictures.py FOLDER."""

import json
import os
import subprocess
import sys
import time

from driver import App, screenshot, until
from servers import Server

SIZE = (720, 640)
# With the stages at the side.
WIDE = (980, 640)

# What the names of the pictures end with, and what makes the toolkit draw so.
SCHEMES = (("", "prefer-light"), ("-dark", "prefer-dark"))

LINES = (("Ada", "Tide gauge 4 is back. The reading was off by 12 cm because of the ferry."),
         ("Björn", "Morning! Forecast is here: https://met.example/harbor"),
         ("Björn", "Gusts up to 60 km/h after noon, so the pontoon stays closed."),
         ("Chiara", "Understood, thank you."))


def take(app, folder, name, size=SIZE):
    app.move(0, 0, *size)
    time.sleep(1)  # so that animations have ended in the picture
    path = os.path.join(folder, f"{name}.png")
    screenshot(path)
    subprocess.run(["mogrify", "-crop", f"{size[0]}x{size[1]}+0+0", "+repage", path], check=True, timeout=30)
    print(path)


def connect(app, url):
    app.type_into("Stage Address", url)
    app.press("Connect")
    app.wait_for_status("Online")
    app.settle()
    app.keys("ctrl+e")


def save(app):
    app.press("Save")
    until("the editor to go", lambda: app.n_windows() == 1)
    app.settle()


def take_all(folder, suffix, scheme):
    server, other = Server(), Server()
    app = App(environment={"ADW_DEBUG_COLOR_SCHEME": scheme})
    app.wait("Connect")
    take(app, folder, f"welcome{suffix}")
    connect(app, other.url)
    app.type_into("Name", "Ferry desk")
    save(app)
    app.keys("ctrl+o")
    connect(app, server.url)
    app.type_into("Name", "Harbor watch")
    take(app, folder, f"stage{suffix}")
    save(app)
    other.send(json.dumps({"message": "The 12:40 is late.", "sender": "Dede"}))
    server.send(*[json.dumps({"message": text, "sender": sender}) for sender, text in LINES])
    app.wait_for_row("Understood")
    app.say("Thanks. I’ll tell the school group.")
    app.wait_for_row("school group", "delivered")
    take(app, folder, f"conversation{suffix}")
    take(app, folder, f"stages{suffix}", WIDE)
    app.move(0, 0, *SIZE)
    app.settle()
    app.keys("ctrl+f")
    app.type_into("Search messages", "forecast")
    take(app, folder, f"search{suffix}")
    app.keys("Escape", "ctrl+shift+i")
    until("the inspector", lambda: app.n_windows() == 2)
    take(app, folder, f"inspector{suffix}")
    app.end()
    server.close()
    other.close()


def main(folder):
    for suffix, scheme in SCHEMES:
        take_all(folder, suffix, scheme)


if __name__ == "__main__":
    main(sys.argv[1])
