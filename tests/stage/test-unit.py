#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd unit of a stage: that systemd accepts it, how exposed it is, and that the stage runs under it."""

import asyncio
import contextlib
import ctypes
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import websockets

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "window"))
import tap  # noqa: E402

PROGRAM = os.environ["DYNAMOWAVE_STAGE"]
UNIT = Path(os.environ["DYNAMOWAVE_BUILD"]) / "data" / "dynamowave-stage.service"
EXAMPLE = Path(os.environ["DYNAMOWAVE_SOURCE"]) / "data" / "dynamowave-stage.conf"
DEADLINE = 60
NOBODY = 65534
SANITIZED = "_sanitize" in PROGRAM


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False)


def values(key):
    return [line.split("=", 1)[1] for line in UNIT.read_text(encoding="utf-8").splitlines() if line.startswith(f"{key}=")]


@contextlib.contextmanager
def built():
    """The unit with the program that was built, since none is installed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / UNIT.name
        path.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={PROGRAM}", UNIT.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8")
        yield path


@contextlib.contextmanager
def running(*before, **options):
    """The stage as the unit starts it, on a free port, and not as root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = shutil.copy(PROGRAM, folder / "dynamowave-stage")
        (folder / "state" / "dynamowave-stage").mkdir(parents=True, mode=0o700)
        (folder / "credentials").mkdir(mode=0o700)
        for entry in values("LoadCredential"):
            credential = folder / "credentials" / entry.split(":")[0]
            credential.write_text("S3CR3T\n", encoding="utf-8")
            credential.chmod(0o400)
        words = shlex.split(values("ExecStart")[0])[1:]
        words = [word.replace("%S", str(folder / "state")).replace("%d", str(folder / "credentials")) for word in words]
        example = EXAMPLE.read_text(encoding="utf-8")
        assert "\nlisten = 127.0.0.1:8080\n" in example
        (folder / "stage.conf").write_text(example.replace("127.0.0.1:8080", "127.0.0.1:0"), encoding="utf-8")
        words = [word.replace("/etc/dynamowave-stage", str(folder)) for word in words]
        assert not any("%" in word for word in words), words
        if os.getuid() == 0:
            options["user"] = NOBODY
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        log = (folder / "log").open("w+b")
        process = subprocess.Popen([*before, program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                                   **options)
        try:
            url = process.stdout.readline().strip()
            yield process, url, lambda: (folder / "log").read_text(encoding="utf-8")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE)
            process.stdout.close()
            log.close()


async def talk(url):
    async with websockets.connect(f"{url}?token=S3CR3T") as client:
        await client.send(json.dumps({"action": "sendMessage", "message": "hello"}))
        assert json.loads(await asyncio.wait_for(client.recv(), DEADLINE)) == {"message": "hello"}


def test_verify():
    """systemd accepts the unit without a warning"""
    with built() as path:
        done = analyze("verify", "--man=no", "--recursive-errors=no", str(path))
        assert done.returncode == 0 and not done.stderr and not done.stdout, done


def test_exposure():
    """The unit's exposure score is below 2.0"""
    with built() as path:
        done = analyze("security", "--offline=true", "--threshold=20", str(path))
        exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        assert done.returncode == 0 and exposure and float(exposure.group(1)) < 2, done


def test_options():
    """The stage accepts the options of the unit and its example configuration, warns of nothing, serves, and reloads"""
    with running() as (process, url, log):
        assert url.startswith("ws://127.0.0.1:"), log()
        asyncio.run(talk(url))
        assert metrics(url).startswith("# HELP dynamowave_"), log()
        reload(process, log)
        asyncio.run(talk(url))
        lines = [json.loads(line) for line in log().splitlines()]
        assert not [line for line in lines if line["level"] in ("warning", "critical", "error")], lines
    assert process.returncode == 0, process.returncode


def metrics(url):
    request = urllib.request.Request(f"http://{url.split('/')[2]}/@metrics", headers={"Authorization": "Bearer S3CR3T"})
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        return answer.read().decode()


def reload(process, log):
    """What ExecReload= of the unit does."""
    command = shlex.split(values("ExecReload")[0].replace("$MAINPID", str(process.pid)))
    subprocess.run(command, check=True, timeout=DEADLINE)
    until_reloaded(log)


def until_reloaded(log):
    end = time.monotonic() + DEADLINE
    while "Reloaded" not in log():
        assert time.monotonic() < end, log()
        time.sleep(0.02)


def expand(name):
    """The system calls in a filter set."""
    found = set()
    for line in analyze("syscall-filter", name).stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            found |= expand(word) if word.startswith("@") else {word}
    return found


def allowed():
    calls = set()
    for value in values("SystemCallFilter"):
        for word in value.removeprefix("~").split():
            these = expand(word) if word.startswith("@") else {word}
            assert these, word
            calls = calls - these if value.startswith("~") else calls | these
    return calls


def test_calls():
    """The stage makes no system call that the unit forbids"""
    if SANITIZED:
        # A sanitizer makes system calls of its own.
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        trace = Path(folder) / "trace"
        with running("strace", "-f", "-qq", "-o", trace) as (process, url, log):
            assert url, log()
            asyncio.run(talk(url))
            child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()[0])
            assert metrics(url)
            os.kill(child, signal.SIGHUP)
            until_reloaded(log)
            os.kill(child, signal.SIGTERM)
            process.wait(DEADLINE)
        made = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", trace.read_text(encoding="utf-8", errors="replace"), re.M))
        assert {"openat", "socket", "accept"} <= made, made
        assert made <= allowed(), sorted(made - allowed())


def test_memory_is_not_run():
    """The stage runs where writable memory cannot be executable, with TLS too"""
    libc = ctypes.CDLL(None, use_errno=True)

    def deny():
        # PR_SET_MDWE (Linux 6.3); older kernels have only the unit's own filter.
        libc.prctl(65, 1, 0, 0, 0)

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout",
                        f"{folder}/key", "-out", f"{folder}/certificate"], check=True, capture_output=True, timeout=DEADLINE)
        process = subprocess.Popen([PROGRAM, "--tls-certificate", f"{folder}/certificate", "--tls-key", f"{folder}/key"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=None if SANITIZED else deny)
        url = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=DEADLINE)
        assert url.startswith("wss://") and process.returncode == 0, errors


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/stage/unit")
