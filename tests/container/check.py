#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check.py CACHE: goes through data/Containerfile without a container runtime, and tries what comes out of it.

Each stage is a tree that mmdebstrap makes of Debian 12’s packages, each RUN a command in it, each COPY a copy of what git knows. Then the
image’s own entry point runs as its user, alone on a network, and has to pass its health check, let a client in, reload and stop. Needs
root; everything but the base in CACHE is removed at the end.
"""

import base64
import ctypes
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BASE = "docker.io/library/debian:bookworm-slim"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = os.environ.get("MIRROR", "http://deb.debian.org/debian")
DEADLINE = 30
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
CLONE_NEWNS, CLONE_NEWNET, MS_REC, MS_PRIVATE, MS_BIND = 0x20000, 0x40000000, 0x4000, 1 << 18, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


def say(words):
    print(f"container: {words}", file=sys.stderr, flush=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind, flags=0):
    call("mount", os.fsencode(source), os.fsencode(target), os.fsencode(kind), flags, None)


def instructions():
    """What the file says, each as a word and the rest, with the lines that belong together joined."""
    text = "\n".join(line for line in (SOURCE / "data/Containerfile").read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            word, rest = line.strip().split(None, 1)
            yield word, rest.strip()


def make_base(cache):
    tar = cache / "bookworm.tar"
    if not tar.exists():
        say(f"making Debian 12 in {tar}")
        cache.mkdir(parents=True, exist_ok=True)
        new = tar.with_suffix(".new.tar")
        subprocess.run(["nice", "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--keyring={KEYRING}", "--aptopt=Acquire::Languages \"none\"",
                        "bookworm", new, f"deb {MIRROR} bookworm main"], check=True)
        new.rename(tar)
    return tar


class Tree:
    """The file system of one stage of the build, and how things run in it."""

    def __init__(self, path, base):
        self.path, self.user, self.folder = path, None, "/"
        path.mkdir()
        subprocess.run(["tar", "-C", path, "-xf", base, "--exclude=./dev/*"], check=True)

    def enter(self):
        """In the child: changes into the tree, which has /proc and /dev then, and becomes its user."""
        call("unshare", CLONE_NEWNS)
        mount("none", "/", "none", MS_REC | MS_PRIVATE)
        mount("proc", self.path / "proc", "proc")
        mount("/dev", self.path / "dev", "none", MS_BIND | MS_REC)
        os.chroot(self.path)
        os.chdir(self.folder)
        if self.user:
            user, group = map(int, self.user.split(":"))
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)

    def run(self, arguments, **more):
        return subprocess.run(arguments, check=True, env=ENVIRONMENT, stdin=subprocess.DEVNULL, preexec_fn=self.enter, **more)

    def start(self, arguments, **more):
        return subprocess.Popen(arguments, env=ENVIRONMENT, stdin=subprocess.DEVNULL, preexec_fn=self.enter, **more)

    def inside(self, path):
        return self.path / str(path).lstrip("/")


def copy(rest, tree, trees, context):
    words = shlex.split(rest)
    start = trees[words.pop(0).split("=")[1]].path if words[0].startswith("--from=") else context
    *sources, target = words
    for name in sources:
        source = start / name.lstrip("/")
        # As a container builder has it: what is in a folder, not the folder.
        if source.is_dir():
            shutil.copytree(source, tree.inside(target), symlinks=True, dirs_exist_ok=True)
        else:
            place = tree.inside(target)
            if target.endswith("/"):
                place.mkdir(parents=True, exist_ok=True)
                place = place / source.name
            shutil.copy2(source, place)


def build(work, base, context):
    """Goes through the file. Returns the last tree, and what it is to be run with."""
    trees, settings, tree = {}, {}, None
    for word, rest in instructions():
        say(f"{word} {rest[:100]}")
        if word == "FROM":
            image, *name = rest.split()
            assert image == BASE, image
            tree = Tree(work / f"tree{len(trees)}", base)
            shutil.copy("/etc/resolv.conf", tree.inside("/etc/resolv.conf"))
            trees[name[1] if name else ""] = tree
        elif word == "RUN":
            tree.run(["/bin/sh", "-c", rest], stdout=subprocess.DEVNULL)
        elif word == "COPY":
            copy(rest, tree, trees, context)
        elif word == "USER":
            tree.user = rest
        elif word == "WORKDIR":
            tree.inside(rest).mkdir(parents=True, exist_ok=True)
            tree.folder = rest
        elif word in ("ENTRYPOINT", "VOLUME", "EXPOSE", "HEALTHCHECK"):
            settings[word] = rest
        else:
            raise AssertionError(f"{word} is new to this check")
    return tree, settings


def be_alone():
    """A network of its own, with a loopback that is up, so that the port is free."""
    call("unshare", CLONE_NEWNET)
    with socket.socket() as probe:
        fcntl.ioctl(probe, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running


def until(what, check):
    end = time.monotonic() + DEADLINE
    while not check():
        assert time.monotonic() < end, f"waited {DEADLINE} s for {what}"
        time.sleep(0.05)


def handshake(port, query):
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
        client.sendall(f"GET /prod{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n\r\n".encode())
        return int(client.recv(4096).split()[1])


def try_out(tree, settings):
    """What somebody does with the image."""
    entry, port, volume = json.loads(settings["ENTRYPOINT"]), int(settings["EXPOSE"]), settings["VOLUME"]
    health = json.loads(settings["HEALTHCHECK"].split("CMD", 1)[1])
    assert tree.user and not tree.user.startswith("0"), tree.user

    # Without a token it does not let everybody in, but stops.
    refused = tree.start(entry, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, errors = refused.communicate(timeout=DEADLINE)
    assert refused.returncode == 2 and "token" in errors and not output, (refused.returncode, errors)

    token = tree.inside("/etc/dynamowave-stage/token")
    token.write_text("T0KEN-of-a-team\n", encoding="utf-8")
    token.chmod(0o440)
    os.chown(token, 0, int(tree.user.split(":")[1]))
    with tempfile.TemporaryFile() as log:
        process = tree.start(entry, stdout=subprocess.PIPE, stderr=log, text=True)

        def told():
            return os.pread(log.fileno(), 1 << 20, 0).decode()

        def is_healthy():
            assert process.poll() is None, told()
            return tree.start(health, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait(DEADLINE) == 0

        try:
            assert process.stdout.readline().strip() == f"ws://0.0.0.0:{port}/prod", told()
            until("the health check", is_healthy)
            assert [handshake(port, query) for query in ("", "?token=x", "?token=T0KEN-of-a-team")] == [401, 403, 101]
            process.send_signal(signal.SIGHUP)
            until("a reload", lambda: "Reloaded" in told())
            # What tells a running stage from one that hangs.
            process.send_signal(signal.SIGSTOP)
            hung = tree.start(["timeout", "2", *health], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert hung.wait(DEADLINE) != 0
            process.send_signal(signal.SIGCONT)
            assert is_healthy()
            process.terminate()
            assert process.wait(DEADLINE) == 0, told()
            levels = {json.loads(line)["level"] for line in told().splitlines()}
            assert levels <= {"message", "info"}, told()
        finally:
            process.kill()
            process.wait(DEADLINE)
            process.stdout.close()
    kept = tree.inside(volume) / "stage.sqlite"
    assert kept.stat().st_uid == int(tree.user.split(":")[0]) and kept.stat().st_mode & 0o077 == 0, kept.stat()
    # No build tools in what is shipped.
    assert not any(tree.inside(f"/usr/bin/{name}").exists() for name in ("gcc", "meson", "ninja"))
    size = int(subprocess.run(["du", "-sxm", tree.path], check=True, capture_output=True, text=True).stdout.split()[0])
    say(f"the image works; it has {size} MB")


def main():
    assert os.getuid() == 0, "this needs root: it unpacks packages as root and changes into them"
    base = make_base(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory(prefix="dynamowave-container-", dir="/var/tmp") as folder:
        context = Path(folder, "context")
        context.mkdir()
        # What git knows, as it is here: no results of other builds.
        files = subprocess.run(["git", "-c", f"safe.directory={SOURCE}", "ls-files", "-z", "meson.build", "meson_options.txt", "src", "data", "po"], cwd=SOURCE, check=True, capture_output=True).stdout
        subprocess.run(["xargs", "-0", "cp", "--parents", "-t", context], cwd=SOURCE, input=files, check=True)
        tree, settings = build(Path(folder), base, context)
        be_alone()
        try_out(tree, settings)


main()
