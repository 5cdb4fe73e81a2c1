#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the tree itself: the includes between folders, naming, habits, strings and data files."""

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

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402
from calls import arguments_at  # noqa: E402
from diagram import Diagram  # noqa: E402

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("DYNAMOWAVE_BUILD", ROOT / "_build"))
APP_ID = "io.github.dynamowave.Chat"

# What each folder must never include from outside.
FORBIDDEN = {"wire": r"libsoup|gtk/|adwaita|sqlite|libsecret", "net": r"libsoup|gtk/|gdk/|adwaita|sqlite|libsecret", "client": r"gtk/|gdk/|adwaita",
             "backend": r"gtk/|gdk/|adwaita|sqlite_gui", "app": r"libsoup|sqlite|libsecret"}


def sources(root=ROOT):
    return sorted(path for path in (root / "src").rglob("*") if path.suffix in (".c", ".h"))


def includes(root):
    """Each of our own includes: the file and the header, both relative to src."""
    for path in sources(root):
        text = path.read_text(encoding="utf-8")
        for include in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
            beside = path.parent / include
            included = beside.relative_to(root / "src") if beside.exists() else Path(include)
            yield str(path.relative_to(root / "src")), str(included)


def wrong_arrows(root, drawing):
    wrong = [f"{path} climbs to {included}" for path, included in includes(root) if included.startswith("..")]
    for path, included in includes(root):
        one, other = drawing.place(path), drawing.place(included)
        if one is None:
            wrong.append(f"{path} is in no place of the diagram")
        elif other is not None and one != other and drawing.arrow(path, included) is None:
            wrong.append(f"{path} includes {included}")
    for path in sources(root):
        wing = path.relative_to(root / "src").parts[0]
        for include in re.findall(r'^\s*#\s*include\s*["<]([^">]+)[">]', path.read_text(encoding="utf-8"), re.M):
            if wing in FORBIDDEN and re.match(FORBIDDEN[wing], include):
                wrong.append(f"{path.relative_to(root)} includes {include}")
    return wrong


def unused_arrows(root, drawing):
    used = {drawing.arrow(path, included) for path, included in includes(root)
            if drawing.place(path) != drawing.place(included)}
    return [arrow for arrow in drawing.arrows if arrow not in used]


def drawing_of(root):
    return Diagram((root / "docs" / "design.md").read_text(encoding="utf-8"))


def test_arrows():
    """Includes follow the arrows that docs/design.md draws, and no others"""
    assert not wrong_arrows(ROOT, drawing_of(ROOT)), wrong_arrows(ROOT, drawing_of(ROOT))


def test_arrows_are_used():
    """Each arrow that docs/design.md draws is one that some file takes"""
    assert not unused_arrows(ROOT, drawing_of(ROOT)), unused_arrows(ROOT, drawing_of(ROOT))


def test_arrows_are_seen():
    """A forbidden include is detected, and so is an arrow that no include uses"""
    for room, include in (("wire", "client/connection/dw-session.h"), ("client/connection", "client/store/dw-store.h"),
                          ("client/store", "client/stages/dw-stage.h"), ("client", "app/dw-window.h"),
                          ("client", "gtk/gtk.h"), ("backend/gateway", "client/connection/dw-session.h"),
                          ("client", "backend/gateway/dw-server.h"), ("wire", "libsoup/soup.h"),
                          ("app/chat", "app/stages/dw-stage-row.h"), ("app", "../wire/dw-frame.h"), ("attic", "wire/dw-frame.h")):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "src" / room
            folder.mkdir(parents=True)
            (folder / "dw-x.c").write_text(f'#include "{include}"\n', encoding="utf-8")
            assert wrong_arrows(Path(scratch), drawing_of(ROOT)), (room, include)
            assert unused_arrows(Path(scratch), drawing_of(ROOT))


def test_function_is_light():
    """A Lambda function carries neither a server nor a database"""
    for room in ("handlers", "aws", "lambda"):
        for path in (ROOT / "src" / "backend" / room).glob("*.[ch]"):
            assert not re.search(r"^#include <(libsoup|sqlite3)", path.read_text(encoding="utf-8"), re.M), path


def test_names():
    """Files are called dw- and one noun, and none is a catch-all"""
    for path in sources():
        if path.name in ("main.c", "dynamowave-stage.c", "dynamowave-cli.c", "bootstrap.c"):
            continue
        assert path.name.startswith("dw-"), path
        assert not re.search(r"util|helper|manager|misc|common", path.name), path


def test_habits():
    """No state by string keys, no globals, and a license in every file"""
    for path in sources():
        text = path.read_text(encoding="utf-8")
        assert "g_object_set_data" not in text, path
        assert text.startswith("/* SPDX-License-Identifier: GPL-3.0-or-later */"), path
        for line in text.splitlines():
            # Readline calls functions without data of theirs.
            if line == "static DwLineEditor *the_editor;":
                continue
            if re.match(r"^static (?!const|guint signals|GParamSpec \*properties|inline)[A-Za-z_ *]+"
                        r"[a-z_]+(\[.*\])?( = .*)?;$", line) and "Funcs" not in line:
                raise AssertionError(f"{path}: a global: {line}")


