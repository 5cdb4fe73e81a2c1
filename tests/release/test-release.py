#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick checks of ./dev release --check, on this tree and on copies of it that each have one fault."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "window"))
import check  # noqa: E402
import coverage  # noqa: E402
import notes  # noqa: E402
import taken  # noqa: E402
import tap  # noqa: E402

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", HERE.parents[1]))


def copy(folder):
    """What the quick checks read, with one language and pictures that are of this window."""
    tree = Path(folder) / "tree"
    for name in ("data", "po", "src", "tests/window", "tests/release"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("NEWS.md", "meson.build"):
        shutil.copy(ROOT / name, tree / name)
    (tree / "po" / "LINGUAS").write_text("de\n", encoding="utf-8")
    shots = tree / "data" / "screenshots"
    (shots / "taken").write_text(taken.taken(tree, shots), encoding="utf-8")
    return tree


def said(name, tree):
    """The words of a check that fails, or nothing."""
    try:
        check.CHECKS[name](tree)
    except check.Wrong as error:
        return str(error)
    return ""


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_this_tree():
    """Versions and notes of this tree agree at any time, and between two releases news are under “Unreleased”"""
    assert said("versions", ROOT) in ("", check.STILL_UNRELEASED), said("versions", ROOT)
    assert not said("notes", ROOT), said("notes", ROOT)


def test_faults_are_seen():
    """Each quick check fails on a tree with one fault, and says which"""
    metainfo, shots = notes.METAINFO, "data/screenshots"
    version = check.version_of(ROOT)

    def bump(tree):
        replace(tree / "meson.build", f"version: '{version}'", "version: '9.9.9'")

    def unreleased(tree):
        replace(tree / "NEWS.md", f"## {version}", f"## Unreleased\n\n- Something\n\n## {version}")

    def long(tree):
        replace(tree / "NEWS.md", "\n- ", "\n- " + "more " * 250)
        subprocess.run([sys.executable, HERE / "notes.py", tree], check=True, timeout=60)

    faults = (
        ("versions", "meson.build says 9.9.9", bump),
        ("versions", "under “Unreleased”", unreleased),
        ("versions", "is no heading", lambda tree: replace(tree / "NEWS.md", f"## {version}, ", f"## {version} of ")),
        ("versions", "the metainfo", lambda tree: replace(tree / metainfo, f'<release version="{version}"', '<release version="9.9.9"')),
        ("versions", "which is not of", lambda tree: replace(tree / metainfo, f"/v{version}/", "/v9.9.9/")),
        ("versions", "dynamowave-stage.1 begins", lambda tree: replace(tree / "data/man/dynamowave-stage.1", version, "9.9.9")),
        ("notes", "./dev release --notes", lambda tree: replace(tree / "NEWS.md", "\n- ", "\n- Also ")),
        ("notes", "too many", long),
        ("translations", "1 untranslated", lambda tree: replace(tree / "src/app/dw-window.c", "/* SPDX", '#define DW_NEW _ ("A string of today")\n/* SPDX')),
        ("translations", "de:", lambda tree: replace(tree / "po/de.po", '\nmsgstr "', '\nmsgstr "%d ')),
        ("pictures", "the window is another", lambda tree: replace(tree / "src/app/dw-window.ui", "<interface>", "<interface> ")),
        ("pictures", "welcome.png", lambda tree: (tree / shots / "welcome.png").write_bytes(b"another")),
        ("pictures", "not there", lambda tree: (tree / shots / "stage.png").unlink()),
        ("pictures", "the window is another", lambda tree: (tree / shots / "taken").unlink()),
    )
    with tempfile.TemporaryDirectory() as folder:
        tree = copy(folder)
        for name in ("versions", "notes", "translations", "pictures"):
            assert not said(name, tree), (name, said(name, tree))
        kept = {path: path.read_bytes() for path in (*tree.glob("data/**/*"), *tree.glob("*"), *tree.glob("po/*"), *tree.glob("src/app/*")) if path.is_file()}
        for number, (name, words, fault) in enumerate(faults):
            fault(tree)
            assert words in said(name, tree), (number, name, words, said(name, tree))
            for path, content in kept.items():
                path.write_bytes(content)


def test_status():
    """The command prints a line a check, and its exit status says whether all is well"""
    command = [sys.executable, HERE / "check.py", ROOT]
    done = subprocess.run([*command, "versions", "notes"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0 and re.fullmatch(r"good   versions: .*\ngood   notes: .*\n", done.stdout), done
    done = subprocess.run([*command, "flatpack"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and "no check is called flatpack" in done.stderr, done
    with tempfile.TemporaryDirectory() as folder:
        tree = copy(folder)
        replace(tree / "meson.build", f"version: '{check.version_of(ROOT)}'", "version: '9.9.9'")
        done = subprocess.run([sys.executable, HERE / "check.py", tree, "versions", "notes"], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1 and done.stdout.startswith("wrong  versions: ") and "\ngood   notes: " in done.stdout, done
        (tree / notes.METAINFO).write_text("<component>", encoding="utf-8")
        done = subprocess.run([sys.executable, HERE / "check.py", tree, "versions", "notes"], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1 and not done.stderr and len(re.findall("^wrong  ", done.stdout, re.M)) == 2, done


def test_settle():
    """The folder of a tarball has the time and the mode of its files, whoever unpacked it and when"""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "meson.build").touch()
        os.utime(Path(folder) / "meson.build", (1234567890, 1234567890))
        Path(folder).chmod(0o700)
        subprocess.run([sys.executable, HERE / "settle.py"], check=True, timeout=60, env={**os.environ, "MESON_DIST_ROOT": folder})
        assert (Path(folder).stat().st_mtime_ns, Path(folder).stat().st_mode & 0o777) == (1234567890 * 10**9, 0o755), Path(folder).stat()


def test_no_tarball():
    """The Flatpak is not built of an older tarball, or of none"""
    with tempfile.TemporaryDirectory() as folder:
        tree = copy(folder)
        (tree / "_release").mkdir()
        (tree / "_release" / "dynamowave-chat-0.0.1.tar.xz").touch()
        assert "there is no tarball" in said("flatpak", tree)


def test_notes():
    """Notes lose Markdown's marks, keep their order, and end at a heading of their own"""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "NEWS.md").write_text("# News\n\nAbout this file.\n\n## Unreleased\n\n- Z\n\n## 1.2.3, 4 May 2027\n\nOne & `two`\nlines.\n\n- A **bold**\n  [link](x.md)\n- B\n\n"
                                              "### Details\n\n- C\n\n## 1.2.2, 3 May 2027\n\n- D\n", encoding="utf-8")
        assert notes.releases(Path(folder)) == [("1.2.3", "2027-05-04", [("p", "One & two lines."), ("li", "A bold link"), ("li", "B")]),
                                                ("1.2.2", "2027-05-03", [("li", "D")])]
        markup = notes.markup(Path(folder))
        assert "<p>One &amp; two lines.</p>" in markup and markup.count("<ul>") == markup.count("</ul>") == 2, markup


def test_coverage_table():
    """The table of ./dev coverage adds the files of a folder, and lists those that are little run"""
    files = [("src/wire/a.c", 100, 90), ("src/wire/b.c", 100, 50), ("src/client/store/c.c", 10, 10), ("src/main.c", 5, 5)]
    assert coverage.table(files) == [("client/store", 1, 10, 10), ("main", 1, 5, 5), ("wire", 2, 200, 140), ("all", 4, 215, 155)], coverage.table(files)
    assert coverage.share(200, 140) == 70 and coverage.share(0, 0) == 100


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/release")
