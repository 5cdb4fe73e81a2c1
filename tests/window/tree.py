# SPDX-License-Identifier: GPL-3.0-or-later
"""The accessibility tree of one program, fetched as a whole: one call returns every object, where the accessibility
library makes five for each. GTK answers those in its main loop, and they took most of a test's time."""

import ast
import re
from collections import Counter
from dataclasses import dataclass

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

ROOT = "/org/a11y/atspi/accessible/root"
TIMEOUT_MS = 30000

# How many levels of objects may be created by asking for them.
LEVELS = 64

# How often an object is asked for its children if they are not among the objects: those of a list in a flood never are.
ASKED = 3

# One object of the reply to GetItems, whose type is ((so)(so)(so)iiassusau), as GLib prints it.
STRING = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
ITEM = re.compile(rf"\(\('[^']*', '([^']*)'\), \('[^']*', '[^']*'\), \('[^']*', '([^']*)'\), (-?\d+), (-?\d+), \[([^\]]*)\], "
                  rf"{STRING}, (\d+), {STRING}, \[(\d+), (\d+)\]\)")


def unquoted(text):
    return ast.literal_eval(text) if "\\" in text else text[1:-1]


@dataclass(frozen=True)
class Box:
    """A place in the window, in pixels."""

    x: int
    y: int
    width: int
    height: int


class Node:
    """An object as it was when the tree was fetched. The methods query the program itself."""

    def __init__(self, tree, path, name, role, description, states, n_children):
        self.tree = tree
        self.path = path
        self.name = name
        self.role = Atspi.role_get_name(Atspi.Role(role))
        self.description = description
        self.states = states
        self.n_children = n_children
        self.parent = None
        self.children = []

    def has(self, state):
        return bool(self.states >> int(state) & 1)

    def call(self, interface, method, arguments=None):
        return self.tree.call(self.path, interface, method, arguments)

    def extents(self):
        window = GLib.Variant("(u)", (int(Atspi.CoordType.WINDOW),))
        return Box(*self.call("Component", "GetExtents", window)[0])

    def node_at(self, x, y):
        """The object at a point of the window, or None."""
        point = GLib.Variant("(iiu)", (x, y, int(Atspi.CoordType.WINDOW)))
        return self.tree.nodes.get(self.call("Component", "GetAccessibleAtPoint", point)[0][1])

    def is_sensitive(self):
        low, _ = self.call("Accessible", "GetState")[0]
        return bool(low >> int(Atspi.StateType.SENSITIVE) & 1)

    def attributes(self):
        return self.call("Accessible", "GetAttributes")[0]

    def property(self, interface, name):
        return self.tree.property(self.path, interface, name)

    def can_act(self):
        return self.property("Action", "NActions") > 0

    def actions(self):
        """The names of what it can do."""
        return [name for name, _, _ in self.call("Action", "GetActions")[0]]

    def act(self, index=0):
        self.call("Action", "DoAction", GLib.Variant("(i)", (index,)))

    def n_letters(self):
        return self.property("Text", "CharacterCount")

    def text(self):
        return self.call("Text", "GetText", GLib.Variant("(ii)", (0, self.n_letters())))[0]

    def set_text(self, text):
        self.call("EditableText", "SetTextContents", GLib.Variant("(s)", (text,)))


class Tree:
    """What one program shows on the accessibility bus."""

    def __init__(self, pid):
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        address = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None,
                                    Gio.DBusCallFlags.NONE, TIMEOUT_MS).unpack()[0]
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags)
        self.pid = pid
        self.owner = None
        self.nodes = {}

    def find_owner(self):
        """Whether the program is on the bus yet."""
        programs = self._ask("org.a11y.atspi.Registry", ROOT, "org.a11y.atspi.Accessible", "GetChildren").unpack()[0]
        for owner, _ in programs:
            asked = GLib.Variant("(s)", (owner,))
            if self._ask("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                         asked).unpack()[0] == self.pid:
                self.owner = owner
        return self.owner is not None

    def _ask(self, owner, path, interface, method, arguments=None):
        return self.bus.call_sync(owner, path, interface, method, arguments, None, Gio.DBusCallFlags.NO_AUTO_START,
                                  TIMEOUT_MS)

    def call(self, path, interface, method, arguments=None):
        return self._ask(self.owner, path, f"org.a11y.atspi.{interface}", method, arguments).unpack()

    def property(self, path, interface, name):
        arguments = GLib.Variant("(ss)", (f"org.a11y.atspi.{interface}", name))
        return self._ask(self.owner, path, "org.freedesktop.DBus.Properties", "Get", arguments).unpack()[0]

    def look(self):
        """Fetches the tree and returns its root."""
        items = self._items()
        asked = {}
        times = Counter()
        for _ in range(LEVELS):
            unknown = self._build(items, asked)
            times.update(unknown)
            if all(times[path] >= ASKED for path in unknown):
                break
            for path in unknown:
                del asked[path]
            # Newer versions of GTK create an object when it is asked for.
            items = self._items()
        return self.nodes[ROOT]

    def _items(self):
        reply = self._ask(self.owner, "/org/a11y/atspi/cache", "org.a11y.atspi.Cache", "GetItems")
        items = ITEM.findall(reply.print_(False))
        assert len(items) == reply.get_child_value(0).n_children(), "an object was not understood"
        return items

    def _build(self, items, asked):
        """Makes nodes from the items; returns the objects some of whose children are not among them. Hidden widgets are,
        with a wrong index, and so are the pages of a stack: for these the parent is asked for its children."""
        self.nodes = {}
        below = {}
        for path, parent, index, n_children, interfaces, name, role, description, low, high in items:
            self.nodes[path] = Node(self, path, unquoted(name), int(role), unquoted(description),
                                    int(low) | int(high) << 32, int(n_children))
            below.setdefault(parent, []).append((int(index), path, "Component" in interfaces))
        unknown = set()
        stack = [self.nodes[ROOT]]
        while stack:
            node = stack.pop()
            if node.path != ROOT and not node.has(Atspi.StateType.VISIBLE):
                continue  # a hidden object hides its children
            children = sorted(below.get(node.path, ()))
            paths = [path for _, path, _ in children]
            if ([index for index, _, _ in children] != list(range(node.n_children)) or node.path == ROOT
                    or not all(is_widget for _, _, is_widget in children)):
                if node.path not in asked:
                    asked[node.path] = self._children(node.path)
                paths = asked[node.path]
            if any(path not in self.nodes for path in paths):
                unknown.add(node.path)
            node.children = [self.nodes[path] for path in paths if path in self.nodes]
            for child in node.children:
                child.parent = node
            stack += node.children
        return unknown

    def _children(self, path):
        try:
            return [path for _, path in self.call(path, "Accessible", "GetChildren")[0]]
        except GLib.Error:
            return []  # it disappeared meanwhile
