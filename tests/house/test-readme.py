#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command in README.md is run: here as it stands there, or by what its row in ELSEWHERE names."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "window"))
import tap  # noqa: E402

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", HERE.parents[1]))
BUILD = os.path.relpath(os.environ.get("DYNAMOWAVE_BUILD", ROOT / "_build"), ROOT)
DEADLINE = 120

# What takes minutes, or a network. Each is a line of .ci/run, a step of a workflow, or words in the file that runs it.
ELSEWHERE = {
    "./dev test": (".ci/run", "./dev test ||"),
    # The same manifest as with --local, on a runtime that is not ours to test.
    "./dev flatpak": (".github/workflows/tests.yml", "run: ./dev flatpak --local"),
    "./dev flatpak --local": (".github/workflows/tests.yml", "run: ./dev flatpak --local"),
    "meson setup _install --prefix=/usr/local": ("tests/release/check.py", '"meson", "setup", "--prefix=/usr"'),
    "meson install -C _install": ("tests/house/test-install.py", '"meson", "install", "-C"'),
    "./dev aws deploy --dry-run": ("tests/aws/test-deploy.py", '"--dry-run"'),
    "./dev aws deploy": ("tests/aws/test-deploy.py", 'run("deploy"'),
    "./dev aws remove": ("tests/aws/test-deploy.py", 'run("remove"'),
    "./dev aws local": ("tests/interop/test-interop.py", '"./dev", "aws", "local"'),
}


def commands():
    """The commands in README.md, without their remarks."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [re.sub(r" +# .*", "", line).strip() for line in re.findall(r"^    (\S.*)$", text, re.M)]


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name not in ("G_DEBUG", "MALLOC_PERTURB_")}
    return {**kept, "BUILD": BUILD, **more}


def here(command, url="", **more):
    """How a command is run here: in this build, and on an address whose port is free."""
    command = command.replace("_build/", f"{BUILD}/").replace("ws://127.0.0.1:8080/prod", url)
    return ["sh", "-c", command], {"cwd": ROOT, "env": environment(**more)}


def run(command, url="", **more):
    words, options = here(command, url, **more)
    return subprocess.run(words, **options, capture_output=True, text=True, timeout=DEADLINE, check=False)


def chosen(start):
    """The commands that begin so; there is at least one, or the README says less than this test shows."""
    found = [command for command in commands() if command.startswith(start)]
    assert found, f"README.md has no {start}"
    return found


@contextlib.contextmanager
def stage():
    """The stage that the README starts, on a free port, and its log, which can be read while it runs."""
    command, = chosen("_build/src/backend/dynamowave-stage")
    with tempfile.TemporaryFile() as log:
        words, options = here(f"exec {command.replace(':8080', ':0')}")
        process = subprocess.Popen(words, **options, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("ws://127.0.0.1:"), os.pread(log.fileno(), 10000, 0)
            yield url, lambda: os.pread(log.fileno(), 1 << 20, 0).decode()
        finally:
            process.terminate()
            process.wait(DEADLINE)


def test_every_command():
    """Each command is run by a case below, or by the file that its row names"""
    cases = (HERE / "test-readme.py").read_text(encoding="utf-8")
    for command in commands():
        if command in ELSEWHERE:
            path, words = ELSEWHERE[command]
            assert words in (ROOT / path).read_text(encoding="utf-8"), f"{command}: {path} does not have {words}"
        else:
            starts = re.findall(r'chosen\("([^"]+)"\)', cases)
            assert any(command.startswith(start) for start in starts), f"nothing runs {command}"
    assert set(ELSEWHERE) <= set(commands()), set(ELSEWHERE) - set(commands())


def test_conversation():
    """Without a display ./dev run plays a conversation and prints where its picture is"""
    command = next(command for command in chosen("./dev run") if "--" not in command)
    done = run(command, DISPLAY="", WAYLAND_DISPLAY="")
    picture = re.search(r"^A picture of it: (.*)$", done.stdout, re.M)
    assert done.returncode == 0 and picture, (done.stdout[-2000:], done.stderr[-2000:])
    assert Path(picture.group(1)).read_bytes().startswith(b"\x89PNG"), picture
    assert time.time() - Path(picture.group(1)).stat().st_mtime < DEADLINE


def test_two_people():
    """The local stage has two people on it once both have been started as the README says"""
    for command in chosen("./dev build"):
        assert run(command).returncode == 0
    people = chosen("./dev run --profile")
    assert len(people) == 2, people
    with stage() as (url, log):
        running = []
        try:
            for command in people:
                words, options = here(f"exec {command}", url)
                running.append(subprocess.Popen(words, **options, start_new_session=True))
            end = time.monotonic() + DEADLINE
            while "connected, 2 in all" not in log():
                assert time.monotonic() < end, log()[-2000:]
                assert all(process.poll() is None for process in running), "a window ended"
                time.sleep(0.1)
        finally:
            for process in running:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(DEADLINE)


def test_command_line():
    """What the README does with dynamowave-cli succeeds, what it sends is broadcast, and the report is a page"""
    with stage() as (url, _), tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "load.html"
        for command in chosen("_build/src/cli/") + chosen("seq 100 | _build/src/cli/"):
            done = run(command.replace("load.html", str(report)), url)
            assert done.returncode == 0 and (" send " not in command or "delivered" in done.stdout), (command, done.stdout[-1000:], done.stderr[-1000:])
        assert "<html" in report.read_text(encoding="utf-8").lower()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/readme")
