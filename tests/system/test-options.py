#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of the three programs as somebody types it: what it does, and which values are refused."""

import asyncio
import contextlib
import json
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import websockets

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "window"))
import tap  # noqa: E402
from servers import RawServer, Server  # noqa: E402

STAGE, CLI, CHAT = (os.environ[f"DYNAMOWAVE_{name}"] for name in ("STAGE", "CLI", "CHAT"))
CERTIFICATE, KEY = HERE.parent / "data/self-signed.pem", HERE.parent / "data/self-signed.key"
DEADLINE = 60


def run(program, *arguments, **more):
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "G_DEBUG")}
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False, env=environment, **more)


def until(what, check):
    end = time.monotonic() + DEADLINE
    while not check():
        assert time.monotonic() < end, f"waited {DEADLINE} s for {what}"
        time.sleep(0.02)


def help_of(program, wanted=None):
    """What --help tells, of each command, or those that are wanted, and every group but GTK's own."""
    told = run(program, "--help-all").stdout
    for command in re.findall(r"^  ([a-z]+) [A-Z]", told, re.M):
        told += run(program, command, "--help").stdout if wanted is None or command in wanted else ""
    return re.sub(r"(?ms)^(GTK|GApplication)[^\n]*$.*?(?=^\S|\Z)", "", told)


def options_of(program):
    """The long options that --help tells of."""
    told = help_of(program)
    return set(re.findall(r"^  (?:-\w, )?--([a-z][a-z-]*)", told, re.M)) - {name for name in re.findall(r"--(help[a-z-]*)", told)}


