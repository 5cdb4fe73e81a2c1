#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dynamowave-cli load beside Artillery, against the stage, a bare epoll server and Node's ws, in one run.

For each server: the processor time that a generator spends on a delivery and on measuring its latency, while all connections are
open and messages come at a fixed rate; and the median latency that ours reports, beside that of a reader made of system calls alone (bench-fanout)."""

import asyncio
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import websockets

from fanout import NODE

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "1000"))
# Low enough that nobody falls behind: several messages in one read would be cheaper.
RATE = 5
SECONDS = 6
# A later Artillery is ten times as large.
ARTILLERY = "artillery@1.7.9"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dynamowave" / "artillery"
# What one adds to Artillery to learn the latency of each delivery, which it does not measure for a WebSocket.
PROCESSOR = """
module.exports = { listen: (context, events, done) => {
  context.ws.on('message', (data) => {
    const parts = JSON.parse(data).message.split(' ');
    events.emit('histogram', 'latency', Date.now() - parseInt(parts[4], 10));
  });
  done();
} };
"""
TICK = os.sysconf("SC_CLK_TCK")


def bring_artillery():
    program = CACHE / "node_modules" / ".bin" / "artillery"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", CACHE, "--no-audit", "--no-fund", "--ignore-scripts", ARTILLERY],
                       stdout=sys.stderr, check=True, timeout=600)
    return program


def start(name, floor):
    command = {"stage": [os.environ["DYNAMOWAVE_STAGE"], "--connection-rate", "0"],
               "node": ["node", "-e", NODE], "epoll": [floor, "epoll"]}[name]
    environment = {**os.environ, "NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs:/usr/lib/node_modules"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    return server, re.search(r"(\d+)(/prod)?$", server.stdout.readline().strip()).group(1)


def processor(pid):
    """The seconds of a processor that a process and its children have taken."""
    total = 0
    for path in [pid, *subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()]:
        fields = Path(f"/proc/{path}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def until_open(server, generator):
    deadline = time.monotonic() + 60
    while len(os.listdir(f"/proc/{server.pid}/fd")) < CONNECTIONS:
        assert generator.poll() is None and time.monotonic() < deadline, "the connections were not opened"
        time.sleep(0.05)


def until_idle(generator):
    """Until it has caught up."""
    before = -1
    while (now := processor(generator.pid)) > before:
        before = now
        time.sleep(0.5)


async def send(url):
    """What Artillery is sent, at a fixed rate, by somebody else."""
    async with websockets.connect(url, max_size=None, compression=None) as client:
        async def drop():
            async for _ in client:
                pass

        reading = asyncio.ensure_future(drop())
        began = time.monotonic()
        for number in range(RATE * SECONDS):
            await client.send(json.dumps({"action": "sendMessage", "message": f"load 00000000 0 {number} {time.time() * 1000:.0f}."}))
            await asyncio.sleep(max(0, began + (number + 1) / RATE - time.monotonic()))
        reading.cancel()


def measure_ours(name, floor):
    server, port = start(name, floor)
    try:
        generator = subprocess.Popen([os.environ["DYNAMOWAVE_CLI"], "load", f"ws://127.0.0.1:{port}/prod", "--connections", str(CONNECTIONS),
                                      "--ramp", "2000", "--rate", str(RATE), "--duration", str(SECONDS), "--json"], stdout=subprocess.PIPE, text=True)
        until_open(server, generator)
        before = processor(generator.pid)
        # It sends for SECONDS, and ends when the last one has arrived.
        while generator.poll() is None:
            try:
                spent = processor(generator.pid) - before
            except (FileNotFoundError, IndexError):
                break
            time.sleep(0.02)
        result = json.loads(generator.communicate(timeout=60)[0])
        assert result["received"] == RATE * SECONDS * CONNECTIONS, result
        return spent / (RATE * SECONDS * CONNECTIONS) * 1e6, result["latencyUs"]["p50"] / 1000
    finally:
        server.kill()
        server.wait()


def measure_artillery(name, floor, program):
    server, port = start(name, floor)
    url = f"ws://127.0.0.1:{port}/prod"
    with tempfile.TemporaryDirectory() as folder:
        script = {"config": {"target": url, "processor": "./processor.js", "phases": [{"duration": 4, "arrivalCount": CONNECTIONS}]},
                  "scenarios": [{"engine": "ws", "flow": [{"function": "listen"}, {"think": 60}]}]}
        Path(f"{folder}/processor.js").write_text(PROCESSOR, encoding="utf-8")
        Path(f"{folder}/script.json").write_text(json.dumps(script), encoding="utf-8")
        environment = {**os.environ, "ARTILLERY_DISABLE_TELEMETRY": "true", "HOME": folder}
        generator = subprocess.Popen([program, "run", "-q", f"{folder}/script.json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=folder)
        try:
            until_open(server, generator)
            time.sleep(0.5)
            before = processor(generator.pid)
            asyncio.run(send(url))
            until_idle(generator)
            return (processor(generator.pid) - before) / (RATE * SECONDS * CONNECTIONS) * 1e6
        finally:
            generator.kill()
            generator.wait()
            server.kill()
            server.wait()


def measure_floor(name, floor):
    server, port = start(name, floor)
    try:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        output = subprocess.run([floor, "load", port, str(CONNECTIONS), str(SECONDS), str(server.pid), "1"], capture_output=True, text=True,
                                check=True, timeout=120).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        rate, median = (float(figure) for figure in output.split()[:2])
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / (rate * SECONDS) * 1e6, median
    finally:
        server.kill()
        server.wait()


def main(floor):
    program = bring_artillery()
    good = True
    for name in ("stage", "epoll", "node"):
        ours, medians, theirs, least, costs = [], [], [], [], []
        for _ in range(ROUNDS):
            cost, median = measure_ours(name, floor)
            ours.append(cost)
            medians.append(median)
            theirs.append(measure_artillery(name, floor, program))
            floor_cost, floor_median = measure_floor(name, floor)
            costs.append(floor_cost)
            least.append(floor_median)
        cost, artillery, median, bare, bare_cost = (statistics.median(row) for row in (ours, theirs, medians, least, costs))
        print(f"{CONNECTIONS:,} connections, {name}: {cost:.2f} µs of a processor a delivery, a bare reader {bare_cost:.2f}, Artillery {artillery:.2f}: {cost / artillery:.2f} of it "
              f"(at most 0.33); p50 {median:.2f} ms, a bare reader {bare:.2f}: {median - bare:+.2f} ms (below 1)", flush=True)
        good = good and cost <= artillery / 3 and median - bare < 1
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv[1])
