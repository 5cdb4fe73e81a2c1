#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGHUP: the certificate and the configuration are read again, while everybody stays connected."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import termios
import threading
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "window"))
import tap  # noqa: E402
from serving import DEADLINE, PROGRAM, stage, until, write  # noqa: E402

# How many signals in a row, and how many handshakes meanwhile.
SIGNALS = 100
HANDSHAKES = 40


def make_pair(folder, name):
    """A certificate of that name and its key, as PEM."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"], check=True, capture_output=True, timeout=DEADLINE)
    return Path(folder, f"{name}.pem").read_bytes(), Path(folder, f"{name}.key").read_bytes()


def shown(running):
    """The certificate that a new client sees."""
    with running.connect() as client:
        return client.getpeercert(binary_form=True)


def der(pem):
    return ssl.PEM_cert_to_DER_cert(pem.decode())


def echo(client, text):
    """Sends a message through an open connection and reads until it comes back."""
    payload = f'{{"action":"sendMessage","message":"{text}"}}'.encode()
    client.sendall(bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload)
    heard = b""
    while text.encode() not in heard:
        got = client.recv(4096)
        assert got, heard
        heard += got


def options_of(folder):
    return "--tls-certificate", f"{folder}/certificate", "--tls-key", f"{folder}/key"


def test_certificate():
    """A renewed certificate is shown to new clients, and those that are connected stay (EM-32)"""
    with tempfile.TemporaryDirectory() as folder:
        first, second = make_pair(folder, "first"), make_pair(folder, "second")
        write(f"{folder}/certificate", first[0])
        write(f"{folder}/key", first[1])
        with stage(*options_of(folder)) as running:
            old, status = running.upgrade()
            assert status == 101 and shown(running) == der(first[0])
            assert running.metrics()["dynamowave_certificate_expiry_timestamp_seconds"] > 1.7e9
            write(f"{folder}/certificate", second[0])
            write(f"{folder}/key", second[1])
            assert shown(running) == der(first[0])
            running.reload()
            assert shown(running) == der(second[0])
            new, status = running.upgrade()
            assert status == 101
            echo(old, "still here")
            echo(new, "just came")
            old.close()
            new.close()


def test_broken_certificate():
    """A certificate that cannot be used is refused with its reason, and the old one goes on (EM-32)"""
    with tempfile.TemporaryDirectory() as folder:
        first, second = make_pair(folder, "first"), make_pair(folder, "second")
        write(f"{folder}/certificate", first[0])
        write(f"{folder}/key", first[1])
        with stage(*options_of(folder), warns=True) as running:
            old, _ = running.upgrade()
            for certificate, key in ((second[0], first[1]), (first[0], second[1]), (b"", first[1]), (first[0], b""), (b"nonsense", first[1]),
                                     (first[0][:200], first[1]), (first[1], first[1]), (first[0], None), (None, first[1])):
                for name, text in (("certificate", certificate), ("key", key)):
                    if text is None:
                        os.unlink(f"{folder}/{name}")
                    else:
                        write(f"{folder}/{name}", text)
                running.reload("Not reloaded")
                assert shown(running) == der(first[0])
            assert running.metrics()['dynamowave_reloads_total{result="failure"}'] == 9
            # The key’s text is in no log.
            assert "PRIVATE" not in running.output() and first[1].decode().splitlines()[1] not in running.output()
            write(f"{folder}/certificate", second[0])
            write(f"{folder}/key", second[1])
            running.reload()
            assert shown(running) == der(second[0])
            echo(old, "still here")
            old.close()


def test_configuration():
    """What can change does, whoever is connected; what cannot is named, and a mistake changes nothing (EM-33)"""
    with tempfile.TemporaryDirectory() as folder:
        token = write(f"{folder}/token", "one\n")
        path = write(f"{folder}/stage.conf", f"token-file = {token}\nevents\n")
        with stage("--config", path, warns=True) as running:
            old, status = running.upgrade(path="/prod?token=one")
            assert status == 101 and running.status(path="/prod?token=two") == 403

            write(token, "two-is-secret\n")
            write(path, f"token-file = {token}\nallow-origin = https://a.example\ntrusted-proxy = 127.0.0.1\nstage = other\nlisten = 127.0.0.1:1\n")
            running.reload()
            assert [running.status(path=f"/prod?token={token}") for token in ("one", "two-is-secret")] == [403, 101]
            assert running.status("Origin: https://a.example", path="/prod?token=two-is-secret") == 101
            assert "takes a restart: events, listen, stage" in running.output(), running.output()
            running.status("X-Forwarded-For: 192.0.2.77", "X-Shown: two-is-secret", path="/prod?token=two-is-secret")
            until("the address", lambda: '"sourceIp":"192.0.2.77"' in running.output())
            # The new token is kept out of the log as the old one was.
            assert "two-is-secret" not in running.output()
            echo(old, "still here")

            for text, words in (("stage = a b\n", ":1: "), ("metrics\nnope\n", ":2: "), ("token-file = /no/such/file\n", ":1: "), (None, "stage.conf")):
                if text is None:
                    os.unlink(path)
                else:
                    write(path, text)
                running.reload("Not reloaded")
                assert words in re.findall("Not reloaded.*", running.output())[-1], running.output()
                assert running.status(path="/prod?token=two-is-secret") == 101

            write(path, f"token-file = {token}\nconnection-rate = 0.01\n")
            running.reload()
            assert 429 in [running.status(path="/prod?token=two-is-secret") for _ in range(5)]
            write(path, f"token-file = {token}\nconnection-rate = 0\nidle-timeout = 0.2\n")
            running.reload()
            # It was opened under a limit of ten minutes.
            heard = b""
            while b"\x88" not in heard:
                got = old.recv(4096)
                assert got, heard
                heard += got
            old.close()


def test_no_tls_by_reload():
    """TLS cannot be taken away or added while the stage runs: that would be another address"""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_pair(folder, "first")
        write(f"{folder}/certificate", certificate)
        write(f"{folder}/key", key)
        with_tls = f"tls-certificate = {folder}/certificate\ntls-key = {folder}/key\n"
        for first, second in ((with_tls, ""), ("", with_tls)):
            path = write(f"{folder}/stage.conf", first)
            with stage("--config", path) as running:
                write(path, second)
                running.reload()
                assert "TLS is turned on and off only by a restart" in running.output()
                assert running.status() == 101


def test_many():
    """Many SIGHUPs while clients come and talk: nobody is turned away, and nothing piles up (EM-32)"""
    with tempfile.TemporaryDirectory() as folder:
        pairs = make_pair(folder, "first"), make_pair(folder, "second")
        write(f"{folder}/certificate", pairs[0][0])
        write(f"{folder}/key", pairs[0][1])
        with stage(*options_of(folder), "--connection-rate", "0", warns=True) as running:
            talker, _ = running.upgrade()
            running.reload()
            before = running.metrics()
            assert before['dynamowave_reloads_total{result="success"}'] == 1
            seen, wrong = set(), []

            def come():
                try:
                    for _ in range(HANDSHAKES):
                        seen.add(shown(running))
                except (OSError, AssertionError) as error:
                    wrong.append(error)

            client = threading.Thread(target=come)
            client.start()
            for i in range(SIGNALS):
                # Between the two the pair does not fit, which is refused.
                write(f"{folder}/certificate", pairs[i % 2][0])
                running.process.send_signal(signal.SIGHUP)
                write(f"{folder}/key", pairs[i % 2][1])
                running.process.send_signal(signal.SIGHUP)
                if i % 10 == 0:
                    echo(talker, f"message {i}")
            client.join(DEADLINE)
            assert not client.is_alive() and not wrong, wrong
            assert seen <= {der(pair[0]) for pair in pairs}

            # The files may be read at this moment: the last signal has them read once more then.
            until("the last pair", lambda: shown(running) == der(pairs[(SIGNALS - 1) % 2][0]))
            until("the descriptors", lambda: running.metrics()["process_open_fds"] <= before["process_open_fds"])
            threads = len(os.listdir(f"/proc/{running.process.pid}/task"))
            assert threads < 40, threads
            assert running.metrics()["dynamowave_connections"] == 1
            talker.close()


def test_early():
    """SIGHUP that comes while the stage starts does not end it"""
    for _ in range(5):
        process = subprocess.Popen([PROGRAM], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        # Until it runs its own code, the signal is the loader’s.
        until("the program", lambda process=process: "dynamowave" in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8", errors="replace")
              and int(re.search(r"SigCgt:\s+(\w+)", Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")).group(1), 16) & 1)
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline().startswith("ws://")
        process.terminate()
        assert process.wait(DEADLINE) == 0
        process.stdout.close()


@contextlib.contextmanager
def at_terminal(*before):
    """A stage that listens at a terminal of its own: the process, its log, and what ends the terminal."""
    outer, inner = pty.openpty()

    def take():
        os.setsid()
        fcntl.ioctl(inner, termios.TIOCSCTTY, 0)

    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([*before, PROGRAM], stdin=inner, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=take)
        os.close(inner)
        try:
            assert process.stdout.readline().startswith("ws://")
            yield process, lambda: os.pread(log.fileno(), 1 << 16, 0).decode(), lambda: os.close(outer)
        finally:
            process.kill()
            process.wait(DEADLINE)
            process.stdout.close()


def test_terminal():
    """A stage ends in order with its terminal, unless nohup has it outlive that; a plain SIGHUP there ends nothing"""
    with at_terminal() as (process, log, hang_up):
        process.send_signal(signal.SIGHUP)
        until("a reload", lambda: "Reloaded" in log())
        hang_up()
        assert process.wait(DEADLINE) == 0 and "Stopped" in log(), log()
    with at_terminal("nohup") as (process, log, hang_up):
        hang_up()
        until("the end of the terminal", lambda: Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[4] == "0")
        process.send_signal(signal.SIGHUP)
        until("a reload", lambda: "Reloaded" in log())
        process.terminate()
        assert process.wait(DEADLINE) == 0


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/stage/reload")