@contextlib.contextmanager
def stage(*options):
    """A stage’s address and its log, which can be read while it runs."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([STAGE, *options], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            url = process.stdout.readline().strip()
            assert "://" in url, os.pread(log.fileno(), 100000, 0)
            yield url, lambda: os.pread(log.fileno(), 1 << 20, 0).decode()
            process.terminate()
            assert process.wait(DEADLINE) == 0
        finally:
            process.kill()
            process.wait(DEADLINE)
            process.stdout.close()


def request(url, *lines, path=None, method="GET"):
    """The status of an answer and its head, to a request with these lines."""
    host, port, way = re.fullmatch(r"\w+://(.+):(\d+)(/.*)", url).groups()
    with socket.create_connection((host.strip("[]"), int(port)), timeout=DEADLINE) as client:
        if url.startswith("wss:"):
            client = ssl.create_default_context(cafile=str(CERTIFICATE)).wrap_socket(client, server_hostname="localhost")
        client.sendall("\r\n".join([f"{method} {path or way} HTTP/1.1", "Host: x", *lines, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            got = client.recv(4096)
            assert got, head
            head += got
        client.close()
    head = head.split(b"\r\n\r\n")[0].decode()
    return int(head.split()[1]), head


def handshake(url, *lines, path=None):
    return request(url, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                   "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==", *lines, path=path)


def converse(url, *frames, enough=len, **more):
    """What a stage answers to the frames of one client until it is enough, or with which code it closed."""
    async def talk():
        heard = []
        async with websockets.connect(url, **more) as client:
            try:
                for text in frames:
                    await client.send(text)
                while not enough(heard):
                    heard.append(await asyncio.wait_for(client.recv(), DEADLINE))
            except websockets.ConnectionClosed as closed:
                heard.append(closed.rcvd.code)
        return heard
    return asyncio.run(talk())


def say(text, **more):
    return json.dumps({"action": "sendMessage", "message": text, **more})


def write(folder, text, name="file", mode=0o600):
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


# What the stage refuses: values, and what it says.
STAGE_REFUSED = {
    "stage": (("", "name"), ("a b", "name"), ("a/b", "name"), ("ä", "name"), ("a" * 129, "name"), ("a\n", "name")),
    "listen": (("nowhere.example:80", "address"), ("127.0.0.1:x", ""), ("127.0.0.1:65536", ""), ("", "")),
    "token-file": (("/no/such/file", "/no/such/file"), ("/", "")),
    "management-token-file": (("/no/such/file", "/no/such/file"),),
    "management-key-file": (("/no/such/file", "/no/such/file"),),
    "registry": (("", "Unknown registry"), ("nonsense", "Unknown registry"), ("sqlite:", "Unknown registry"), ("sqlite", "Unknown registry"), ("Memory", "Unknown registry")),
    "log-format": (("", "Unknown log format"), ("xml", "Unknown log format"), ("JSON", "Unknown log format")),
    "tls-certificate": (("x", "must be used together"),),
    "tls-key": (("x", "must be used together"),),
    "route-selection-expression": (("$request.header.a", "path"), ("$request.body", "path"), ("${request.body.a", "")),
    "idle-timeout": (("0", "above 0"), ("-1", "above 0"), ("nan", "above 0"), ("x", "")),
    "connection-limit": (("0", "above 0"), ("-1", "above 0"), ("nan", "above 0"), ("1s", "")),
    "integration-timeout": (("0", "above 0"), ("-1", "above 0"), ("nan", "above 0"), ("x", "")),
    "function-timeout": (("0", "above 0"), ("-1", "above 0"), ("nan", "above 0"), ("x", "")),
    "request-timeout": (("0", "above 0"), ("-1", "above 0"), ("0.5", ""), ("x", "")),
    "function-concurrency": (("0", "above 0"), ("-1", "above 0"), ("1.5", ""), ("x", "")),
    "connection-rate": (("-1", "0 or more"), ("nan", "0 or more"), ("x", "")),
    "throttle-rate": (("-1", "0 or more"), ("nan", "0 or more"), ("x", "")),
    "throttle-burst": (("-1", "0 or more"), ("nan", "0 or more"), ("x", "")),
    "config": (("/no/such/file", "/no/such/file"), ("/", ""), ("/dev/zero", "regular file")),
    "trusted-proxy": (("", "network"), ("x", "network"), ("10.0.0.1/8", "network"), ("10.0.0.0/33", "network"), ("::1/129", "network")),
    "function": (("x", "ROUTE="), ("=x", "ROUTE="), ("a=", "ROUTE="), ("a='", "command")),
    "function-reserve": (("x", "function"), ("a=1", "function")),
    "replay": (("/no/such/file", "/no/such/file"), ("/dev/null", "nothing came in"), ("/", ""), ("", "")),
    "replay-speed": (("-1", "0 or more"), ("nan", "0 or more"), ("x", "")),
}

# The same for the client without a window.
CLI_REFUSED = {
    "token-file": (("/no/such/file", "/no/such/file"),),
    "header-file": (("/no/such/file", "/no/such/file"),),
    "header": (("x", "Name: value"), (": x", "Name: value"), ("a: b\r\nc: d", "Name: value"), ("Upgrade: x", "header")),
    "subprotocol": (("", "subprotocol"), ("a b", "subprotocol"), ("a,b", "subprotocol")),
    "origin": (("a\nb", "header"),),
    "dialect": (("", "message format"), ("custom", "message format"), ("{}", "key"), ('{"routeKey":"a"}', "route")),
    "count": (("-1", "negative"), ("x", ""), ("1.5", "")),
    "timeout": (("-1", "negative"), ("x", "")),
    "policy": (("x", ""), ("ping", ""), ("ping=x", ""), ("ping=-1", ""), ("nope=1", "")),
}

# Of “raw” alone. What “--send”, “--wait”, “--binary”, “--null”, “--whole”, “--plain”, “--show-pings” and “--ping” do, and
# “--find-out”, is in tests/cli/test-commands.py, and “--json” in tests/cli/test-terminal.py.
RAW_REFUSED = {
    "wait": (("", "seconds"), ("x", "seconds"), ("-2", "seconds"), ("nan", "seconds")),
    "ping": (("-1", "negative"), ("x", "")),
    "count": (("-1", "negative"),),
    "timeout": (("-1", "negative"),),
}


def check_refused(program, table, *around):
    for name, rows in table.items():
        for value, words in rows:
            done = run(program, *around, f"--{name}={value}")
            assert done.returncode in (1, 2) and words in done.stderr and done.stdout == "", (name, value, done)
            assert not re.search("CRITICAL|Sanitizer", done.stderr), done.stderr
            # Scripts tell them apart: 2 is a wrong command, 1 a stage that could not start with it.
            assert done.returncode == 2 or "Cannot start" in done.stderr, (name, value, done)


def test_stage_refused():
    """The stage refuses values that make no sense before it listens, and says which"""
    check_refused(STAGE, STAGE_REFUSED)
    for wrong in (["more"], ["--nope"], ["--stage"], ["--listen", "[::1"]):
        done = run(STAGE, *wrong)
        assert done.returncode == 2 and done.stderr and done.stdout == "", (wrong, done)


def test_stage_place():
    """--listen, --stage and TLS make the address of the stage"""
    with stage() as (url, _):
        assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/prod", url), url
        # A proxy that saw a “close” in it would close.
        assert re.findall(r"(?im)^Connection: *(.*?)\r?$", handshake(url)[1]) == ["Upgrade"]
        done = run(STAGE, "--listen", url.split("/")[2])
        assert done.returncode == 1 and "Cannot listen" in done.stderr, done
    for given, host in (("localhost:0", r"127\.0\.0\.1"), ("LOCALHOST:0", r"127\.0\.0\.1"), ("127.0.0.2:0", r"127\.0\.0\.2"), ("[::1]:0", r"\[::1\]")):
        with stage("-l", given) as (url, _):
            assert re.fullmatch(rf"ws://{host}:\d+/prod", url), url
            assert handshake(url)[0] == 101
    for name in ("a" * 128, "-", "_0aZ"):
        with stage("-s", name) as (url, _):
            assert url.endswith(f"/{name}") and handshake(url)[0] == 101, url
            assert handshake(url, path="/prod")[0] != 101 and handshake(url, path=f"/{name}x")[0] != 101
    with stage("--tls-certificate", CERTIFICATE, "--tls-key", KEY) as (url, _):
        assert url.startswith("wss://127.0.0.1:"), url
    for certificate, key in ((CERTIFICATE, "/no/such/file"), ("/no/such/file", KEY), (KEY, KEY)):
        done = run(STAGE, "--tls-certificate", certificate, "--tls-key", key)
        assert done.returncode == 2 and done.stderr and not done.stdout, done


def test_stage_origins():
    """Pages of an allowed origin get in, those of any other do not, and a client without one always does"""
    def statuses(*options):
        with stage(*options) as (url, _):
            return [handshake(url, *lines)[0] for lines in ((), ("Origin: https://a.example",), ("Origin: https://b.example",),
                                                           ("Origin: https://a.example.evil",), ("Origin: null",))]

    assert statuses() == [101, 403, 403, 403, 403]
    assert statuses("--allow-origin", "https://a.example") == [101, 101, 403, 403, 403]
    assert statuses("--allow-origin", "https://a.example", "--allow-origin=https://b.example") == [101, 101, 101, 403, 403]


def test_stage_tokens():
    """The stage's token opens connections and the management's token @connections, from the line or from a file"""
    with tempfile.TemporaryDirectory() as folder:
        mine, theirs = write(folder, "mine\n", "mine"), write(folder, "theirs\n", "theirs")
        for options in (("--token", "mine", "--management-token", "theirs"), ("--token-file", mine, "--management-token-file", theirs)):
            with stage(*options, "--metrics") as (url, _):
                assert [handshake(url, path=path)[0] for path in ("/prod", "/prod?token=theirs", "/prod?token=mine")] == [401, 403, 101]
                for path, wanted in (("/prod/@connections/L0SM9cOFvHcCIhw=", 410), ("/@metrics", 200)):
                    for token, status in (("theirs", wanted), ("mine", 403), ("", 403)):
                        assert request(url, f"Authorization: Bearer {token}", path=path)[0] == status, (path, token, options)
        key = write(folder, "AKID\nsecret\n", "key")
        with stage("--management-key-file", key) as (url, _):
            assert request(url, "Authorization: Bearer secret", path="/prod/@connections/L0SM9cOFvHcCIhw=")[0] == 403
        for text in ("AKID\n", "AKID\n\n", "\nsecret\n", "AKID\nsecret\nmore\n", ""):
            done = run(STAGE, "--management-key-file", write(folder, text))
            assert done.returncode == 2 and done.stderr, (text, done)
    with stage("--metrics") as (url, _):
        assert request(url, "Authorization: Bearer ", path="/@metrics")[0] == 403
    with stage("--management-token", "x") as (url, _):
        assert request(url, "Authorization: Bearer x", path="/@metrics")[0] not in (200, 101)


def test_stage_routes():
    """How a message finds its route, and what comes back"""
    with stage() as (url, _):
        assert json.loads(converse(url, say("x"))[0])["message"] == "x"
        assert json.loads(converse(url, '{"action":"nope"}')[0])["message"] == "Connected"
    with stage("--no-default-route") as (url, _):
        assert json.loads(converse(url, '{"action":"nope"}')[0])["message"] == "Forbidden"
    with stage("--two-way", "$default", "--two-way", "sendMessage") as (url, _):
        heard = converse(url, say("x"), enough=lambda heard: len(heard) == 2)
        assert "Message sent" in str(heard) and any(text.startswith("{") and json.loads(text).get("message") == "x" for text in heard), heard
    with stage("--route-selection-expression", "$request.body.kind") as (url, _):
        assert json.loads(converse(url, say("x", kind="sendMessage"))[0])["message"] == "x"
        assert json.loads(converse(url, say("x"))[0])["message"] == "Connected"
    with stage("--subprotocol", "chat") as (url, _):
        assert "\r\nSec-WebSocket-Protocol: chat" in handshake(url, "Sec-WebSocket-Protocol: other, chat")[1]
        for offered in ((), ("Sec-WebSocket-Protocol: other",)):
            status, head = handshake(url, *offered)
            assert status == 101 and "Sec-WebSocket-Protocol" not in head, head


def closed_after(*options):
    """How long a silent connection lived, and the code it ended with."""
    with stage(*options) as (url, _):
        began = time.monotonic()
        code = converse(url, ping_interval=None)
        return time.monotonic() - began, code


def test_stage_times():
    """The stage ends what is idle, old or silent in the time that was given"""
    for option in ("--idle-timeout", "--connection-limit"):
        took, code = closed_after(option, "0.4")
        assert took > 0.35 and code == [1001], (option, took, code)
    with stage("--request-timeout", "1") as (url, _):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0])), timeout=DEADLINE) as client:
            assert client.recv(100) == b""
        assert time.monotonic() - began > 0.5
    with stage("--function", "slow=/usr/bin/sleep 60", "--integration-timeout", "0.4", "--function-timeout", "5", "--function-concurrency", "2",
               "--function-reserve", "slow=1") as (url, _):
        assert json.loads(converse(url, '{"action":"slow"}')[0])["message"] == "Endpoint request timed out"


def test_stage_rates():
    """More connections and messages than a second allows are refused, and 0 is no limit"""
    def connections(*options):
        with stage(*options) as (url, _):
            return [handshake(url)[0] for _ in range(30)]

    def answers(*options, enough):
        with stage(*options) as (url, _):
            return converse(url, *[say("x")] * 12, enough=lambda heard: enough([json.loads(text)["message"] for text in heard].count))

    assert connections("--connection-rate", "0") == connections() == [101] * 30
    limited = connections("--connection-rate", "3")
    assert limited.count(101) >= 3 and set(limited) == {101, 429}, limited
    for options in ((), ("--throttle-rate", "0")):
        assert len(answers(*options, enough=lambda count: count("x") == 12)) == 12
    # Without a burst of its own as many go at once as a second allows.
    for options in (("--throttle-rate", "2"), ("--throttle-rate", "0.5", "--throttle-burst", "2")):
        answers(*options, enough=lambda count: count("x") > 0 and count("Too Many Requests") > 0)


def test_stage_files():
    """--registry sqlite: keeps a file, and memory keeps none; the log is text or JSON, with events if asked for"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/stage.sqlite"
        with stage("--registry", f"sqlite:{path}") as (url, _):
            handshake(url)
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("SELECT count(*) FROM connections").fetchone() is not None
        for command, status, words in ((["list"], 0, ""), (["purge"], 0, ""), (["redrive"], 1, "--url"), ([], 2, "A command and a registry"), (["list", "more"], 2, "A command and a registry"),
                                       (["forget"], 2, "A command and a registry")):
            done = run(STAGE, "dead-letters", *command, "--registry", f"sqlite:{path}")
            assert done.returncode == status and words in done.stderr, (command, done)
        for registry in ("memory", "nonsense", "sqlite:"):
            assert run(STAGE, "dead-letters", "list", "--registry", registry).returncode == 2
        assert run(STAGE, "dead-letters", "list").returncode == run(STAGE, "dead-letters", "list", "--nope").returncode == 2
        token = write(folder, "t\n")
        done = run(STAGE, "dead-letters", "redrive", "--registry", f"sqlite:{path}", "--url", "http://127.0.0.1:1/prod", "--management-token-file", token)
        assert done.returncode == 0 and done.stdout == "", done
        assert run(STAGE, "dead-letters", "redrive", "--registry", f"sqlite:{path}", "--url", "http://127.0.0.1:1/prod").returncode == 1
        assert os.listdir(folder).count("stage.sqlite") == 1
        with stage("--registry", "memory", "--log-format", "json") as (url, log):
            handshake(url)
            assert [json.loads(line)["level"] for line in log().splitlines()][0] in ("message", "info"), log()
            assert "Event" not in log()
    for options in ((), ("--log-format", "text")):
        with stage(*options, "--events") as (url, log):
            converse(url, say("seen in the log"))
            until("the message in the log", lambda log=log: "seen in the log" in log())
            assert not log().startswith("{"), log()


