#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every .ui file passes GTK's own validator."""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402

ROOT = Path(os.environ["DYNAMOWAVE_SOURCE"])
TYPES = Path(os.environ["G_TEST_BUILDDIR"]) / "libdw-ui-types.so"


def without_handlers(path):
    """Removes the handlers, which the tool cannot find without the class; the window tests cover them."""
    copy = Path(os.environ["G_TEST_BUILDDIR"]) / f"checked-{path.name}"
    copy.write_text(re.sub(r"<signal [^>]*/>", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    return copy


def validate(path):
    environment = {**os.environ, "LD_PRELOAD": str(TYPES), "G_DEBUG": ""}
    return subprocess.run(["gtk4-builder-tool", "validate", str(path)], env=environment, capture_output=True, text=True,
                          timeout=60, check=False)


def test_every_file():
    """gtk4-builder-tool validate, with our types loaded, reports nothing for any file"""
    files = sorted((ROOT / "src" / "app").rglob("*.ui"))
    assert len(files) >= 19, files
    for path in files:
        done = validate(without_handlers(path))
        assert done.returncode == 0 and not done.stderr, (path.name, done.returncode, done.stdout, done.stderr)


def test_it_can_fail():
    """A file with an unknown property is refused, so the check above can fail"""
    bad = Path(os.environ["G_TEST_BUILDDIR"]) / "bad.ui"
    bad.write_text('<interface><object class="GtkBox"><property name="no-such-property">1</property></object></interface>', encoding="utf-8")
    assert validate(bad).returncode != 0


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/ui")
