#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs a built function into the zip that Lambda takes: the program, its libraries without glibc, and the certificates
of AWS alone. Proves what could go wrong there and not here; see ./dev aws package."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

# provided.al2023 has glibc 2.34.
GLIBC = (2, 34)
CONTAINER = "docker run --rm -v \"$PWD\":/src -w /src debian:12 sh -c 'rm -rf _aws && ./dev aws package'"
MOST_BYTES = 12 * 1024 * 1024
# Of glibc: the image has them, and a program and its loader have to be of one build.
SYSTEM = re.compile(r"^(ld-linux.*|lib(c|m|dl|pthread|rt|resolv|util|nsl|anl))\.so\.\d+$")
CERTIFICATES = ["Amazon_Root_CA_1", "Amazon_Root_CA_2", "Amazon_Root_CA_3", "Amazon_Root_CA_4",
                "Starfield_Services_Root_Certificate_Authority_-_G2"]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


class Target:
    """A kind of processor: where its libraries are, and what runs its programs here."""

    def __init__(self, sysroot, emulator, tools):
        self.sysroot, self.emulator, self.tools = Path(sysroot), emulator, tools
        triplets = [path for path in (self.sysroot / "usr/lib").glob("*-linux-gnu") if (path / "libglib-2.0.so.0").exists()]
        self.folders = [folder for path in triplets for folder in (path, self.sysroot / "lib" / path.name)]

    def needed(self, path):
        return re.findall(r"\(NEEDED\).*\[(.*)\]", run(self.tools + "readelf", "-d", path))

    def find(self, name):
        for folder in self.folders:
            if (folder / name).exists():
                return folder / name
        raise SystemExit(f"package: {name} is nowhere in {self.sysroot}")

    def loader(self):
        for pattern in ("lib/*-linux-gnu/ld-linux*.so.*", "lib64/ld-linux*.so.*", "lib/ld-linux*.so.*", "usr/lib/*-linux-gnu/ld-linux*.so.*"):
            for path in sorted(self.sysroot.glob(pattern)):
                if path.exists():
                    return path
        raise SystemExit(f"package: no loader in {self.sysroot}")


def collect(target, program, folder):
    """The program and every library it needs, but glibc's, stripped."""
    strip = target.tools + "strip"
    run(strip, "-o", folder / "bootstrap", program)
    (folder / "lib").mkdir()
    waiting, seen = target.needed(program), set()
    while waiting:
        name = waiting.pop()
        if name in seen or SYSTEM.match(name):
            continue
        seen.add(name)
        path = target.find(name)
        run(strip, "--strip-unneeded", "-o", folder / "lib" / name, path.resolve())
        waiting += target.needed(path)
    certificates = Path("/usr/share/ca-certificates/mozilla")
    (folder / "ca.pem").write_text("".join((certificates / f"{name}.crt").read_text(encoding="ascii") for name in CERTIFICATES),
                                   encoding="ascii")


def prove_glibc(target, folder):
    for path in [folder / "bootstrap", *(folder / "lib").iterdir()]:
        wanted = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", run(target.tools + "readelf", "-V", path))
        newest = max((tuple(map(int, version)) for version in wanted), default=(0, 0))
        if newest > GLIBC:
            raise SystemExit(f"package: {path.name} needs glibc {newest[0]}.{newest[1]}, and Lambda has {GLIBC[0]}.{GLIBC[1]}: this system is too new. "
                             f"Build in Debian 12, with docker or podman:\n    {CONTAINER}")


def prove_path(target, folder):
    dynamic = run(target.tools + "readelf", "-d", folder / "bootstrap")
    if "(RPATH)" not in dynamic or "[$ORIGIN/lib]" not in dynamic or "(RUNPATH)" in dynamic:
        raise SystemExit("package: the program has no DT_RPATH of $ORIGIN/lib, and would take the image's libraries")