def test_stage_config():
    """--config reads options from a file, the command line wins, and a mistake in it is told with its line (EM-33)"""
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, "# of a stage\nstage = file\n\ntoken = \" secret\"\nallow-origin = https://a.example\nmetrics = no\n", "stage.conf", 0o644)
        with stage("--config", path) as (url, _):
            assert url.endswith("/file")
            assert [handshake(url, path=f"/file{query}")[0] for query in ("", "?token=secret", "?token=%20secret")] == [401, 403, 101]
            assert handshake(url, "Origin: https://a.example", path="/file?token=%20secret")[0] == 101
        with stage("-c", path, "--stage", "line", "--token", "other", "--allow-origin", "https://b.example") as (url, _):
            assert url.endswith("/line")
            assert [handshake(url, path=f"/line?token={token}")[0] for token in ("%20secret", "other")] == [403, 101]
            assert [handshake(url, f"Origin: https://{name}.example", path="/line?token=other")[0] for name in "ab"] == [403, 101]
        for text, words in (("stage = x\nnope = 1\n", ":2: Unknown option"), ("\nstage = a b\n", ":2: "), ("listen", ":1: "), ("function-timeout = 1s", ":1: ")):
            done = run(STAGE, "--config", write(folder, text, "stage.conf"))
            assert done.returncode == 2 and f"{path}{words}" in done.stderr and done.stdout == "", (text, done)
        done = run(STAGE, "--config", write(folder, "metrics\n", "stage.conf", 0o646))
        assert done.returncode == 2 and "chmod o-w" in done.stderr, done


