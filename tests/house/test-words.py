#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads: capitals as GNOME has them, American spelling, and a typographer's quotes and dots."""

import os
import re
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402
from calls import arguments_at  # noqa: E402

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", Path(__file__).resolve().parents[2]))

LITERALS = r'"(?:\\.|[^"\\])*"(?:\s*"(?:\\.|[^"\\])*")*'
TRANSLATED = re.compile(rf"\b(?:N?_|C_|NC_|ngettext) \((\s*(?:{LITERALS}[,\s]*)+)")

# Words that are written small inside a title, and the forms of a word that are names of things.
SMALL = set("a an and as at but by for from in nor of on or per the to via vs with".split())

# Calls whose arguments, by number, are the words of a button, a row's title or a dialog's heading.
TITLES = {"gtk_button_set_label": (1,), "adw_toast_set_button_label": (1,), "adw_preferences_row_set_title": (1,),
          "dw_question_new": (0, 3), "dw_question_add": (2,), "dw_banner_show": (2, 4), "dw_button_row_new": (0,), "add_switch": (2,),
          "g_menu_item_new": (0,), "g_menu_append": (1,), "g_menu_prepend": (1,), "g_menu_insert": (2,)}

BRITISH = re.compile(r"\b(?:colour|behaviour|favour|honour|neighbour|flavour|labell|cancell(?!ation)|travell|catalogue|centre|licence|grey|artefact"
                     r"|judgement|programme\b|whilst|analys(?:e|ing)\b|for ever\b)", re.I)
ISE = re.compile(r"\b(?:author|recogn|organ|normal|initial|serial|synchron|optim|minim|maxim|custom|capital|summar|util|final|real|categor"
                 r"|priorit|memor|apolog|emphas|standard|token)is(?:e|es|ed|er|ing|ation)\b", re.I)


def joined(literals):
    """The text of C string literals beside each other."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found.group(1), found.group(1)), "".join(re.findall(r'"((?:\\.|[^"\\])*)"', literals)))


def code(path):
    return re.sub(r"/\*.*?\*/", lambda found: "\n" * found.group().count("\n"), path.read_text(encoding="utf-8"), flags=re.S)


def strings_of(text):
    """Each translated string of a piece of C."""
    for call in TRANSLATED.finditer(text):
        literals = [joined(part) for part in re.findall(LITERALS, call.group(1))]
        # The first of a pair is the context, but two forms of a plural are both read.
        yield from literals[1:] if call.group().startswith(("C_", "NC_")) else literals


def is_title(element, parents):
    """Whether the text of an element in a .ui file is a title, a button's words or an item that is chosen from."""
    name, owner = element.get("name"), parents.get(element)
    above = []
    while owner is not None:
        if owner.tag in ("object", "template"):
            above.append(owner.get("class"))
        owner = parents.get(owner)
    if element.tag == "item":
        return True
    if element.tag == "attribute":
        return name == "label"
    if parents[element].tag == "accessibility":
        return False
    return name == "title" or (name == "label" and any(kind.endswith("Button") for kind in above[:3]))


def read(root):
    """Each string that is translated: the file, the text, and whether it is a title."""
    for path in sorted((root / "src").rglob("*.ui")):
        tree = ElementTree.parse(path).getroot()
        parents = {child: parent for parent in tree.iter() for child in parent}
        for element in tree.iter():
            if element.get("translatable") == "yes":
                yield path, element.text, is_title(element, parents)
    for path in sorted((root / "src").rglob("*.c")):
        text = code(path)
        for string in strings_of(text):
            yield path, string, False
        for call in re.finditer(rf"\b({'|'.join(TITLES)}) \(", text):
            given = arguments_at(text, call.end() - 1)
            for number in TITLES[call.group(1)]:
                if number < len(given):
                    yield from ((path, string, True) for string in strings_of(given[number]))
        if path.name == "dw-shortcuts.c":
            yield from ((path, string, True) for string in strings_of(text))
    for path in sorted((root / "data").glob("*.in")) + sorted((root / "data").glob("*.gschema.xml")):
        if path.suffix == ".xml" or ".xml." in path.name:
            yield from ((path, text.strip(), False) for text in ElementTree.parse(path).getroot().itertext() if text.strip())
        else:
            yield from ((path, text, False) for text in re.findall(r"^(?:Name|GenericName|Comment)=(.*)$", path.read_text(encoding="utf-8"), re.M))


