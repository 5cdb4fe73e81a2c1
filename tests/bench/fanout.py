#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sender, many idle connections: the stage against a Node ws broadcast server and a bare epoll one, in one run."""

import os
import re
import statistics
import subprocess
import sys

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = "3"
SIZES = (100, 1000, 5000)

NODE = """
const { WebSocketServer } = require('ws');
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, clientTracking: true }, () =>
  console.log(server.address().port));
server.on('connection', (socket) => socket.on('message', (data) => {
  const frame = JSON.parse(data);
  const text = JSON.stringify({ message: frame.message });
  for (const client of server.clients) client.send(text);
}));
"""


def start(name, program):
    command = {"stage": [os.environ["DYNAMOWAVE_STAGE"], "--connection-rate", "0"],
               "node": ["node", "-e", NODE], "epoll": [program, "epoll"]}[name]
    environment = {**os.environ, "NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs:/usr/lib/node_modules"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    return server, re.search(r"(\d+)(/prod)?$", server.stdout.readline().strip()).group(1)


def measure(name, program, size):
    server, port = start(name, program)
    try:
        output = subprocess.run([program, "load", port, str(size), SECONDS, str(server.pid)], capture_output=True,
                                text=True, check=True, timeout=120).stdout
        return [float(figure) for figure in output.split()]
    finally:
        server.kill()
        server.wait()


def main(program):
    good = True
    for size in SIZES:
        figures = {name: [] for name in ("stage", "node", "epoll")}
        for _ in range(ROUNDS):
            for name, rows in figures.items():
                rows.append(measure(name, program, size))
        medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in figures.items()}
        for name, (rate, median, late, memory, busy) in medians.items():
            print(f"{size:,} connections, {name}: {rate:,.0f} deliveries a second, p50 {median:.1f} ms, p99 {late:.1f} ms, "
                  f"{memory:.1f} KiB a connection, {busy:.1f} µs of a processor a delivery")
        stage, node, epoll = medians["stage"], medians["node"], medians["epoll"]
        wanted = {100: 0, 1000: 2.5, 5000: 2.5}[size]
        print(f"  stage / Node: {stage[0] / node[0]:.2f} of its deliveries (at least {wanted}), "
              f"{stage[2] / node[2]:.2f} of its p99 (below 1), {stage[3] / node[3]:.2f} of its memory (at most 0.6)")
        print(f"  stage / floor: {stage[0] / epoll[0]:.2f} of its deliveries, {epoll[4] / stage[4]:.2f} by processor time (at least 0.5)")
        if size >= 1000:
            good = good and epoll[4] >= 0.5 * stage[4]
            good = good and stage[0] >= wanted * node[0] and stage[2] < node[2] and stage[3] <= 0.6 * node[3]
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv[1])
