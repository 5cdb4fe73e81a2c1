#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this tree can be released: check.py ROOT [NAME…].

Each check prints a line with what it saw. The quick ones look at the tree; “tarball” builds, tests and installs what
would be published, in _release, and “flatpak” builds and runs that."""

import filecmp
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "window"))
import catalogues  # noqa: E402
import notes  # noqa: E402
import taken  # noqa: E402

PROGRAMS = ("dynamowave-chat", "dynamowave-cli", "dynamowave-stage")
TARBALLS = "_release"
STILL_UNRELEASED = "NEWS.md has news under “Unreleased”; they need a version and a date"


class Wrong(Exception):
    """Something is off; the text says what."""


def want(truth, text):
    if not truth:
        raise Wrong(text)


def version_of(root):
    return re.search(r"^  version: '([^']+)'", (root / "meson.build").read_text(encoding="utf-8"), re.M).group(1)


def released(root):
    try:
        return notes.releases(root)
    except ValueError as error:
        raise Wrong(str(error)) from error


def check_versions(root):
    """One version in meson.build, at the top of NEWS.md, in the metainfo and its links, and in each man page"""
    version = version_of(root)
    want(f"\n{notes.UNRELEASED}\n" not in (root / "NEWS.md").read_text(encoding="utf-8"), STILL_UNRELEASED)
    newest, date, _ = released(root)[0]
    want(newest == version, f"meson.build says {version}, NEWS.md {newest}")
    component = ElementTree.parse(root / notes.METAINFO).getroot()
    release = component.find("releases/release")
    want((release.get("version"), release.get("date")) == (version, date),
         f"NEWS.md says {version} of {date}, the metainfo {release.get('version')} of {release.get('date')}")
    links = [image.text for image in component.findall("screenshots/screenshot/image")]
    for link in links:
        want(f"/v{version}/" in link, f"the metainfo shows {link}, which is not of {version}")
    for name in PROGRAMS:
        title = (root / "data" / "man" / f"{name}.1").read_text(encoding="utf-8").splitlines()[0]
        want(f'{date} "DynamoWave Chat {version}"' in title, f"{name}.1 begins with “{title}”")
    return f"{version} of {date} in meson.build, NEWS.md, the metainfo, {len(links)} links to pictures and {len(PROGRAMS)} man pages"


def check_notes(root):
    """The release notes in the metainfo are those of NEWS.md"""
    newest = released(root)[0][2]
    want(notes.split(root)[1] == notes.markup(root), "the metainfo's notes are not those of NEWS.md; ./dev release --notes writes them")
    want(any(tag == "li" for tag, _ in newest), "the newest release in NEWS.md has no list of what is new")
    words = sum(len(text.split()) for _, text in newest)
    want(words <= 250, f"{words} words are too many for a software center; details go under a heading of their own (###)")
    return f"{len(notes.releases(root))} releases; the newest has {len(newest)} notes of {words} words"


def check_translations(root):
    """Every language has every string"""
    remarks = catalogues.remarks(root)
    for language, remark in remarks.items():
        want(re.fullmatch(r"\d+ translated messages\.", remark), f"{language}: {remark}")
    return f"{len(remarks)} languages, each with {re.match(r'[0-9]+', next(iter(remarks.values()))).group()} strings"


def check_pictures(root):
    """The pictures are of today's window"""
    folder = root / "data" / "screenshots"
    shown = [image.text.rsplit("/", 1)[1] for image in ElementTree.parse(root / notes.METAINFO).getroot().findall("screenshots/screenshot/image")]
    for name in shown:
        want((folder / name).exists(), f"the metainfo shows {name}, which is not there")
    recorded = (folder / "taken").read_text(encoding="utf-8").splitlines() if (folder / "taken").exists() else []
    for line in taken.taken(root, folder).splitlines():
        name = line.split("  ", 1)[1]
        want(line in recorded, f"{name} is another than when the pictures were taken; ./dev screenshots --newest takes them again")
    return f"{len(list(folder.glob('*.png')))} pictures of this window, {len(shown)} of them in the metainfo"


def run(log, command, **more):
    """Runs a command whose output goes to a log, and whose failure is this check's."""
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        output.flush()
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, **more)
    want(done.returncode == 0, f"{' '.join(map(str, command))} failed, see {log}")