def test_error_domains():
    """The formatter has not turned the dashes in an error domain's name into minus signs"""
    for path in sources():
        for name in re.findall(r"G_DEFINE_QUARK \(([^,]*),", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[a-z-]+", name), f"{path}: {name}: the macro needs a semicolon after it"


def test_secrets_are_compared():
    """Secrets are compared in constant time"""
    for path in sources():
        for call in re.findall(r"\b(?:g_)?(?:strcmp0?|str_equal|strn?cmp|memcmp|ascii_strn?casecmp) \([^;]*?\)", path.read_text(encoding="utf-8")):
            assert not re.search(r"(token|secret|signature|password|key_id)\b(?!\")", call), f"{path}: {call}"


# Functions that show text on the screen, in a notification or to a screen reader. All arguments but objects are texts.
SINKS = (r"gtk_label_(?:new|set_\w+)|gtk_label_new_with_mnemonic|gtk_(?:menu_|check_|toggle_)?button_(?:set_label|new_with_\w+)"
         r"|adw_\w+_set_(?:title|subtitle|description|heading|body|text)|adw_toast_new|adw_window_title_new"
         r"|adw_(?:message|alert)_dialog_(?:new|format_\w+|set_\w+)|dw_question_add|adw_shortcuts_\w+_new|gtk_widget_set_tooltip_\w+|gtk_window_set_title"
         r"|g_notification_(?:new|set_title|set_body|add_button\w*)|gtk_accessible_(?:announce|update_(?!state\b)\w+)|g_menu_(?:item_new|append|insert|prepend)")

# Those among them whose arguments cannot be a peer's text.
HARMLESS = re.compile(r"set_(?:xalign|yalign|wrap|wrap_mode|natural_wrap_mode|lines|ellipsize|width_chars|max_width_chars|selectable"
                      r"|use_markup|use_underline|justify|attributes|extra_menu|mnemonic_widget|single_line_mode|default_response"
                      r"|close_response|response_appearance|response_enabled|extra_child|icon_name)$")

# These go through dw-label themselves. Before adding a file here, read it.
DOORS = {"dw-label.c", "dw-toolkit.c", "dw-speech.c"}
OWN_DOORS = {("dw-notifier.c", "g_notification_new"), ("dw-notifier.c", "g_notification_set_body"),
             # A sentence of the program's own, passed from one function to another.
             ("dw-background.c", "g_notification_set_body"),
             # A heading of the program's own, and a body that dw-label cut.
             ("dw-question.c", "adw_message_dialog_new"), ("dw-question.c", "adw_alert_dialog_new"),
             ("dw-question.c", "dw_question_add"), ("dw-dialog.c", "adw_dialog_set_title"),
             # Titles of the program's own, translated late.
             ("dw-shortcut-list.c", "adw_shortcuts_item_new"), ("dw-shortcut-list.c", "adw_shortcuts_section_new"),
             # The same text as on the label beside it.
             ("dw-message-row.c", "adw_avatar_set_text")}

# Properties that are shown, by name.
SHOWN = re.compile(r'"(?:label|title|subtitle|heading|body|tooltip-text|tooltip-markup|description)"')


def is_own(argument):
    """Whether an argument is a string of the program's own, translated or not, or a choice between such strings."""
    plain = re.sub(r'"(?:\\.|[^"\\])*"', "S", argument)
    plain = re.sub(r"S(?:\s+S)+", "S", plain)
    plain = re.sub(r"\b(?:N?_|C_) \((?:S, )?S\)", "S", plain)
    while plain.endswith((" : S", " : NULL")) and " ? " in plain:
        head = plain.rsplit(" ? ", 1)
        if head[1] not in ("S : S", "S : NULL", "NULL : S"):
            return False
        # In front of it is a condition, or another choice.
        plain = head[0].rsplit(" : ", 1)[0] + " : S" if " : " in head[0] else "S"
    return plain in ("S", "NULL")


def wrong_labels(root):
    wrong = []
    for path in sources(root):
        if path.relative_to(root / "src").parts[0] != "app" or path.suffix != ".c" or path.name in DOORS:
            continue
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        for call in re.finditer(rf"\b({SINKS}) \(", text):
            name = call.group(1)
            if HARMLESS.search(name) or (path.name, name) in OWN_DOORS:
                continue
            given = arguments_at(text, call.end() - 1)
            texts = given if re.search(r"label_new|toast_new|notification_new|item_new|section_new|title_new", name) else given[1:]
            wrong += [f"{path.name}: {name} ({argument})" for argument in texts if not is_own(argument)]
        for call in re.finditer(r"\b(g_object_(?:set|bind_property\w*|new)|g_settings_bind\w*) \(", text):
            if SHOWN.search(" ".join(arguments_at(text, call.end() - 1))):
                wrong.append(f"{path.name}: {call.group(1)} of what is shown")
    return wrong


def test_labels():
    """No peer's text reaches a label, title, tooltip, toast or notification except through dw-label"""
    assert not wrong_labels(ROOT), "\n".join(wrong_labels(ROOT))
    for path in (ROOT / "src").rglob("*.ui"):
        text = path.read_text(encoding="utf-8")
        assert "<binding" not in text and "bind-source" not in text, f"{path}: a property that follows another is not read here"


def test_labels_are_seen():
    """A text that bypasses dw-label is detected"""
    for line in ("gtk_label_set_text (label, name);", "gtk_label_set_text (label, safe != NULL ? safe : _ (\"x\"));",
                 "gtk_label_new (text);", "adw_action_row_set_subtitle (row, markup);", "adw_toast_new (title);",
                 "gtk_widget_set_tooltip_text (GTK_WIDGET (self->button),\n    dw_safe_text (x, 1, 1, NULL));",
                 "g_notification_set_body (notification, dup_body (message));", "gtk_window_set_title (window, g_strdup (x));",
                 "gtk_accessible_announce (GTK_ACCESSIBLE (w), words, 1);", "adw_message_dialog_format_body (d, _ (\"%s\"), name);",
                 "adw_alert_dialog_new (_ (\"a\"), body);", "dw_question_add (question, \"id\", label);",
                 'g_object_set (label, "label", name, NULL);', 'gtk_button_set_label (b, a ? _ ("x") : b);'):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "src" / "app"
            folder.mkdir(parents=True)
            (folder / "dw-x.c").write_text(f"void f (void) {{ {line} }}\n", encoding="utf-8")
            assert wrong_labels(Path(scratch)), line
    for own in ('_ ("a")', 'C_ ("a", "b (c), d")', 'x == Y ? _ ("a") : _ ("b")', "NULL", '"a" "b"', 'a (b) ? "x" : c ? _ ("y") : NULL'):
        assert is_own(own), own


def test_documented():
    """Public functions of wire, net, client and backend carry gtk-doc"""
    missing = []
    for room in ("wire", "net", "client", "backend"):
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
    """POTFILES lists exactly the files with translatable strings"""
    listed = {line for line in (ROOT / "po" / "POTFILES").read_text(encoding="utf-8").splitlines()
              if line and not line.startswith("#")}
    found = set()
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".c", ".h", ".ui"):
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
    """The metainfo is valid, without network access; the only remark is about capitals in the id, which GNOME uses too"""
    done = subprocess.run(["appstreamcli", "validate", "--pedantic", "--no-net", "--no-color", "--explain", BUILD / "data" / f"{APP_ID}.metainfo.xml"],
                          capture_output=True, text=True, timeout=60, check=False)
    remarks = re.findall(r"^[EWIP]: .*", done.stdout, re.M)
    assert done.returncode == 0, done.stdout
    # Newer versions prefer a developer element, which the version in Debian 12 does not know.
    fine = ("cid-contains-uppercase-letter", "developer-name-tag-deprecated", "developer-info-missing")
    assert all(any(word in remark for word in fine) for remark in remarks), remarks


