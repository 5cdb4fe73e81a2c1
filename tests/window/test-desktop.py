#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window as a part of a desktop: notifications, and what leads to it from outside."""

import json
import subprocess
import sys
import tempfile
import time

import tap
from driver import DEADLINE, until
from running import running, stage
from servers import Server

# A notification server that writes down what it is told.
DESKTOP = """
import gi, json
from gi.repository import Gio, GLib
node = Gio.DBusNodeInfo.new_for_xml('<node><interface name="org.freedesktop.Notifications">'
    '<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>'
    '<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>'
    '<arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>'
    '<method name="CloseNotification"><arg type="u" direction="in"/></method>'
    '<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal></interface></node>')
count = 0
def call(bus, sender, path, interface, method, arguments, invocation):
    global count
    if method == "Notify":
        values = arguments.unpack()
        count = values[1] or count + 1
        print(json.dumps({"id": count, "title": values[3], "body": values[4], "actions": values[5]}), flush=True)
        invocation.return_value(GLib.Variant("(u)", (count,)))
        if "press" in values[4]:
            GLib.timeout_add(300, lambda: bus.emit_signal(None, path, interface, "ActionInvoked",
                                                          GLib.Variant("(us)", (count, values[5][0]))) and False)
    else:
        print(json.dumps({"closed": arguments.unpack()[0]}), flush=True)
        invocation.return_value(None)
def ready(bus, name):
    bus.register_object("/org/freedesktop/Notifications", node.interfaces[0], call, None, None)
Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.Notifications", 0, ready,
                 lambda *a: print(json.dumps({"ready": True}), flush=True), None)
GLib.MainLoop().run()
"""


class Desktop:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-c", DESKTOP], stdout=subprocess.PIPE, text=True)
        assert self.next() == {"ready": True}

    def next(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.wait(DEADLINE)


def test_notifications():
    """What nobody looks at is told once a stage, leads to it, and goes when it is read; one's own words never are"""
    desktop, server, other = Desktop(), Server(), Server()
    try:
        with running(server.url, other.url) as app:
            app.wait_for_status("Online")
            until("the first stage to be online", lambda: server.clients)
            app.focus()
            app.keys("shift")
            time.sleep(0.3)
            other.send('{"message":"looked at"}')
            app.wait_for_row("looked at")
            app.say("my own")
            server.send('{"message":"R&D <b>x</b> \u202e","sender":"Eve"}')
            first = desktop.next()
            assert first["title"] == "This computer" and first["body"].startswith("Eve: R&D <b>x</b>"), first
            server.send('{"message":"' + "long " * 200 + '"}')
            second = desktop.next()
            assert second["id"] == first["id"] and "2" in second["title"], second
            assert len(second["body"]) < 250 and second["body"].endswith("…"), second
            server.send('{"message":"please press"}')
            desktop.next()
            app.wait_for_row("please press")
            closed = desktop.next()
            assert closed == {"closed": first["id"]}, closed
    finally:
        desktop.end()
        server.close()
        other.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/desktop")