def test_stage_proxies():
    """--trusted-proxy says whose word counts: sourceIp and the forwarded headers are the client's then (EM-31)"""
    lines = ("X-Forwarded-For: 198.51.100.9, 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Port: 8443")
    for options, wanted in (((), ["127.0.0.1", "127.0.0.1", "http"]), (("--trusted-proxy", "127.0.0.2"), ["127.0.0.1", "127.0.0.1", "http"]),
                            (("--trusted-proxy", "127.0.0.2/31"), ["127.0.0.1", "127.0.0.1", "http"]),
                            (("--trusted-proxy", "::1", "--trusted-proxy=127.0.0.0/31"), ["192.0.2.7", "192.0.2.7", "https"])):
        with stage("--events", *options) as (url, log):
            assert handshake(url, *lines)[0] == 101
            until("the event", lambda log=log: '"CONNECT"' in log())
            event = json.loads(re.search(r"\{.*CONNECT.*\}", log()).group())
            said = [event["requestContext"]["identity"]["sourceIp"], event["headers"]["X-Forwarded-For"], event["headers"]["X-Forwarded-Proto"]]
            assert said == wanted, (options, said)
            port = event["headers"]["X-Forwarded-Port"]
            assert port == ("8443" if wanted[2] == "https" else url.split(":")[2].split("/")[0]), port
            assert event["multiValueHeaders"]["X-Forwarded-For"] == wanted[1:2], event