def test_pictures():
    """The screenshots in the metainfo exist, and have the size it states"""
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
    """Each program has a man page that groff accepts silently, and that documents each of its options"""
    for name in ("dynamowave-chat", "dynamowave-cli", "dynamowave-stage"):
        page = ROOT / "data" / "man" / f"{name}.1"
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and not done.stderr, (name, done.stderr)
        program = os.environ[{"dynamowave-chat": "DYNAMOWAVE_CHAT", "dynamowave-cli": "DYNAMOWAVE_CLI", "dynamowave-stage": "DYNAMOWAVE_STAGE"}[name]]
        listed = subprocess.run([program, "--help-all"], capture_output=True, text=True, timeout=60, check=True).stdout
        for command in re.findall(r"^  ([a-z]+) [A-Z]", listed, re.M):
            assert f".B {command}\n" in page.read_text(encoding="utf-8"), f"{name} {command}"
            listed += subprocess.run([program, command, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
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
    for script in (ROOT / "dev", ROOT / ".ci" / "run", *ROOT.glob("tests/*.sh"), *ROOT.glob("tests/newest/*.sh"), *ROOT.glob("flatpak/local/*.sh")):
        check("sh", "-n", script)


def test_icons():
    """The icons can be loaded, and the pictures of them show these drawings"""
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


ICON = re.compile(r'"([a-z0-9]+(?:-[a-z0-9]+)*-symbolic)"|>([a-z0-9]+(?:-[a-z0-9]+)*-symbolic)<')


def test_icon_names():
    """Every icon has a name that the theme of the oldest system has, and that of the newest"""
    # In the newest tree, from whose adwaita-icon-theme 51 the list is, this is the newest theme itself.
    installed = {path.stem for path in Path("/usr/share/icons/Adwaita").rglob("*-symbolic.svg")}
    newest = set((ROOT / "tests" / "newest" / "icons.txt").read_text(encoding="utf-8").split())
    used = {(name or other, path.name) for path in (ROOT / "src").rglob("*") if path.suffix in (".c", ".ui")
            for name, other in ICON.findall(path.read_text(encoding="utf-8"))}
    assert len(used) > 15, used
    for theme in (installed, newest):
        assert not {use for use in used if use[0] not in theme}, sorted(use for use in used if use[0] not in theme)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/house")
