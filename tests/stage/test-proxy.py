#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage behind nginx, as docs/a-stage-for-a-team.md sets it up: who a client is, what gets through, and how long."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "window"))
import tap  # noqa: E402
from serving import DEADLINE, stage, trusting, until, upgrade  # noqa: E402

CLI = os.environ["DYNAMOWAVE_CLI"]
SOURCE = Path(os.environ["DYNAMOWAVE_SOURCE"])
CERTIFICATE, KEY = SOURCE / "tests/data/self-signed.pem", SOURCE / "tests/data/self-signed.key"


def find_nginx():
    """The one that is installed, or that ./dev unpacked."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:{os.environ['DYNAMOWAVE_BUILD']}/nginx/usr/sbin")
    assert found, "nginx is missing: ./dev test brings it"
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def documented():
    """The server that the guide shows."""
    return re.search(r"```nginx\n(.*?)```", (SOURCE / "docs/a-stage-for-a-team.md").read_text(encoding="utf-8"), re.S).group(1)


@contextlib.contextmanager
def proxy(running, *changes):
    """nginx as it is documented, in front of a stage: a port with TLS and one without."""
    secure, plain = free_port(), free_port()
    server = documented()
    for old, new in (("http://127.0.0.1:8080", f"http://127.0.0.1:{running.port}"), ("/etc/letsencrypt/live/chat.example.org/fullchain.pem", str(CERTIFICATE)),
                     ("/etc/letsencrypt/live/chat.example.org/privkey.pem", str(KEY)), ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl; listen 127.0.0.1:{plain};"),
                     *changes):
        assert old in server, old
        server = server.replace(old, new)
    with tempfile.TemporaryDirectory() as folder:
        places = "\n".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = Path(folder, "nginx.conf")
        # One process, and nothing outside its folder.
        config.write_text(f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr notice;\nevents {{}}\n"
                          f"http {{\naccess_log off;\n{places}\n{server}}}\n", encoding="utf-8")
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen([find_nginx(), "-p", folder, "-c", config, "-e", "stderr"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

            def answers():
                assert process.poll() is None, os.pread(log.fileno(), 10000, 0)
                with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", plain), timeout=DEADLINE):
                    return True
                return False

            try:
                until("nginx", answers)
                yield plain, secure
            finally:
                process.terminate()
                process.wait(DEADLINE)


def connect(port, address="127.0.0.1", encrypted=False):
    client = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE, source_address=(address, 0))
    return trusting().wrap_socket(client) if encrypted else client


def events_of(running):
    return [json.loads(line) for line in re.findall(r"\{.*\"CONNECT\".*\}", running.output())]


def test_client():
    """Behind nginx a client is its own address, whatever it claims; past nginx it is believed nothing (EM-31)"""
    forged = "X-Forwarded-For: 192.0.2.66, 127.0.0.1", "X-Forwarded-Proto: gopher", "X-Forwarded-Port: 1"
    with stage("--trusted-proxy", "127.0.0.1", "--events") as running, proxy(running) as (plain, secure):
        for address, encrypted, lines in (("127.0.0.5", False, ()), ("127.0.0.6", True, ()), ("127.0.0.7", True, forged)):
            client, status = upgrade(connect(secure if encrypted else plain, address, encrypted), *lines)
            assert status == 101
            client.close()
        client, status = upgrade(connect(running.port, "127.0.0.8"), *forged)
        client.close()
        until("four events", lambda: len(events_of(running)) == 4)
        said = [(event["requestContext"]["identity"]["sourceIp"], event["headers"]["X-Forwarded-For"], event["headers"]["X-Forwarded-Proto"],
                 event["headers"]["X-Forwarded-Port"]) for event in events_of(running)]
        assert sorted(said) == [("127.0.0.5", "127.0.0.5", "http", str(plain)), ("127.0.0.6", "127.0.0.6", "https", str(secure)),
                                ("127.0.0.7", "127.0.0.7", "https", str(secure)), ("127.0.0.8", "127.0.0.8", "http", str(running.port))], said


def test_paths():
    """nginx passes on the stage and nothing else: neither @connections nor the metrics"""
    with stage() as running, proxy(running) as (plain, _):
        for path, wanted in (("/prod", 101), ("/prod/", 101), ("/prod?token=x", 101), ("/", 404), ("/@metrics", 404), ("/prod/@connections/x=", 404),
                             ("/prod/%40connections/x=", 404), ("/prod/../@metrics", 404), ("/prodx", 404)):
            client, status = upgrade(connect(plain), path=path)
            client.close()
            assert status == wanted, (path, status)


def test_talk():
    """Two clients talk through nginx, with the token in a header"""
    with tempfile.TemporaryDirectory() as folder, stage("--token", "T0KEN-of-a-team") as running, proxy(running) as (plain, _):
        token = Path(folder, "token")
        token.write_text("T0KEN-of-a-team\n", encoding="utf-8")
        token.chmod(0o600)
        url = f"ws://127.0.0.1:{plain}/prod"
        tail = subprocess.Popen([CLI, "tail", url, "--token-file", token, "--count", "1"], stdout=subprocess.PIPE, text=True)
        try:
            while '"online"' not in tail.stdout.readline():
                assert tail.poll() is None
            sent = subprocess.run([CLI, "send", url, "--token-file", token, "hello"], capture_output=True, text=True, timeout=DEADLINE, check=False)
            assert sent.returncode == 0, sent
            assert '"hello"' in tail.stdout.read() and tail.wait(DEADLINE) == 0
            refused = subprocess.run([CLI, "send", url, "hello"], capture_output=True, text=True, timeout=DEADLINE, check=False)
            assert refused.returncode == 4 and "401" in refused.stdout, refused
        finally:
            tail.kill()
            tail.wait(DEADLINE)
            tail.stdout.close()


def rest_of(client):
    """What comes of a silent connection until it ends, or until it is closed in order."""
    heard = b""
    with contextlib.closing(client):
        while b"\x88" not in heard:
            got = client.recv(4096)
            if not got:
                break
            heard += got
    return heard


def test_silence():
    """A silent connection ends with the stage's close code; with a shorter proxy_read_timeout nginx would cut it"""
    with stage("--idle-timeout", "0.5") as running, proxy(running) as (plain, _):
        client, _ = upgrade(connect(plain))
        heard = rest_of(client)
        assert heard[:1] == b"\x88" and heard[2:4] == b"\x03\xe9", heard
    with stage() as running, proxy(running, ("proxy_read_timeout 11m;", "proxy_read_timeout 500ms;")) as (plain, _):
        client, _ = upgrade(connect(plain))
        assert rest_of(client) == b""


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/stage/proxy")
