#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""200,000 broadcasts of 60 bytes: the client against raw libsoup and against python3-websockets, in one run; then a
million at line speed."""

import base64
import hashlib
import socket
import statistics
import subprocess
import sys
import threading

ROUNDS = 5
FRAMES = 200_000
BURST = 20_000
FLOOD = 1_000_000
FLOOD_ROUNDS = 3

PYTHON_CLIENT = """
import asyncio, json, sys, time
import websockets
async def main():
    async with websockets.connect(sys.argv[1], compression=None, max_queue=None) as socket:
        first, wanted = None, int(sys.argv[2])
        for number in range(wanted):
            frame = json.loads(await socket.recv())
            first = first or time.perf_counter()
            assert int(frame["message"][1:7]) == number
        print(f"{wanted / (time.perf_counter() - first):.0f}")
asyncio.run(main())
"""


def frames(count):
    parts = []
    for number in range(count):
        text = '{"message":"m%06d' % number
        text += "x" * (60 - len(text) - 2) + '"}'
        parts.append(bytes([0x81, 60]) + text.encode())
    return b"".join(parts)


class Sender:
    """Accepts every client and writes everything at once."""

    def __init__(self, payload):
        self.payload = payload
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/prod"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            request = client.recv(65536).decode()
            key = next(line.split(": ")[1] for line in request.split("\r\n") if "sec-websocket-key" in line.lower())
            digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n")
            try:
                client.sendall(self.payload)
                while client.recv(65536):
                    pass
            except OSError:
                pass
            client.close()


def measure(*command):
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    return [float(number) for number in output.split()]


def main(program):
    sender, burst = Sender(frames(FRAMES)), Sender(frames(BURST))
    rates = {"raw": [], "client": [], "python": []}
    memory = []
    for _ in range(ROUNDS):
        for mode in ("raw", "client"):
            figures = measure(program, mode, sender.url, str(FRAMES))
            rates[mode].append(figures[0])
            if mode == "client":
                memory.append(figures[2:])
        rates["python"].append(measure(sys.executable, "-c", PYTHON_CLIENT, sender.url, str(FRAMES))[0])
    gaps = [measure(program, "client", burst.url, str(BURST))[1] for _ in range(ROUNDS)]
    raw, client, python = (statistics.median(rates[mode]) for mode in ("raw", "client", "python"))
    before, most, after = (statistics.median(column) / 1024 for column in zip(*memory))
    print(f"frames a second, medians of {ROUNDS}: raw libsoup {raw:,.0f}, client {client:,.0f}, "
          f"python3-websockets {python:,.0f}")
    print(f"client / raw libsoup: {client / raw:.2f} (at least 0.50)")
    print(f"client / python3-websockets: {client / python:.2f} (at least 1)")
    print(f"longest main-loop gap in a burst of {BURST:,}: {statistics.median(gaps):.1f} ms, worst of {ROUNDS} "
          f"{max(gaps):.1f} ms (at most 50)")
    print(f"memory: {before:.1f} MiB before, {most:.1f} MiB at most, {after:.1f} MiB after")
    flood = Sender(frames(FLOOD))
    floods = {mode: list(zip(*(measure(program, mode, flood.url, str(FLOOD)) for _ in range(FLOOD_ROUNDS)))) for mode in ("raw", "client")}
    for mode, (speed, gap, start, peak, _) in floods.items():
        print(f"{FLOOD:,} at line speed, {mode}: {FLOOD / statistics.median(speed) * 1000:,.0f} ms, longest gap {statistics.median(gap):.1f} ms, "
              f"worst of {FLOOD_ROUNDS} {max(gap):.1f} ms{' (at most 50)' if mode == 'client' else ''}, {(max(peak) - min(start)) / 1024:.1f} MiB more at most")
    gap, start, peak = floods["client"][1:4]
    good = statistics.median(gap) <= 50 and (max(peak) - min(start)) / 1024 <= 64
    good = good and client / raw >= 0.50 and client >= python and statistics.median(gaps) <= 50
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv[1])