def dist(root, log, name, umask):
    """What meson dist makes of the newest commit, in a clone of its own."""
    clone = root / TARBALLS / name
    run(log, ["git", "clone", "--quiet", "--no-hardlinks", root, clone], umask=umask)
    run(log, ["meson", "setup", clone / "_build", clone], umask=umask)
    run(log, ["meson", "dist", "-C", clone / "_build", "--no-tests"], umask=umask)
    return clone / "_build" / "meson-dist" / f"dynamowave-chat-{version_of(root)}.tar.xz"


def tarball_of(root):
    return root / TARBALLS / f"dynamowave-chat-{version_of(root)}.tar.xz"


def check_tarball(root):
    """The same tarball twice, which builds, passes its tests and installs"""
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=root, check=True, capture_output=True, text=True, timeout=60).stdout
    want(not changed, f"these are not committed: {' '.join(changed.split()[1::2])}")
    subprocess.run(["rm", "-rf", root / TARBALLS], check=True, timeout=300)
    (root / TARBALLS).mkdir()
    log = root / TARBALLS / "log"

    first = dist(root, log, "one", 0o022)
    time.sleep(1.1)  # so that the second has other times
    second = dist(root, log, "two", 0o077)
    want(filecmp.cmp(first, second, shallow=False), f"two tarballs differ: {first} {second}")
    tarball = tarball_of(root)
    first.rename(tarball)
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    tarball.with_name(f"{tarball.name}.sha256").write_text(f"{digest}  {tarball.name}\n", encoding="ascii")

    with tarfile.open(tarball) as archive:
        names = [entry.name for entry in archive if entry.isfile()]
        archive.extractall(root / TARBALLS)
    tree = root / TARBALLS / f"dynamowave-chat-{version_of(root)}"
    build = tree / "_build"
    run(log, ["meson", "setup", "--prefix=/usr", build, tree])
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BUILD")}
    run(log, ["./dev", "test"], cwd=tree, env=environment)
    counted = subprocess.run(["/usr/bin/python3", tree / "tests" / "summary.py", build], capture_output=True, text=True, check=False, timeout=60)
    want(counted.returncode == 0, counted.stdout)
    run(log, ["meson", "install", "-C", build, "--no-rebuild", "--destdir", root / TARBALLS / "installed"])
    for name in PROGRAMS:
        told = subprocess.run([root / TARBALLS / "installed/usr/bin" / name, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
        want(told.strip() == f"{name} {version_of(root)}", f"the installed {name} says “{told.strip()}”")
    return f"{tarball.name}, {len(names)} files, sha256 {digest[:16]}…, twice the same; {counted.stdout.splitlines()[-1]}; installed, and each program says {version_of(root)}"


def check_flatpak(root):
    """The Flatpak, built from the tarball, runs in its sandbox"""
    tarball = tarball_of(root)
    want(tarball.exists(), "there is no tarball; the check “tarball” makes it")
    log = root / TARBALLS / "flatpak.log"
    log.unlink(missing_ok=True)
    run(log, ["./dev", "flatpak", "--local", "--archive", tarball], cwd=root)
    said = re.findall(r"^app: (.* runs in its sandbox .*)$", log.read_text(encoding="utf-8", errors="replace"), re.M)
    version = re.findall(r"^app: it says (.*)$", log.read_text(encoding="utf-8", errors="replace"), re.M)
    want(said and version == [f"dynamowave-chat {version_of(root)}"], f"it says {version}, see {log}")
    return f"{version[0]} from {tarball.name}: {said[-1]}"


CHECKS = {name[6:]: function for name, function in list(globals().items()) if name.startswith("check_")}


def main(root, *names):
    for name in names:
        if name not in CHECKS:
            sys.exit(f"release: no check is called {name}: {', '.join(CHECKS)}")
    status = 0
    for name in names or CHECKS:
        try:
            print(f"good   {name}: {CHECKS[name](root)}", flush=True)
        except Wrong as error:
            status = 1
            print(f"wrong  {name}: {error}", flush=True)
        except Exception as error:  # a file that cannot be read as what it is
            status = 1
            print(f"wrong  {name}: {type(error).__name__}: {error}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), *sys.argv[2:]))
