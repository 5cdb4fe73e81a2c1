#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole AWS system on this machine: a stage, our function behind its routes, and npm's DynamoDB; see ./dev aws local."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROUTES = ("$connect", "$disconnect", "$default", "sendMessage")


def main():
    stage, bootstrap = sys.argv[1:3]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with subprocess.Popen(["node", ROOT / "tests/interop/table.mjs"], cwd=ROOT / "tests/interop", stdout=subprocess.PIPE, text=True) as table:
        try:
            endpoint = table.stdout.readline().strip()
            if not endpoint:
                raise SystemExit("dev: npm's DynamoDB does not start")
            # Not a person's own credentials: nothing here is on AWS.
            clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
            routes = [word for route in ROUTES for word in ("--function", f"{route}={bootstrap}")]
            with subprocess.Popen([stage, *routes, *sys.argv[3:]],
                                  env={**clean, "AWS_ENDPOINT_URL_DYNAMODB": endpoint, "DYNAMOWAVE_TABLE": "Connections",
                                       "DYNAMOWAVE_CLAIMS": "Claims"}) as process:
                try:
                    return process.wait()
                except (KeyboardInterrupt, SystemExit):
                    process.terminate()
                    return process.wait()
        finally:
            table.kill()


if __name__ == "__main__":
    sys.exit(main())
