# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a program's main loop is away at most."""

import threading
import time

from gi.repository import Gio, GLib

APP = "io.github.dynamowave.Chat"


class Heart:
    """Asks the program for something small again and again, which it answers in its main loop."""

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
                pass  # it is not there yet, or no longer
            self.worst = max(self.worst, time.monotonic() - started)
            time.sleep(0.02)

    def take(self):
        worst, self.worst = self.worst, 0.0
        return worst

    def stop(self):
        self.running = False
        self.thread.join(130)
        assert self.answers, "the program never answered"
