#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows for GitHub and GitLab run what is there, and the same."""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", Path(__file__).resolve().parents[2]))
GITHUB, GITLAB = ".github/workflows/tests.yml", ".gitlab-ci.yml"


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def steps_of(text):
    """The commands of a workflow: what follows “run:”, and the items below “script:”."""
    steps = re.findall(r"^ *(?:- )?run: +(\S.*)$", text, re.M)
    for items in re.findall(r"^ *script:\n((?: +- .*\n?)+)", text, re.M):
        steps += re.findall(r"^ +- (.*)$", items, re.M)
    return steps


def wrong_steps(text):
    """Steps that are neither .ci/run nor a command of ./dev, whose options are known too."""
    commands = set(re.findall(r"^  ([a-z]+)(?: \||\))", text_of("dev"), re.M))
    wrong = []
    for step in steps_of(text):
        words = step.split()
        known = words == [".ci/run"] or (words[0] == "./dev" and words[1] in commands
                                         and all(word in text_of("dev") for word in words[2:]))
        if not known:
            wrong.append(step)
    return wrong


def jobs_of(text):
    """Each image with the compilers that are used in it, as far as a job names them."""
    found = set()
    for one, some, other, more in re.findall(r'image: "([^"]+)", compiler: (\w+)|IMAGE: "([^"]+)"\n +COMPILER: (.*)', text):
        found |= {(one or other, compiler) for compiler in re.findall(r"\w+", some or more)}
    return found


def test_steps():
    """Each step of a workflow, and each line of .ci/run, is a command that is there"""
    for name in (GITHUB, GITLAB):
        assert len(steps_of(text_of(name))) == 3, (name, steps_of(text_of(name)))
        assert not wrong_steps(text_of(name)), (name, wrong_steps(text_of(name)))
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    lines = re.findall(r"^(\./dev .*?) \|\| status=1$", text_of(".ci/run"), re.M)
    assert len(lines) >= 5 and not wrong_steps("".join(f"run: {line}\n" for line in lines if not line.endswith(" 5"))), lines


def test_wrong_steps_are_seen():
    """A command or an option that does not exist is found in either kind of file"""
    assert wrong_steps("      - run: ./dev tset\n      - run: .ci/run\n") == ["./dev tset"]
    assert wrong_steps("job:\n  script:\n    - ./dev flatpak --remote\n    - ./dev build\n    - make\n") == ["./dev flatpak --remote", "make"]


def test_same_jobs():
    """Both run the same commands beside the same systems and compilers: Debian 12 and a later one, Fedora, gcc and clang"""
    assert sorted(steps_of(text_of(GITHUB))) == sorted(steps_of(text_of(GITLAB)))
    jobs = jobs_of(text_of(GITHUB))
    assert jobs == jobs_of(text_of(GITLAB)), (jobs, jobs_of(text_of(GITLAB)))
    assert {image.split(":")[0] for image, _ in jobs} == {"debian", "fedora"} and len(jobs) >= 4, jobs
    assert {compiler for _, compiler in jobs} == {"gcc", "clang"}, jobs
    assert all("./dev flatpak --local" in steps_of(text_of(name)) for name in (GITHUB, GITLAB))


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/workflows")
