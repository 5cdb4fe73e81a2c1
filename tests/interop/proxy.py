# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of npm's DynamoDBs, which verify nothing: it verifies each signature with an independent
implementation, and injects faults as they occur at AWS."""

import hashlib
import hmac
import http.client
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def derive(secret, day, region, service):
    key = b"AWS4" + secret.encode()
    for word in (day, region, service, "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return key


def is_signed(handler, body, secret):
    fields = dict(part.strip().split("=", 1) for part in handler.headers["Authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(","))
    _, day, region, service, _ = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    path = "/".join(urllib.parse.quote(part, safe="-_.~") for part in handler.path.split("/"))
    headers = "".join(f"{name}:{' '.join(handler.headers[name].split())}\n" for name in names)
    canonical = "\n".join((handler.command, path, "", headers, ";".join(names), hashlib.sha256(body).hexdigest()))
    date = handler.headers["X-Amz-Date"]
    text = "\n".join(("AWS4-HMAC-SHA256", date, f"{day}/{region}/{service}/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(derive(secret, day, region, service), text.encode(), hashlib.sha256).hexdigest()
    return {"host", "x-amz-date", "x-amz-target", "content-type"} <= set(names) and hmac.compare_digest(signature, fields["Signature"])


class Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, upstream, secret):
        super().__init__(("127.0.0.1", 0), Request)
        self.upstream = urllib.parse.urlparse(upstream).netloc
        self.secret = secret
        self.operations = []
        self.unsigned = 0
        self.faults = []  # each is used for one request
        self.throttled_until = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def say(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            if name.lower() in ("content-type", "x-amz-crc32", "x-amzn-requestid"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, name, status=400):
        self.say(status, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": ""}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.operations.append(self.headers["X-Amz-Target"].split(".")[1])
        fault = self.server.faults.pop(0) if self.server.faults else None
        if not is_signed(self, body, self.server.secret):
            self.server.unsigned += 1
            self.fail("InvalidSignatureException")
        elif fault == "throttle" or time.monotonic() < self.server.throttled_until:
            self.fail("ProvisionedThroughputExceededException")
        elif fault == "500":
            self.fail("InternalServerError", 500)
        elif fault == "reset":
            self.close_connection = True
            self.connection.close()
        elif fault == "slow":
            time.sleep(6)
            self.forward(body)
        elif fault == "twice":
            self.ask(body)
            self.forward(body)
        elif fault == "lost":
            self.ask(body)
            self.close_connection = True
            self.connection.close()
        else:
            self.forward(body)

    def ask(self, body):
        connection = http.client.HTTPConnection(self.server.upstream, timeout=30)
        headers = {name: self.headers[name] for name in ("Content-Type", "X-Amz-Target", "X-Amz-Date", "Authorization")}
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer, data

    def forward(self, body):
        answer, data = self.ask(body)
        self.say(answer.status, data, answer.getheaders())
