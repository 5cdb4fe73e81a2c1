#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents match this tree: cases, diagram, walks, links and commands."""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402
from diagram import Diagram  # noqa: E402

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", Path(__file__).resolve().parents[2]))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "NEWS.md"] + sorted((ROOT / "docs").glob("*.md"))
ID = re.compile(r"\b(?:WS|RC|AG|UI|DB|DT|EM|S|F)-\d+\b")


def ours(pattern):
    """Files of ours below tests: not those that npm brings for ./dev interop."""
    return (path for path in (ROOT / "tests").rglob(pattern) if "node_modules" not in path.parts)


def tests():
    """Each test by its path, as a run prints it but without ids, with the ids it names."""
    found = {}
    for path in ours("test-*.c"):
        for case in re.findall(r'g_test_add\w* \("(/[^"]+)"', path.read_text(encoding="utf-8")):
            parts = case.split("/")
            name = "/".join(part for part in parts if not ID.fullmatch(part))
            found[name] = {part for part in parts if ID.fullmatch(part)}
    for path in ours("test-*.py"):
        text = path.read_text(encoding="utf-8")
        prefix = re.search(r'tap\.run\(sys\.modules\[__name__\], "([^"]+)"\)', text).group(1)
        for name, title in re.findall(r'^def test_(\w+)\(.*\):\n    """(.*)', text, re.M):
            found[f"{prefix}/{name}"] = set(ID.findall(title))
    return found


def rows():
    """Each row of docs/cases.md: the id, and the tests that show it."""
    for line in (ROOT / "docs" / "cases.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if ID.fullmatch(cells[0]):
            yield cells[0], re.findall(r"`([^`]+)`", cells[-1])


def test_cases_have_rows():
    """Every id that a test names has one row in docs/cases.md"""
    named = set().union(*tests().values())
    listed = [case for case, _ in rows()]
    assert len(listed) == len(set(listed)), listed
    assert named == set(listed), f"without a row: {named - set(listed)}; without a test: {set(listed) - named}"


def test_rows_have_tests():
    """Every test that a row of docs/cases.md lists exists and names that id"""
    known = tests()
    for case, listed in rows():
        assert listed, case
        for name in listed:
            assert name in known, f"{case}: there is no test {name}"
            assert case in known[name], f"{case}: {name} does not name it"


def circle(pairs, start):
    """Whether a path of arrows leads from a place back to itself."""
    seen, todo = set(), [start]
    while todo:
        for begin, end in pairs:
            if begin == todo[0] and end not in seen:
                seen.add(end)
                todo.append(end)
        todo.pop(0)
    return start in seen


def test_diagram():
    """The diagram of docs/design.md can be read, and its arrows run one way"""
    diagram = Diagram((ROOT / "docs" / "design.md").read_text(encoding="utf-8"))
    for arrow in diagram.arrows:
        for name in arrow:
            assert name in diagram.places or name in diagram.wings, f"{name} is drawn nowhere"
    pairs = {(begin, end) for begin, end in diagram.pairs() if begin != end}
    for place in diagram.places:
        assert not circle(pairs, place), f"the arrows lead from {place} back to it"


def test_diagram_places():
    """The diagram's rooms, folders and wings are read correctly, and an arrow that is not drawn is not allowed"""
    diagram = Diagram((ROOT / "docs" / "design.md").read_text(encoding="utf-8"))
    assert diagram.arrow("client/messages/dw-outbox.c", "client/store/dw-store.h")
    assert diagram.arrow("client/connection/dw-session.c", "wire/dw-frame.h")
    assert diagram.arrow("client/dw-chat.c", "client/messages/dw-outbox.h")
    assert diagram.arrow("app/chat/dw-composer.c", "client/dw-chat.h")
    assert diagram.arrow("cli/dynamowave-cli.c", "client/dw-chat.h")
    assert not diagram.arrow("client/connection/dw-session.c", "client/store/dw-store.h")
    assert not diagram.arrow("client/store/dw-store.c", "client/dw-chat.h")
    assert not diagram.arrow("client/dw-chat.c", "app/dw-window.h")
    assert not diagram.arrow("client/dw-chat.c", "backend/gateway/dw-throttle.h")
    assert not diagram.arrow("backend/handlers/dw-event.c", "backend/gateway/dw-throttle.h")
    assert not diagram.arrow("wire/dw-frame.c", "client/dw-chat.h")


def test_walks():
    """Each of the five walks enters a room once, and each room is there"""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    section = re.search(r"^## Five walks\n(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)
    walks = re.split(r"^### ", section, flags=re.M)[1:]
    assert len(walks) == 5, [walk.splitlines()[0] for walk in walks]
    rooms = {path.stem for path in (ROOT / "src").rglob("*.c")}
    for walk in walks:
        title = walk.splitlines()[0]
        entered = re.findall(r"^\d+\. `(?:[a-z/]+/)?(dw-[a-z0-9-]+)`", walk, re.M)
        assert len(entered) >= 4, (title, entered)
        assert len(entered) == len(set(entered)), (title, entered)
        assert set(entered) <= rooms, (title, set(entered) - rooms)


def test_links():
    """Every link from one document to another file of the tree leads there"""
    for document in DOCUMENTS:
        text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if not re.match(r"[a-z]+:", target):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_commands():
    """Every ./dev command that a document names is one"""
    dev = (ROOT / "dev").read_text(encoding="utf-8")
    for document in DOCUMENTS:
        for command in re.findall(r"\./dev ([a-z]+)", document.read_text(encoding="utf-8")):
            assert re.search(rf"^  {command}( \||\))", dev, re.M), f"{document.name}: ./dev {command}"


def test_libraries():
    """docs/packaging.md names each library that meson.build looks for, with its oldest version and a reason"""
    rows = {row[0]: row for row in ([cell.strip() for cell in line.strip("|").split("|")]
                                    for line in (ROOT / "docs" / "packaging.md").read_text(encoding="utf-8").splitlines() if line.startswith("|"))}
    # One row each for the parts of GLib, and for the two that are one toolkit.
    names = {"gobject": "glib", "gio": "glib", "gio-unix": "glib", "gtk": "gtk, libadwaita", "libadwaita": "gtk, libadwaita", "sqlite": "sqlite"}
    named = {name.lower(): row for name, row in rows.items()}
    wanted = re.findall(r"dependency\('([a-z-]+?)-?[0-9.]*', version: '>= ([0-9.]+)'", "".join(path.read_text(encoding="utf-8") for path in (ROOT / "meson.build", *(ROOT / "src").rglob("meson.build"))))
    assert len(wanted) > 10, wanted
    for library, version in wanted:
        row = named.get(names.get(library, library))
        assert row, f"docs/packaging.md does not say why {library} is needed"
        assert version in row[1] and len(row[2]) > 10, f"{library} {version}: docs/packaging.md says {row}"


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/docs")
