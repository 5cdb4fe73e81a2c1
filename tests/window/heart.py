# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the longest time that a program's main loop was blocked."""

import threading
import time

from gi.repository import Gio, GLib

APP = "io.github.dynamowave.Chat"


class Heart:
    """Sends the program a small request again and again, which its main loop has to answer."""

    def __init__(self):
        self.worst = 0.0
        self.answers = 0
        self.running = True
        self.thread = threading.Thread(target=self._beat, daemon=True)
        self.thread.start()

    def _beat(self):
        address = Gio.dbus_address_get_for_bus_sync(Gio.BusType.SESSION)
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        bus = Gio.DBusConnection.new_for_address_sync(address, flags)
        while self.running:
            started = time.monotonic()
            try:
                bus.call_sync(APP, f"/{APP.replace('.', '/')}", "org.gtk.Actions", "List", None, None,
                              Gio.DBusCallFlags.NO_AUTO_START, 120000)
                self.answers += 1
            except GLib.Error:
                pass  # not there yet, or no longer
            self.worst = max(self.worst, time.monotonic() - started)
            time.sleep(0.02)

    def take(self):
        worst, self.worst = self.worst, 0.0
        return worst

    def stop(self):
        self.running = False
        self.thread.join(130)
        assert self.answers, "the program never answered"
