#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the tree itself: the arrows between the folders, the data files."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import gi

gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("DYNAMOWAVE_BUILD", ROOT / "_build"))
APP_ID = "io.github.dynamowave.Chat"

# What each folder may include of ours, besides itself.
ARROWS = {"wire": set(), "client": {"wire"}, "app": {"client", "wire"}, "backend": {"wire"}, "main.c": {"app"}}

# What each folder may never include of others.
FORBIDDEN = {"wire": r"libsoup|gtk/|adwaita|sqlite|libsecret", "client": r"gtk/|gdk/|adwaita",
             "backend": r"gtk/|gdk/|adwaita|sqlite_gui", "app": r"libsoup|sqlite|libsecret"}


def sources(root=ROOT):
    return sorted(path for path in (root / "src").rglob("*") if path.suffix in (".c", ".h"))


def wrong_arrows(root):
    wrong = []
    for path in sources(root):
        room = path.relative_to(root / "src").parts[0]
        for include in re.findall(r'^\s*#\s*include\s*["<]([^">]+)[">]', path.read_text(encoding="utf-8"), re.M):
            target = include.split("/")[0] if "/" in include else None
            if target in ARROWS and target != room and target not in ARROWS[room]:
                wrong.append(f"{path.relative_to(root)} includes {include}")
            if room in FORBIDDEN and re.match(FORBIDDEN[room], include):
                wrong.append(f"{path.relative_to(root)} includes {include}")
            if include.startswith(".."):
                wrong.append(f"{path.relative_to(root)} climbs to {include}")
    return wrong


def test_arrows():
    """Includes follow app → client → wire and backend → wire"""
    assert not wrong_arrows(ROOT), wrong_arrows(ROOT)


def test_arrows_are_seen():
    """A wrong include is found where there is one"""
    for room, include in (("wire", "client/dw-session.h"), ("client", "app/dw-window.h"), ("client", "gtk/gtk.h"),
                          ("backend/stage", "client/dw-session.h"), ("client", "backend/stage/dw-stage-server.h"),
                          ("wire", "libsoup/soup.h"), ("app", "backend/stage/dw-stage-server.h"),
                          ("app", "../wire/dw-frame.h")):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "src" / room
            folder.mkdir(parents=True)
            (folder / "x.c").write_text(f'#include "{include}"\n', encoding="utf-8")
            assert wrong_arrows(Path(scratch)), (room, include)


# And within the backend. A Lambda function carries neither a server nor a database.
INSIDE = {"handlers": set(), "aws": {"handlers"}, "lambda": {"aws", "handlers"}}


def test_backend_arrows():
    """Within the backend: lambda → {aws, handlers}, aws → handlers; neither knows libsoup or SQLite"""
    for room, allowed in INSIDE.items():
        for path in (ROOT / "src" / "backend" / room).glob("*.[ch]"):
            text = path.read_text(encoding="utf-8")
            for target in re.findall(r'^#include "backend/([a-z]+)/', text, re.M):
                assert target == room or target in allowed, f"{path} includes backend/{target}"
            assert not re.search(r"^#include <(libsoup|sqlite3)", text, re.M), path


def test_names():
    """Files carry dw- and one noun; no catch-alls"""
    for path in sources():
        if path.name in ("main.c", "dynamowave-stage.c", "dynamowave-cli.c", "bootstrap.c"):
            continue
        assert path.name.startswith("dw-"), path
        assert not re.search(r"util|helper|manager|misc|common", path.name), path


def test_habits():
    """No state by name, no globals, and a licence in every file"""
    for path in sources():
        text = path.read_text(encoding="utf-8")
        assert "g_object_set_data" not in text, path
        assert text.startswith("/* SPDX-License-Identifier: GPL-3.0-or-later */"), path
        for line in text.splitlines():
            if re.match(r"^static (?!const|guint signals|GParamSpec \*properties|inline)[A-Za-z_ *]+"
                        r"[a-z_]+(\[.*\])?( = .*)?;$", line) and "Funcs" not in line:
                raise AssertionError(f"{path}: a global: {line}")


def test_documented():
    """Public functions of wire, client and backend carry gtk-doc"""
    missing = []
    for room in ("wire", "client", "backend"):
        for header in (ROOT / "src" / room).rglob("*.h"):
            source = header.with_suffix(".c")
            names = re.findall(r"^[A-Za-z_].*?\b(dw_[a-z0-9_]+) \(", header.read_text(encoding="utf-8"), re.M)
            folder = "".join(path.read_text(encoding="utf-8") for path in header.parent.glob("*.c"))
            for name in names:
                if name.endswith(("_get_type", "_quark")) or not source.exists():
                    continue
                if f" * {name}:\n" not in folder and f"DEFINE_AUTOPTR_CLEANUP_FUNC ({name}" not in folder:
                    missing.append(f"{header.relative_to(ROOT)}: {name}")
    assert not missing, missing


def test_potfiles():
    """Every file with a string for people is in POTFILES, and nothing else"""
    listed = {line for line in (ROOT / "po" / "POTFILES").read_text(encoding="utf-8").splitlines()
              if line and not line.startswith("#")}
    found = set()
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".c", ".ui"):
            continue
        text = path.read_text(encoding="utf-8")
        if re.search(r'\b(_|N_|ngettext|C_) ?\(', text) or 'translatable="yes"' in text:
            found.add(str(path.relative_to(ROOT)))
    data = {f"data/{APP_ID}.desktop.in", f"data/{APP_ID}.gschema.xml", f"data/{APP_ID}.metainfo.xml.in"}
    assert listed == found | data, (listed ^ (found | data))


