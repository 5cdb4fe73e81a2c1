#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bootstrap program as Lambda runs it: a process with an environment and a runtime API."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402

BOOTSTRAP = os.environ["DYNAMOWAVE_BOOTSTRAP"]
DEADLINE = 60
SECRET = "what nobody but the room may read"


class Cloud(ThreadingHTTPServer):
    """A runtime API that also answers everything else a function requests, as DynamoDB would."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.events = queue.Queue()
        self.answers = queue.Queue()
        self.posts = []
        self.rows = []
        self.delay = 0
        self.asked = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if not self.path.endswith("/next"):
            self.say(200, b"healthy")
            return
        number, event = self.server.events.get()
        self.say(200, event.encode(), Lambda_Runtime_Aws_Request_Id=f"request-{number}",
                 Lambda_Runtime_Deadline_Ms=str(int(time.time() * 1000) + 10000))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/2018-06-01/"):
            self.server.answers.put((self.path, self.headers.get("Lambda-Runtime-Function-Error-Type"), json.loads(body)))
            self.say(202)
            return
        self.server.asked.set()
        time.sleep(self.server.delay)
        if "/@connections/" in self.path:
            self.server.posts.append(body)
            self.say(200)
        elif self.headers.get("X-Amz-Target", "").endswith(".Scan"):
            self.say(200, json.dumps({"Items": [{"ConnectionID": {"S": row}} for row in self.server.rows]}).encode())
        else:
            self.say(200, b"{}")


def event(route, **more):
    context = {"routeKey": route, "stage": "prod", "connectedAt": 1700000000000, "requestTimeEpoch": 1700000001000, "requestId": "r",
               "connectionId": "R1kmxc2VNjMCFIA=", "apiId": "abc"}
    return json.dumps({"requestContext": context, "isBase64Encoded": False, **more})


@contextlib.contextmanager
def function(handler, **environment):
    cloud = Cloud()
    full = {"PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": cloud.address, "_HANDLER": handler, "AWS_REGION": "eu-west-1",
            "AWS_LAMBDA_FUNCTION_NAME": "tested", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": f"http://{cloud.address}", "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"http://{cloud.address}/prod",
            "DYNAMOWAVE_TABLE": "Connections", "DYNAMOWAVE_CLAIMS": "Claims",
            **{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}, **environment}
    process = subprocess.Popen([BOOTSTRAP], env={name: value for name, value in full.items() if value is not None},
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
    reader.start()
    try:
        yield process, cloud, lines
    finally:
        process.kill()
        process.wait(DEADLINE)
        reader.join(DEADLINE)
        process.stdout.close()
        process.stderr.close()
        cloud.shutdown()
        cloud.server_close()


def ask(cloud, payload, number=0):
    cloud.events.put((number, payload))
    return cloud.answers.get(timeout=DEADLINE)


def resident(process):
    pages = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def check_growth(handler, payload, wanted):
    with function(handler) as (process, cloud, _):
        cloud.rows = [f"row-{number:012}=" for number in range(5)]
        for number in range(1100):
            path, kind, answer = ask(cloud, payload, number)
            assert path.endswith(f"/request-{number}/{wanted}"), (path, kind, answer)
            if number == 100:
                memory, files = resident(process), descriptors(process)
        # A sanitizer keeps freed memory for a while.
        allowed = 1024 * 1024 if "ASAN_OPTIONS" not in os.environ or not os.environ.get("DYNAMOWAVE_SANITIZED") else 64 * 1024 * 1024
        assert resident(process) - memory < allowed, (memory, resident(process))
        assert descriptors(process) <= files, (files, descriptors(process))


def test_growth():
    """A thousand events of each kind: memory and descriptors do not grow"""
    check_growth("connect", event("$connect"), "response")
    check_growth("send-message", event("sendMessage", body=json.dumps({"message": "hello"})), "response")
    check_growth("send-message", '{"who":"knows"}', "error")


def test_log():
    """The log is JSON Lines with the request's id and the metrics, and contains no message"""
    with function("send-message") as (process, cloud, lines):
        cloud.rows = ["a", "b", "c"]
        path, _, answer = ask(cloud, event("sendMessage", body=json.dumps({"message": SECRET, "sender": SECRET, "id": SECRET})), 7)
        assert path.endswith("/response") and answer["statusCode"] == 200, answer
        ask(cloud, event("sendMessage", body=SECRET), 8)
        ask(cloud, SECRET, 9)
        assert len(cloud.posts) == 3 and SECRET.encode() in cloud.posts[0], cloud.posts
        process.terminate()
        process.wait(DEADLINE)
        assert process.stderr.read() == ""
    entries = [json.loads(line) for line in lines]
    assert SECRET not in "".join(lines)
    metrics = [entry for entry in entries if "_aws" in entry]
    assert [entry["requestId"] for entry in metrics] == ["request-7", "request-8", "request-9"], metrics
    assert metrics[0]["Deliveries"] == 3 and metrics[0]["ColdStart"] == 1 and metrics[1]["ColdStart"] == 0, metrics
    failures = [entry for entry in entries if entry.get("level") == "WARN"]
    assert [entry["requestId"] for entry in failures] == ["request-8", "request-9"], entries


def test_errors():
    """An unknown event is answered with an error message, and the next one is handled"""
    with function("connect") as (_, cloud, _lines):
        for payload in ("", "[", "{}", '"x"', "[" * 100000, event("sendMessage", body="{}"), '{"Records":[]}'):
            path, kind, answer = ask(cloud, payload)
            assert path.endswith("/error") and kind == "Function.UnknownEvent" and answer["errorType"] == kind, (path, kind, answer)
        path, _, answer = ask(cloud, event("$connect"))
        assert path.endswith("/response") and answer == {"statusCode": 200}, answer
        path, _, answer = ask(cloud, '{"warmer":true}')
        assert path.endswith("/response") and answer == {"warm": True}, answer


def test_term():
    """SIGTERM makes it exit with 0: at once if it is waiting, otherwise after the answer"""
    with function("connect") as (process, cloud, _):
        ask(cloud, event("$connect"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    with function("connect") as (process, cloud, _):
        ask(cloud, event("$connect"))
        cloud.delay = 0.5
        cloud.asked.clear()
        cloud.events.put((1, event("$connect")))
        assert cloud.asked.wait(DEADLINE)
        process.send_signal(signal.SIGTERM)
        path, _, answer = cloud.answers.get(timeout=DEADLINE)
        assert path.endswith("/request-1/response") and answer == {"statusCode": 200}, answer
        assert process.wait(5) == 0


def test_init():
    """An error at the start is reported to Lambda, and it exits"""
    for missing in ("DYNAMOWAVE_TABLE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "_HANDLER"):
        with function("connect", **{missing: None}) as (process, cloud, _):
            path, kind, answer = cloud.answers.get(timeout=DEADLINE)
            assert path == "/2018-06-01/runtime/init/error" and kind == "Runtime.Config", (path, kind)
            assert answer["errorMessage"], answer
            assert process.wait(5) == 1
    with function("connect", AWS_LAMBDA_RUNTIME_API=None) as (process, _cloud, _):
        assert process.wait(5) == 2
        assert "AWS_LAMBDA_RUNTIME_API" in process.stderr.read()


def test_api_gone():
    """Without a runtime API it exits instead of spinning"""
    with function("connect", AWS_LAMBDA_RUNTIME_API="127.0.0.1:1") as (process, _cloud, _):
        assert process.wait(5) == 1


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/aws/bootstrap")
