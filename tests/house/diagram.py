# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the arrows that docs/design.md draws. Its first Mermaid block is made of these lines:

    subgraph client                              a wing: an arrow that begins or ends here holds for all that is in it
        client_store["client/store"]             a folder
        client_rooms["client/*"]                 the rooms that lie in that folder itself
        client_error["client/dw-client-error"]   one room
    end
    client --> wire                              the left one may include the right one
"""

import re


class Diagram:
    def __init__(self, text):
        block = re.search(r"^```mermaid\n(.*?)^```$", text, re.M | re.S).group(1)
        self.places = {}  # name → path
        self.wings = {}  # name of a wing → the names in it
        self.arrows = []  # of (from, to)
        wing = None
        for line in map(str.strip, block.splitlines()):
            if found := re.fullmatch(r"subgraph (\w+)", line):
                wing = found.group(1)
                self.wings[wing] = set()
            elif line == "end":
                wing = None
            elif found := re.fullmatch(r'(\w+)\["([^"]+)"\]', line):
                self.places[found.group(1)] = found.group(2)
                if wing:
                    self.wings[wing].add(found.group(1))
            elif found := re.fullmatch(r"(\w+) --> (\w+)", line):
                self.arrows.append(found.groups())
            elif line and not line.startswith("flowchart "):
                raise AssertionError(f"a line of the diagram that nobody reads: {line}")

    def place(self, path):
        """The name of the place where a file is, such as client/store/dw-store.h: a room, its folder, or None."""
        folder = path.rpartition("/")[0]
        room = path.rsplit(".", 1)[0]
        for name, place in self.places.items():
            if place in (path, room):
                return name
        for name, place in self.places.items():
            if place in (folder, f"{folder}/*"):
                return name
        return None

    def members(self, name):
        """The places that a name means: those of a wing, or the one."""
        return self.wings.get(name, {name})

    def pairs(self):
        """Every (from, to) of places that the arrows allow."""
        return {(one, other) for begin, end in self.arrows for one in self.members(begin) for other in self.members(end)}

    def arrow(self, path, included):
        """The arrow by which a file may include another, or None."""
        one, other = self.place(path), self.place(included)
        for begin, end in self.arrows:
            if one in self.members(begin) and other in self.members(end):
                return (begin, end)
        return None
