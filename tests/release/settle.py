#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the folder of a release the time and the mode that its files have, so that two tarballs of a commit are the same.
meson dist calls it."""

import os
from pathlib import Path

root = Path(os.environ["MESON_DIST_ROOT"])
newest = int((root / "meson.build").stat().st_mtime)
root.chmod(0o755)
os.utime(root, (newest, newest))
