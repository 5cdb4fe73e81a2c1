#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inspects the built programs: that the hardening is really in them, not only in the build file."""

import functools
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402

BUILD = Path(os.environ["DYNAMOWAVE_BUILD"])


@functools.cache
def introspect(what):
    done = subprocess.run(["meson", "introspect", f"--{what}", BUILD], check=True, capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)


def option(name):
    return next(entry["value"] for entry in introspect("buildoptions") if entry["name"] == name)


def programs():
    found = [Path(target["filename"][0]) for target in introspect("targets")
             if target["type"] == "executable" and target["installed"] and Path(target["filename"][0]).exists()]
    assert len(found) >= 3, found
    return found


def objects():
    """The object files of our own sources, without those from glib-compile-resources."""
    found = sorted((BUILD / "src").rglob("*.c.o"))
    assert found
    return found


def read(path, *what):
    paths = path if isinstance(path, list) else [path]
    return subprocess.run(["readelf", "-W", *what, *paths], check=True, capture_output=True, text=True, timeout=60).stdout


def is_optimized():
    return option("optimization") not in ("0", "plain") and option("b_sanitize") == "none"


def test_addresses():
    """Each program is position-independent, and no segment is both writable and executable"""
    for program in programs():
        head = read(program, "-h", "-l", "-d")
        assert re.search(r"Type:\s+DYN", head) and re.search(r"FLAGS_1.*\bPIE\b", head), program
        assert "TEXTREL" not in head, program
        stack = re.search(r"GNU_STACK.*", head)
        assert stack and "E" not in stack.group().split()[-2], (program, stack)
        for segment in re.findall(r"^\s+LOAD.*", head, re.M):
            assert not ("W" in segment.split("0x")[-2] and "E" in segment.split("0x")[-2]), (program, segment)


def test_relro():
    """Relocations are resolved at the start and read-only afterwards (full RELRO)"""
    for program in programs():
        head = read(program, "-l", "-d")
        assert "GNU_RELRO" in head, program
        assert re.search(r"\(FLAGS\).*BIND_NOW|\(BIND_NOW\)", head) and re.search(r"FLAGS_1.*\bNOW\b", head), program


def test_stack():
    """A stack overflow is detected"""
    for program in programs():
        assert "__stack_chk_fail" in read(program, "--symbols"), program


def test_fortify():
    """Calls of the C library are checked where sizes are known"""
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    ours = [entry["command"] for entry in commands if "/src/" in entry["file"] or entry["file"].startswith("../src/")]
    assert ours
    for command in ours:
        assert "-fstack-protector-strong" in command and "-fstack-clash-protection" in command, command
        assert bool(re.search(r"-D_FORTIFY_SOURCE=[23]\b", command)) == is_optimized(), command
    if not is_optimized():
        return
    checked = 0
    for program in programs():
        called = set(re.findall(r"UND (\w+)", read(program, "--dyn-syms")))
        # These have checked variants that are called whether or not the compiler knows the size.
        assert not called & {"printf", "fprintf", "vprintf", "vfprintf", "sprintf", "snprintf", "vsprintf", "vsnprintf"}, (program, called)
        checked += any(re.fullmatch(r"__\w+_chk", name) for name in called - {"__stack_chk_fail"})
    assert checked >= 2, checked


def test_jumps():
    """Where the processor can check jumps and returns, our code is built for it"""
    wanted = {"x86_64": ("IBT", "SHSTK"), "aarch64": ("BTI", "PAC")}.get(platform.machine())
    if wanted is None:
        # Other processors do not have it, and there the compiler does not know the flags.
        commands = (BUILD / "compile_commands.json").read_text(encoding="utf-8")
        assert "-fcf-protection" not in commands and "-mbranch-protection" not in commands, platform.machine()
        return
    listed = read(objects(), "-n").split("\nFile: ")[1:]
    assert len(listed) == len(objects())
    for notes in listed:
        assert all(word in notes for word in wanted), notes
    # The linker keeps the mark only if the C library's start file has it too, and Debian's does not.
    start = subprocess.run([os.environ.get("CC", "cc").split()[-1], "-print-file-name=Scrt1.o"], check=True, capture_output=True, text=True,
                           timeout=60).stdout.strip()
    if wanted[0] in read(start, "-n"):
        for program in programs():
            assert wanted[0] in read(program, "-n"), program


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/hardening")
