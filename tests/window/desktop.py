#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A notification server that prints what it receives, one JSON object a line, and presses the button of a notification
that asks for it. Without a server on the bus GLib warns about each notification. With “take” it replaces a running one,
and with “markup” it announces that it reads bodies as markup."""

import json
import sys

from gi.repository import Gio, GLib

INTERFACE = """<node><interface name="org.freedesktop.Notifications">
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/>
  </method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>"""


class Server:
    def __init__(self):
        self.count = 0

    def call(self, bus, sender, path, interface, method, arguments, invocation):
        if method == "GetCapabilities":
            markup = ["body-markup"] if sys.argv[1:] == ["markup"] else []
            invocation.return_value(GLib.Variant("(as)", (["actions", "body", *markup],)))
            return
        if method == "CloseNotification":
            print(json.dumps({"closed": arguments.unpack()[0]}), flush=True)
            invocation.return_value(None)
            return
        _, replaced, _, title, body, actions, _, _ = arguments.unpack()
        self.count = replaced or self.count + 1
        print(json.dumps({"id": self.count, "title": title, "body": body, "actions": actions}), flush=True)
        invocation.return_value(GLib.Variant("(u)", (self.count,)))
        if "press" in body:
            GLib.timeout_add(300, self.press, bus, path, interface, actions[0])

    def press(self, bus, path, interface, action):
        bus.emit_signal(None, path, interface, "ActionInvoked", GLib.Variant("(us)", (self.count, action)))
        return GLib.SOURCE_REMOVE

    def appear(self, bus, name):
        node = Gio.DBusNodeInfo.new_for_xml(INTERFACE)
        bus.register_object("/org/freedesktop/Notifications", node.interfaces[0], self.call, None, None)


if __name__ == "__main__":
    flags = Gio.BusNameOwnerFlags.ALLOW_REPLACEMENT
    if sys.argv[1:]:
        flags |= Gio.BusNameOwnerFlags.REPLACE
    Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.Notifications", flags, Server().appear,
                     lambda *_: print(json.dumps({"ready": True}), flush=True), None)
    GLib.MainLoop().run()
