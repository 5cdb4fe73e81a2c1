#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our function and one for Node with AWS's SDK v3 that does the same, measured in turns in one run: the cost of a cold
start, of a first event and of a broadcast. Usage: functions.py BOOTSTRAP [ROUNDS]"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
INTEROP = HERE.parent / "interop"
EVENT = {"requestContext": {"routeKey": "sendMessage", "stage": "prod", "connectedAt": 1, "requestTimeEpoch": 1, "requestId": "r",
                            "connectionId": "R1kmxc2VNjMCFIA=", "apiId": "abc"}, "body": '{"message":"hello, everybody"}', "isBase64Encoded": False}
# The goals: the largest allowed ratio of our figure to Node's.
GOALS = (("CPU from exec to the first “next”, ms", 0.12), ("a cold first event of ten posts, ms", 0.35), ("posts a second, 50 in flight", 2.5),
         ("posts a second, 0.3 of a CPU", 10), ("CPU a post, µs", 0.12), ("memory after it, MB", 0.35))


class Api(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.answered = threading.Semaphore(0)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.release()
        self.server.go.acquire()
        body = json.dumps(EVENT).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60000))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assert self.path.endswith("/response"), self.path
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        self.server.answered.release()


def cpu(pid):
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1e9


def memory(pid):
    line = next(line for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@contextlib.contextmanager
def stub(folder, connections, milliseconds):
    process = subprocess.Popen(["node", HERE / "functions-stub.mjs", f"{folder}/ca.pem", f"{folder}/key.pem", str(connections), str(milliseconds)],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield f"https://localhost:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def slice_of(share):
    """A control group with a share of a processor, or None if none can be made."""
    for root, name, value in (("/sys/fs/cgroup", "cpu.max", f"{int(share * 10000)} 10000"), ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", str(int(share * 10000)))):
        group = Path(root) / "dynamowave-bench"
        if not (Path(root) / ("cpu.cfs_quota_us" if "cfs" in name else "cgroup.controllers")).exists():
            continue
        try:
            group.mkdir(exist_ok=True)
            if "cfs" in name:
                (group / "cpu.cfs_period_us").write_text("10000", encoding="ascii")
            (group / name).write_text(value, encoding="ascii")
        except OSError:
            continue
        try:
            yield group
        finally:
            with contextlib.suppress(OSError):
                group.rmdir()
        return
    yield None


@contextlib.contextmanager
def function(command, folder, endpoint, group=None):
    api = Api()
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_address[1]}",
                   "_HANDLER": "send-message", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
                   "AWS_ENDPOINT_URL_DYNAMODB": endpoint, "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"{endpoint}/prod",
                   "DYNAMOWAVE_TABLE": "T", "DYNAMOWAVE_CLAIMS": "C", "DYNAMOWAVE_POSTS": "50", "ARTICLE_PARALLEL": "1",
                   "LAMBDA_TASK_ROOT": folder, "NODE_EXTRA_CA_CERTS": f"{folder}/ca.pem"}
    enter = (lambda: (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")) if group else None
    begun = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=enter)
    try:
        assert api.asked.acquire(timeout=60), command
        yield process.pid, api, begun
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()


def handle(api):
    begun = time.monotonic()
    api.go.release()
    assert api.answered.acquire(timeout=120)
    took = time.monotonic() - begun
    assert api.asked.acquire(timeout=60)
    return took


def measure(command, folder, ten, thousand, group):
    with function(command, folder, ten) as (pid, api, begun):
        start = cpu(pid) * 1000
        begin = time.monotonic() - begun
        first = (begin + handle(api)) * 1000
    with function(command, folder, thousand) as (pid, api, _):
        handle(api)
        before = cpu(pid)
        took = min(handle(api) for _ in range(3))
        used = (cpu(pid) - before) / 3000 * 1e6
        resident = memory(pid)
    slow = None
    if group:
        with function(command, folder, thousand, group) as (_, api, _):
            handle(api)
            slow = 1000 / handle(api)
    return start, first, 1000 / took, slow, used, resident


def main(bootstrap, rounds=5):
    commands = {"ours": [bootstrap], "Node": ["node", str(INTEROP / "article.mjs")]}
    found = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/ca.pem",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        with stub(folder, 10, 15) as ten, stub(folder, 1000, 15) as thousand, slice_of(0.3) as group:
            for _ in range(int(rounds)):
                for name, command in commands.items():
                    found[name].append(measure(command, folder, ten, thousand, group))
    print(f"{'':40} {'ours':>9} {'Node':>9} {'ratio':>8}   goal")
    good = True
    for index, (words, goal) in enumerate(GOALS):
        values = [[one[index] for one in found[name] if one[index] is not None] for name in commands]
        if not values[0]:
            print(f"{words:40} {'not measured: this machine lets nobody limit a process’s CPU':>9}")
            continue
        ours, node = (statistics.median(value) for value in values)
        met = ours / node >= goal if goal >= 1 else ours / node <= goal
        good = good and met
        print(f"{words:40} {ours:9.1f} {node:9.1f} {ours / node:8.3f}   {'at least' if goal >= 1 else 'at most'} {goal} {'met' if met else 'NOT MET'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
