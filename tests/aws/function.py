#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function in another language, for the tests: it asks the runtime API for events and does what their body says."""

import http.client
import json
import os
import sys
import threading
import time

API = os.environ["AWS_LAMBDA_RUNTIME_API"]


def ask(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(API)
    connection.request(method, "/2018-06-01/runtime/" + path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def tick(path):
    while True:
        with open(path, "a", encoding="ascii") as file:
            file.write(".")
        time.sleep(0.005)


def handle(event, answer, count):
    context = event["requestContext"]
    query = event.get("queryStringParameters") or {}
    wish = query if context["routeKey"] in ("$connect", "$disconnect") else json.loads(event["body"])
    what = wish.get("do", "answer")
    if what == "crash":
        os._exit(3)
    if what == "sleep":
        time.sleep(float(wish["seconds"]))
    if what == "raise":
        raise ValueError("as told")
    if what == "tick":
        threading.Thread(target=tick, args=(wish["path"],), daemon=True).start()
        time.sleep(0.1)
    if what == "malformed":
        return {"status": 200}
    if what == "large":
        return {"statusCode": 200, "body": "x" * 7000000}
    told = {"pid": os.getpid(), "count": count, "route": context["routeKey"], "handler": os.environ["_HANDLER"],
            "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "region": os.environ["AWS_REGION"],
            "endpoint": os.environ["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"], "key": bool(os.environ["AWS_SECRET_ACCESS_KEY"]),
            "arn": answer.getheader("Lambda-Runtime-Invoked-Function-Arn"), "trace": answer.getheader("Lambda-Runtime-Trace-Id"),
            "left": int(answer.getheader("Lambda-Runtime-Deadline-Ms")) / 1000 - time.time()}
    response = {"statusCode": int(wish.get("status", 200)), "body": json.dumps(told)}
    if "protocol" in wish:
        response["headers"] = {"sec-websocket-protocol": wish["protocol"]}
    return response


def main():
    if "--init-error" in sys.argv:
        ask("POST", "init/error", b'{"errorMessage":"no"}')
        return 1
    count = 0
    while True:
        answer, body = ask("GET", "invocation/next")
        request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
        count += 1
        try:
            result = handle(json.loads(body), answer, count)
            ask("POST", f"invocation/{request}/response", json.dumps(result))
        except ValueError as error:
            ask("POST", f"invocation/{request}/error", json.dumps({"errorMessage": str(error), "errorType": "ValueError"}),
                {"Lambda-Runtime-Function-Error-Type": "Function.ValueError"})


if __name__ == "__main__":
    sys.exit(main())