def test_versions():
    """--version says which program it is, and nothing else happens"""
    for program, name in ((STAGE, "dynamowave-stage"), (CLI, "dynamowave-cli"), (CHAT, "dynamowave-chat")):
        for option in ("--version", "-V"):
            done = run(program, option)
            assert done.returncode == 0 and re.fullmatch(rf"{name} \d+(\.\d+)+\n", done.stdout), done
        done = run(program, "--nope")
        assert done.returncode in (1, 2) and "--nope" in done.stderr and done.stdout == "", done
        assert run(program, "--help").returncode == 0


def test_client_refused():
    """The client without a window refuses values that make no sense before it connects"""
    check_refused(CLI, CLI_REFUSED, "tail", "ws://127.0.0.1:1/x")
    check_refused(CLI, RAW_REFUSED, "raw", "ws://127.0.0.1:1/x")
    with tempfile.TemporaryDirectory() as folder:
        done = run(CLI, "send", "ws://127.0.0.1:1/x", "x", "--token-file", write(folder, "t"), "--token-parameter", "")
        assert done.returncode == 2 and "parameter" in done.stderr, done


def test_client_head():
    """What of the options is in the head of the handshake"""
    def head(*options, **more):
        server = RawServer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        done = run(CLI, "tail", server.url, *options, **more)
        server.close()
        assert done.returncode == 4, done
        return server.requests[0].decode()

    with tempfile.TemporaryDirectory() as folder:
        token, headers = write(folder, "t0ken\n", "token"), write(folder, "X-A: 1\nX-B: 2\n", "headers")
        assert "\r\nAuthorization: Bearer t0ken\r\n" in head("--token-file", token)
        named = head("--token-file", token, "--token-parameter", "a&b")
        assert "?a%26b=t0ken HTTP/1.1" in named and "Authorization" not in named, named
        both = head("--header-file", headers, "-H", "X-A: 3", "--header", "X-C:4 ")
        assert "\r\nX-A: 3\r\n" in both and "\r\nX-B: 2\r\n" in both and "\r\nX-C: 4\r\n" in both and "X-A: 1" not in both, both
    assert re.search(r"\r\nSec-WebSocket-Protocol: a, ?b\r\n", head("--subprotocol", "a", "-s", "b"))
    # Its name in earlier versions.
    assert "\r\nSec-WebSocket-Protocol: a\r\n" in head("--protocol", "a")
    assert "\r\nOrigin: https://a.example\r\n" in head("--origin", "https://a.example")
    bare = head()
    assert "Authorization" not in bare and "Sec-WebSocket-Protocol" not in bare, bare


