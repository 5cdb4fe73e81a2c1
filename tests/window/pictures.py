#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes pictures of the five main pages, for the README and the metainfo: pictures.py FOLDER."""

import json
import os
import subprocess
import sys
import time

from driver import App, screenshot, until
from servers import Server

SIZE = (720, 640)
LINES = (("Ada", "Tide gauge 4 is back. The reading was off by 12 cm because of the ferry."),
         ("Björn", "Morning! Forecast is here: https://met.example/harbor"),
         ("Björn", "Gusts up to 60 km/h after noon, so the pontoon stays closed."),
         ("Chiara", "Understood, thank you."))


def take(app, folder, name):
    app.move(0, 0, *SIZE)
    time.sleep(1)  # so that animations have ended in the picture
    path = os.path.join(folder, f"{name}.png")
    screenshot(path)
    subprocess.run(["mogrify", "-crop", f"{SIZE[0]}x{SIZE[1]}+0+0", "+repage", path], check=True, timeout=30)
    print(path)


def main(folder):
    server = Server()
    app = App()
    app.wait("Connect")
    take(app, folder, "welcome")
    app.type_into("Stage Address", server.url)
    app.press("Connect")
    app.wait_for_status("Online")
    app.keys("ctrl+e")
    app.type_into("Name", "Harbor watch")
    take(app, folder, "stage")
    app.press("Save")
    until("the editor to go", lambda: app.n_windows() == 1)
    server.send(*[json.dumps({"message": text, "sender": sender}) for sender, text in LINES])
    app.wait_for_row("Understood")
    app.say("Thanks. I’ll tell the school group.")
    app.wait_for_row("school group", "delivered")
    take(app, folder, "conversation")
    app.keys("ctrl+f")
    app.type_into("Search messages", "forecast")
    take(app, folder, "search")
    app.keys("Escape", "ctrl+shift+i")
    until("the inspector", lambda: app.n_windows() == 2)
    take(app, folder, "inspector")
    app.end()
    server.close()


if __name__ == "__main__":
    main(sys.argv[1])
