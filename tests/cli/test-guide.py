#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands in docs/testing-a-stage.md run, and print what it says, but for numbers and times."""

import os
import pty
import re
import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "window")]
import tap  # noqa: E402

GUIDE = HERE.parents[1] / "docs" / "testing-a-stage.md"
# Shorter than a reader runs it.
SHORTER = {"--duration 5": "--duration 1", "--duration 2": "--duration 1", "--timeout 3": "--timeout 1"}


def steps():
    """Each command of the blocks marked as a console, and what it prints."""
    for block in re.findall(r"^```console\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def plain(text):
    """Without what differs from run to run."""
    text = re.sub(r"\d[\d.,]*", "N", text.replace("\r", ""))
    return "\n".join(re.sub(r"\s+", " ", line).strip() for line in text.strip().splitlines())


def run(command, folder, environment):
    """What a command prints on a terminal; progress goes elsewhere. A question is answered as the guide does."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        if "wss:" not in command and "record" not in command:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.execve("/bin/sh", ["sh", "-c", command], environment)
    output = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
        if part.endswith(b"[y/N] "):
            os.write(terminal, b"n\n")
    os.close(terminal)
    os.waitpid(pid, 0)
    return output.decode()


def free_ports(text):
    """The ports that a text names, and free ones for them."""
    ports = {}
    for port in sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", text))):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports[port] = str(free.getsockname()[1])
    return ports


def test_commands():
    """Each command of the guide to testing a stage prints what the guide says"""
    folders = os.pathsep.join(str(Path(os.environ[name]).parent) for name in ("DYNAMOWAVE_CLI", "DYNAMOWAVE_STAGE"))
    environment = {**os.environ, "PATH": folders + os.pathsep + os.environ["PATH"], "TERM": "dumb", "COLUMNS": "200"}
    ports = free_ports(GUIDE.read_text(encoding="utf-8"))
    servers = []
    shown = 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            for command, wanted in steps():
                for before, after in [*SHORTER.items(), *((f"127.0.0.1:{port}", f"127.0.0.1:{free}") for port, free in ports.items())]:
                    command = command.replace(before, after)
                if command.endswith("&"):
                    servers.append(subprocess.Popen(command[:-1].split(), cwd=folder, env=environment, stdout=subprocess.PIPE,
                                                    stderr=subprocess.DEVNULL, text=True))
                    output = servers[-1].stdout.readline()
                else:
                    output = run(command, folder, environment)
                assert plain(output) == plain(wanted), f"{command}\n{output}\ninstead of\n{wanted}"
                shown += 1
            assert "<svg" in Path(f"{folder}/report.html").read_text(encoding="utf-8")
        finally:
            for server in servers:
                server.kill()
                server.wait(10)
                server.stdout.close()
    assert shown > 6, shown


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/client/guide")
