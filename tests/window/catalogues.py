# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether each language has every string of the sources."""

import subprocess
import tempfile
from pathlib import Path

KEYWORDS = ["--keyword=_", "--keyword=N_", "--keyword=C_:1c,2", "--keyword=ngettext:1,2"]


def languages(root):
    return [line.strip() for line in (root / "po" / "LINGUAS").read_text(encoding="utf-8").splitlines()
            if line.strip() and not line.startswith("#")]


def remarks(root):
    """What msgfmt counts in each language, beside strings of now: “640 translated messages.” and nothing else if it is whole."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "all.pot"
        subprocess.run(["xgettext", "--from-code=UTF-8", *KEYWORDS, "--add-comments", "-f", "po/POTFILES", "-o", str(template)],
                       cwd=root, check=True, capture_output=True, timeout=60)
        for language in languages(root):
            merged = Path(folder) / f"{language}.po"
            subprocess.run(["msgmerge", "--quiet", "-o", str(merged), f"po/{language}.po", str(template)], cwd=root, check=True, timeout=60)
            told = subprocess.run(["msgfmt", "-c", "--statistics", "-o", "/dev/null", str(merged)],
                                  capture_output=True, text=True, check=False, timeout=60)
            found[language] = told.stderr.strip() + ("" if told.returncode == 0 else f" (exit status {told.returncode})")
    return found
