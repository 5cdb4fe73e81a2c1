#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says of which window the pictures in a folder are: taken.py ROOT FOLDER, called when they are taken.

The file “taken” beside them holds a checksum of the window's sources and of each picture. A comparison with new pictures
would depend on the hour, the fonts and the toolkit of the machine; this depends on nothing but the tree."""

import hashlib
import sys
from pathlib import Path


def checksum(paths, root):
    """One checksum of files and their names."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def window(root):
    """What the window in the pictures is made of, and what it shows there."""
    sources = [path for path in (root / "src" / "app").rglob("*") if path.suffix in (".c", ".h", ".ui", ".css")]
    return checksum(sources + [root / "tests" / "window" / "pictures.py"], root)


def taken(root, folder):
    """What the file has to hold for the pictures in a folder to be today's."""
    lines = [f"{window(root)}  the window"]
    lines += [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in sorted(folder.glob("*.png"))]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    (Path(sys.argv[2]) / "taken").write_text(taken(Path(sys.argv[1]), Path(sys.argv[2])), encoding="utf-8")
