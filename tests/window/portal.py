#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A background portal that either allows or denies running without a window."""

import json
import sys

from gi.repository import Gio, GLib

INTERFACE = """<node><interface name="org.freedesktop.portal.Background">
  <method name="RequestBackground">
    <arg type="s" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/>
  </method>
</interface></node>"""


def call(bus, sender, path, interface, method, arguments, invocation):
    options = arguments.unpack()[1]
    request = f"/org/freedesktop/portal/desktop/request/{sender[1:].replace('.', '_')}/{options['handle_token']}"
    print(json.dumps({"asked": options["reason"]}), flush=True)
    invocation.return_value(GLib.Variant("(o)", (request,)))
    granted = sys.argv[1] == "grant"
    answer = GLib.Variant("(ua{sv})", (0 if granted else 1, {"background": GLib.Variant("b", granted)}))
    bus.emit_signal(sender, request, "org.freedesktop.portal.Request", "Response", answer)


def appear(bus, name):
    node = Gio.DBusNodeInfo.new_for_xml(INTERFACE)
    bus.register_object("/org/freedesktop/portal/desktop", node.interfaces[0], call, None, None)


if __name__ == "__main__":
    Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.portal.Desktop", Gio.BusNameOwnerFlags.NONE, appear,
                     lambda *_: print(json.dumps({"ready": True}), flush=True), None)
    GLib.MainLoop().run()
