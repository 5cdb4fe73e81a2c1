#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Portals in the place of a person: “portal.py grant” or “deny” answers whether the program may run without a window, and
“portal.py choose PATH…” answers each dialog for files with the next path."""

import json
import sys
from pathlib import Path

from gi.repository import Gio, GLib

# Newer versions of GTK use a portal only if it tells its version, and complain where nobody tells of the session's end.
INTERFACES = """<node>
  <interface name="org.freedesktop.portal.Background">
    <method name="RequestBackground">
      <arg type="s" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/>
    </method>
  </interface>
  <interface name="org.freedesktop.portal.FileChooser">
    <method name="OpenFile">
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/>
    </method>
    <method name="SaveFile">
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/>
    </method>
    <property name="version" type="u" access="read"/>
  </interface>
  <interface name="org.freedesktop.portal.Inhibit">
    <method name="CreateMonitor">
      <arg type="s" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/>
    </method>
  </interface>
</node>"""


def decide():
    granted = sys.argv[1] == "grant"
    return 0 if granted else 1, {"background": GLib.Variant("b", granted)}


def choose():
    """The next path that was given; a dialog more than that is canceled."""
    if not sys.argv[2:]:
        return 1, {}
    return 0, {"uris": GLib.Variant("as", [Path(sys.argv.pop(2)).as_uri()])}


def call(bus, sender, path, interface, method, arguments, invocation):
    *words, options = arguments.unpack()
    request = f"/org/freedesktop/portal/desktop/request/{sender[1:].replace('.', '_')}/{options['handle_token']}"
    if method == "CreateMonitor":
        invocation.return_value(GLib.Variant("(o)", (request,)))
        return
    if method == "RequestBackground":
        asked, answer = options["reason"], decide()
    else:
        asked, answer = [method, words[1], options.get("current_name")], choose()
    print(json.dumps({"asked": asked}), flush=True)
    invocation.return_value(GLib.Variant("(o)", (request,)))
    bus.emit_signal(sender, request, "org.freedesktop.portal.Request", "Response", GLib.Variant("(ua{sv})", answer))


def tell_version(*_):
    return GLib.Variant("u", 3)


def appear(bus, name):
    for interface in Gio.DBusNodeInfo.new_for_xml(INTERFACES).interfaces:
        bus.register_object("/org/freedesktop/portal/desktop", interface, call, tell_version, None)


if __name__ == "__main__":
    Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.portal.Desktop", Gio.BusNameOwnerFlags.NONE, appear,
                     lambda *_: print(json.dumps({"ready": True}), flush=True), None)
    GLib.MainLoop().run()
