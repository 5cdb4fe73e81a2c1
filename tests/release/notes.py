#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release notes: NEWS.md is what they are written in, and the metainfo holds a copy for software centers.

notes.py ROOT writes that copy anew. Of a release it takes the paragraphs and the list at the top; what follows under a
heading of its own (###) is only in NEWS.md."""

import datetime
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape

METAINFO = "data/io.github.dynamowave.Chat.metainfo.xml.in"
# What is above the newest release between two releases.
UNRELEASED = "## Unreleased"
HEADING = re.compile(r"^## (\d+\.\d+\.\d+), (\d{1,2} \w+ \d{4})$")


def plain(text):
    """The words of a paragraph, without Markdown's marks."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", " ".join(text.split()))
    return text.replace("**", "").replace("`", "")


def releases(root):
    """Each release of NEWS.md: version, date, and its notes as a list of (tag, text)."""
    found, notes = [], None
    for block in re.split(r"\n(?=- |## |### )|\n{2,}", (root / "NEWS.md").read_text(encoding="utf-8")):
        block = block.strip("\n")
        if block == UNRELEASED:
            notes = None
        elif block.startswith("## "):
            heading = HEADING.match(block)
            if not heading:
                raise ValueError(f"NEWS.md: “{block}” is no heading of a release, such as “## 1.2.3, 4 May 2027”")
            notes = []
            date = datetime.datetime.strptime(heading.group(2), "%d %B %Y").date().isoformat()
            found.append((heading.group(1), date, notes))
        elif block.startswith("### "):
            notes = None
        elif notes is not None and block:
            notes.append(("li", plain(block[2:])) if block.startswith("- ") else ("p", plain(block)))
    return found


def markup(root):
    """The releases as the metainfo has them."""
    lines = []
    for version, date, notes in releases(root):
        lines += [f'    <release version="{version}" date="{date}">', "      <description>"]
        inside = False
        for tag, text in notes:
            if (tag == "li") != inside:
                lines.append("        <ul>" if tag == "li" else "        </ul>")
                inside = tag == "li"
            lines.append(f"        {'  ' * inside}<{tag}>{escape(text)}</{tag}>")
        lines += ["        </ul>"] * inside + ["      </description>", "    </release>"]
    return "".join(f"{line}\n" for line in lines)


def split(root):
    """The metainfo before, in and after its releases."""
    before, releases_, after = re.fullmatch(r"(.*  <releases>\n)(.*?)(  </releases>\n.*)", (root / METAINFO).read_text(encoding="utf-8"), re.S).groups()
    return before, releases_, after


if __name__ == "__main__":
    ROOT = Path(sys.argv[1])
    BEFORE, _, AFTER = split(ROOT)
    (ROOT / METAINFO).write_text(BEFORE + markup(ROOT) + AFTER, encoding="utf-8")