def test_client_frames():
    """What of the options is in the frames and in the output: names, dialects, how many and how long"""
    custom = '{"routeKey":"op","sendRoute":"say","bodyKey":"text","probe":"{\\"op\\":\\"?\\"}"}'
    for dialect, sent in (((), '{"action":"sendMessage","message":"hi"}'), (("--dialect", "dynamowave"), '{"action":"sendMessage","message":"hi"}'),
                          (("--dialect", "lower-case"), '{"action":"sendmessage","message":"hi"}'),
                          (("--dialect", "data"), '{"action":"sendmessage","data":"hi"}'), (("--dialect", custom), '{"op":"say","text":"hi"}')):
        server = Server()
        process = subprocess.Popen([CLI, "send", server.url, "hi", *dialect], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(f"{sent} of {dialect}, not {server.received}", lambda server=server, sent=sent: sent in server.received)
        process.kill()
        process.wait(DEADLINE)
        server.close()
    with stage() as (url, _):
        tail = subprocess.Popen([CLI, "tail", url, "--count", "2"], stdout=subprocess.PIPE, text=True)
        while '"online"' not in tail.stdout.readline():
            pass
        for name in (("-n", "Ada"), ("--name", "Bo"), ()):
            assert run(CLI, "send", url, "x", *name).returncode == 0
        told = [json.loads(line) for line in tail.stdout]
        assert [line.get("sender") for line in told if line["kind"] == "message"] == ["Ada", "Bo"], told
        assert tail.wait(DEADLINE) == 0
        tail.stdout.close()
        began = time.monotonic()
        assert run(CLI, "tail", url, "-t", "1").returncode == 3
        assert time.monotonic() - began > 0.3
    # The ordinary policy would wait for a second or more.
    done = run(CLI, "tail", "ws://127.0.0.1:1/x", "--timeout", "2", "--policy", "base=10,cap=20")
    waits = [line for line in map(json.loads, done.stdout.splitlines()) if line.get("state") == "waiting"]
    assert done.returncode == 3 and len(waits) > 3, done


def test_window_profile():
    """A profile's name has up to 32 letters, digits, “-” and “_”; any other is refused before a window opens"""
    for name in ("", "a b", "a/b", "..", "ä", "a" * 33, "a\n", "a."):
        done = run(CHAT, "--profile", name)
        assert done.returncode == 2 and "profile" in done.stderr and done.stdout == "", (name, done)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a" * 32, "-_0aZ"):
            done = run(CHAT, f"--profile={name}", cwd=folder)
            # There is no display here: it came as far as that.
            assert done.returncode == 1 and "profile" not in done.stderr.lower() and "display" in done.stderr, (name, done)
    for wrong in (["-p"], ["--profile"]):
        assert run(CHAT, *wrong).returncode == 1, wrong


def test_every_option():
    """Each option that --help tells of is in this file, so that a new one gets its test"""
    text = "".join(path.read_text(encoding="utf-8") for path in (Path(__file__), *HERE.parent.glob("cli/test-*.py")))
    for program, refused in ((STAGE, STAGE_REFUSED), (CLI, CLI_REFUSED | RAW_REFUSED), (CHAT, {})):
        told = options_of(program)
        assert len(told) > 1, told
        assert set(refused) <= told, set(refused) - told
        for name in told:
            assert f'"--{name}' in text or f'“--{name}”' in text, (program, name)
        # What takes a value refuses some, unless any text will do.
        free = {"token", "management-token", "allow-origin", "two-way", "subprotocol", "name", "token-parameter", "profile", "send"}
        valued = set(re.findall(r"^  (?:-\w, )?--([a-z][a-z-]*)=", help_of(program, ("tail", "raw")), re.M))
        # “load” and “record” have tests of their own.
        assert (valued & told) - free <= set(refused), (valued & told) - free - set(refused)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/system/options")