def wrong_title(text):
    """The words that a title has small, without what stands in parentheses, and without code."""
    words = re.sub(r"\([^)]*\)|%\S+|\S+:(?= [a-z]).*", "", text).replace("_", "").split()
    words = [word for word in words if re.match(r"[A-Za-z]", word)]
    return [word for number, word in enumerate(words) if word[0].islower() and (word.lower() not in SMALL or number in (0, len(words) - 1))]


def british(text):
    return [found.group() for pattern in (BRITISH, ISE) for found in pattern.finditer(text)]


def typewriter(text):
    """Straight quotes and three dots, but for those of JSON, commands and close codes."""
    return re.findall(r"\w'\w|s' |\.\.\.", text) + (re.findall(r'"', text) if "{" not in text else [])


def faults(root):
    for path, text, title in read(root):
        if title and wrong_title(text):
            yield f"{path.name}: “{text}” has small letters: {wrong_title(text)}"
        if british(text):
            yield f"{path.name}: “{text}” is not American: {british(text)}"
        if typewriter(text):
            yield f"{path.name}: “{text}” has typewriter's marks: {typewriter(text)}"


def test_strings():
    """Titles and buttons have capitals, and no string is spelled as in Britain or typed as on a typewriter"""
    seen = list(read(ROOT))
    assert len(seen) > 500 and sum(title for _, _, title in seen) > 100, len(seen)
    assert not list(faults(ROOT)), "\n".join(faults(ROOT))


def test_documents():
    """The documents and man pages are spelled as in America"""
    found = []
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/aws/*.md"), *ROOT.glob("data/man/*.1")):
        text = re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {word}" for word in british(text)]
    assert not found, found


def test_faults_are_seen():
    """Each kind of fault is found in a .ui file or a source that has it"""
    button = '<object class="GtkButton"><property name="label" translatable="yes">{}</property></object>'
    row = '<object class="AdwActionRow"><property name="title" translatable="yes">{}</property></object>'
    for ui, bad in ((button.format("Try again"), True), (button.format("Try Again"), False), (button.format("Turn It on"), True), (row.format("Keep history"), True),
                    (row.format("Keep History for a Year"), False), (row.format("Display _Name (optional)"), False),
                    ('<menu><item><attribute name="label" translatable="yes">_Copy link</attribute></item></menu>', True),
                    ('<object class="GtkButton"><child><object class="GtkLabel"><property name="label" translatable="yes">Copy link</property></object></child></object>', True),
                    ('<object class="GtkStringList"><items><item translatable="yes">For a year</item></items></object>', True),
                    ('<object class="GtkLabel"><property name="label" translatable="yes">A sentence, as it is spoken.</property></object>', False),
                    ('<object class="GtkLabel"><property name="label" translatable="yes">The stage\'s name</property></object>', True)):
        with tempfile.TemporaryDirectory() as scratch:
            (Path(scratch) / "src").mkdir()
            (Path(scratch) / "src" / "x.ui").write_text(f"<interface>{ui}</interface>", encoding="utf-8")
            assert bool(list(faults(Path(scratch)))) == bad, ui
    for line, bad in (('gtk_button_set_label (b, a ? _ ("Edit") : _ ("Show more"));', True), ('gtk_button_set_label (b, C_ ("button", "Connect"));', False),
                      ('dw_question_add (q, "x", _ ("_Keep running"));', True), ('g_menu_append (m, _ ("Copy _link"), "a.b");', True), ('f (_ ("The colour of it"));', True), ('f (_ ("It was "\n"cancelled."));', True),
                      ('f (_ ("Not authorised."));', True), ('f (_ ("This is a promise, and otherwise precise."));', False), ('f (_ ("Wait..."));', True),
                      ('f (ngettext ("%u stage", "%u stage\'s", n));', True), ('f (_ ("The \\"name\\" of it"));', True), ('f (_ ("{\\"a\\":1}"));', False)):
        with tempfile.TemporaryDirectory() as scratch:
            (Path(scratch) / "src").mkdir()
            (Path(scratch) / "src" / "dw-x.c").write_text(f"void g (void) {{ {line} }}\n", encoding="utf-8")
            assert bool(list(faults(Path(scratch)))) == bad, line


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/words")