class Api(BaseHTTPRequestHandler):
    """One event, and where its answer goes."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if not self.path.endswith("/next"):
            self.send_response(200)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
        self.send_header("Lambda-Runtime-Deadline-Ms", "99999999999999")
        self.end_headers()
        self.wfile.write(b'{"warmer":true}')

    def do_POST(self):
        self.server.answer = (self.path, self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(500)
        self.end_headers()


def prove_it_runs(target, folder):
    """With glibc and what is in the zip, nothing else: it answers an event. Without a root of its own to live in, the
    loader says which libraries it would take."""
    environment = {"LD_BIND_NOW": "1", "_HANDLER": "connect", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x",
                   "AWS_SECRET_ACCESS_KEY": "x", "DYNAMOWAVE_TABLE": "x"}
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        shutil.copytree(folder, root / "task")
        loader = target.loader()
        link = run(target.tools + "readelf", "-l", folder / "bootstrap")
        interpreter = re.search(r"program interpreter: (.*)\]", link).group(1)
        (root / interpreter.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(loader.resolve(), root / interpreter.lstrip("/"))
        image = root / "lib" / "image"
        image.mkdir(parents=True)
        for library in ("libc.so.6", "libm.so.6", "libresolv.so.2", "libdl.so.2", "libpthread.so.0", "librt.so.1"):
            shutil.copy(target.find(library).resolve(), image / library)
        server = HTTPServer(("127.0.0.1", 0), Api)
        server.answer = None
        server.timeout = 60
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_address[1]}"
        environment.update(AWS_LAMBDA_RUNTIME_API=address, AWS_ENDPOINT_URL_DYNAMODB=f"http://{address}", LD_LIBRARY_PATH="/lib/image")
        # The loader reads $ORIGIN from /proc, which is not there.
        environment["LD_ORIGIN_PATH"] = "/task"
        if target.emulator:
            environment.update(LD_LIBRARY_PATH=str(image), LD_ORIGIN_PATH=str(root / "task"))
            command = [target.emulator, "-L", str(root), str(root / "task/bootstrap")]
        elif os.geteuid() == 0:
            command = ["chroot", scratch, "/task/bootstrap"]
        else:
            command = ["unshare", "--map-root-user", "chroot", scratch, "/task/bootstrap"]
        done = subprocess.run(command, env={**environment, "PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False)
        server.shutdown()
        server.server_close()
    if server.answer is None:
        raise SystemExit(f"package: the function does not start with the zip alone: {done.stdout}{done.stderr}")
    path, body = server.answer
    if not path.endswith("/1/response") or json.loads(body) != {"warm": True}:
        raise SystemExit(f"package: the function answered {path} {body}")


def pack(folder, archive):
    """The same input, the same bytes: names in order, one time, one set of permissions."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_dir():
                continue
            entry = zipfile.ZipInfo(str(path.relative_to(folder)), (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100644 if path.suffix == ".pem" else 0o100755) << 16
            file.writestr(entry, path.read_bytes(), compresslevel=9)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help="the built bootstrap")
    parser.add_argument("archive", type=Path, help="the zip to write")
    parser.add_argument("--sysroot", default="/", help="where the libraries of its kind of processor are")
    parser.add_argument("--emulator", help="what runs its kind of program here")
    parser.add_argument("--tools", default="", help="the prefix of readelf and strip, such as llvm-")
    options = parser.parse_args()
    target = Target(options.sysroot, options.emulator, options.tools)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "zip"
        folder.mkdir()
        collect(target, options.program, folder)
        prove_glibc(target, folder)
        prove_path(target, folder)
        prove_it_runs(target, folder)
        options.archive.parent.mkdir(parents=True, exist_ok=True)
        pack(folder, options.archive)
        libraries = len(list((folder / "lib").iterdir()))
    size = options.archive.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"package: {size} bytes are more than {MOST_BYTES}")
    print(f"{options.archive}: {size / 1e6:.1f} MB, {libraries} libraries, glibc {GLIBC[0]}.{GLIBC[1]} or newer")


if __name__ == "__main__":
    sys.exit(main())