def check(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, f"{' '.join(map(str, command))}: {result.stdout}{result.stderr}"


def test_desktop_file():
    """The desktop file is valid"""
    check("desktop-file-validate", BUILD / "data" / f"{APP_ID}.desktop")


def test_metainfo():
    """The metainfo is valid without a network; the one remark is about the id, which GNOME writes with capitals"""
    done = subprocess.run(["appstreamcli", "validate", "--pedantic", "--no-net", "--no-color", "--explain", BUILD / "data" / f"{APP_ID}.metainfo.xml"],
                          capture_output=True, text=True, timeout=60, check=False)
    remarks = re.findall(r"^[EWIP]: .*", done.stdout, re.M)
    assert done.returncode == 0, done.stdout
    # Newer versions would rather have a developer element, which those of Debian 12 do not know.
    fine = ("cid-contains-uppercase-letter", "developer-name-tag-deprecated", "developer-info-missing")
    assert all(any(word in remark for word in fine) for remark in remarks), remarks


def test_pictures():
    """The pictures that the metainfo names are there, and as large as it says"""
    root = ElementTree.parse(ROOT / "data" / f"{APP_ID}.metainfo.xml.in").getroot()
    images = root.findall("screenshots/screenshot/image")
    assert len(images) == 5, images
    for image in images:
        path = ROOT / "data" / "screenshots" / image.text.rsplit("/", 1)[1]
        picture = GdkPixbuf.Pixbuf.new_from_file(str(path))
        assert (picture.get_width(), picture.get_height()) == (int(image.get("width")), int(image.get("height"))), path


def test_schema():
    """The settings' schema compiles strictly"""
    with tempfile.TemporaryDirectory() as folder:
        check("glib-compile-schemas", "--strict", "--dry-run", f"--targetdir={folder}", BUILD / "data")


def test_translations():
    """Each language compiles, with its formats checked"""
    for path in sorted((ROOT / "po").glob("*.po")):
        check("msgfmt", "-c", "-o", "/dev/null", path)


def test_man_pages():
    """Each program has a page that groff takes without a word, and that names each of its options"""
    for name in ("dynamowave-chat", "dynamowave-cli", "dynamowave-stage"):
        page = ROOT / "data" / "man" / f"{name}.1"
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and not done.stderr, (name, done.stderr)
        program = os.environ[{"dynamowave-chat": "DYNAMOWAVE_CHAT", "dynamowave-cli": "DYNAMOWAVE_CLI", "dynamowave-stage": "DYNAMOWAVE_STAGE"}[name]]
        listed = subprocess.run([program, "--help-all"], capture_output=True, text=True, timeout=60, check=True).stdout
        written = page.read_text(encoding="utf-8").replace("\\-", "-")
        for option in re.findall(r"^  (?:-\w, )?(--[a-z][a-z-]+)", listed, re.M):
            assert option in written or option.startswith("--help"), f"{name} {option}"


def test_one_id():
    """DT-2: one id everywhere"""
    data = ROOT / "data"
    assert f"Icon={APP_ID}" in (data / f"{APP_ID}.desktop.in").read_text(encoding="utf-8")
    assert f"Name={APP_ID}\n" in (data / f"{APP_ID}.service.in").read_text(encoding="utf-8")
    assert f"<id>{APP_ID}</id>" in (data / f"{APP_ID}.metainfo.xml.in").read_text(encoding="utf-8")
    assert f'id="{APP_ID}"' in (data / f"{APP_ID}.gschema.xml").read_text(encoding="utf-8")
    assert f"base_id = '{APP_ID}'" in (ROOT / "meson.build").read_text(encoding="utf-8")
    manifest = json.loads((ROOT / "flatpak" / f"{APP_ID}.json").read_text(encoding="utf-8"))
    assert manifest["id"] == APP_ID and manifest["command"] == "dynamowave-chat"
    development = json.loads((ROOT / "flatpak" / f"{APP_ID}.Devel.json").read_text(encoding="utf-8"))
    assert development["id"] == f"{APP_ID}.Devel" and development["finish-args"] == manifest["finish-args"]
    icons = data / "icons" / "hicolor"
    assert (icons / "scalable" / "apps" / f"{APP_ID}.svg").exists()
    assert (icons / "symbolic" / "apps" / f"{APP_ID}-symbolic.svg").exists()


def test_scripts():
    """Shell scripts parse"""
    for script in (ROOT / "dev", ROOT / "tests" / "with-display.sh", ROOT / ".ci" / "run"):
        check("sh", "-n", script)


def test_icons():
    """The icons are drawings that load, and the pictures of them are of these drawings"""
    icons = ROOT / "data" / "icons" / "hicolor"
    drawings = list(icons.glob("*/apps/*.svg"))
    assert len(drawings) == 3, drawings
    for path in drawings:
        assert ElementTree.parse(path).getroot().tag.endswith("svg"), path
    pictures = list(icons.glob("*/apps/*.png"))
    assert len(pictures) == 3, pictures
    for path in pictures:
        picture = GdkPixbuf.Pixbuf.new_from_file(str(path))
        size = int(path.parts[-3].split("x")[0])
        assert (picture.get_width(), picture.get_height()) == (size, size), path
        drawn = GdkPixbuf.Pixbuf.new_from_file_at_size(str(icons / "scalable" / "apps" / f"{APP_ID}.svg"), size, size)
        apart = sum(abs(a - b) for a, b in zip(picture.get_pixels(), drawn.get_pixels())) / len(drawn.get_pixels())
        assert apart < 3, f"{path} is another drawing by {apart}"


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house")
