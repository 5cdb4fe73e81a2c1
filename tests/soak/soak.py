#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two clients write numbered messages while the stage is randomly killed, frozen, reset, throttled, restarted or flooding.

Each message comes back to its sender once; the other sees it at most once, and exactly once while online. Each
client has at most one connection. Memory and descriptors do not grow. Usage: soak.py SECONDS MESSAGES FAULTS SEED"""

import collections
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from datetime import datetime

POLICY = "base=50,cap=1000,floor=100,stable=2000,ping=1000,pong=500,handshake=2500,confirm=500"
MARGIN = 1.5  # a delivery counts only if the other client was online for this many seconds around it
SETTLE = 60  # seconds to send what is queued at the end
FLOOD = "flood"
FLOOD_FRAMES = 20_000


class Stage:
    def __init__(self):
        self.listen = "127.0.0.1:0"
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([os.environ["DYNAMOWAVE_STAGE"], "--listen", self.listen],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.listen = self.process.stdout.readline().split("/")[2]

    def stop(self, how):
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(how)
        self.process.wait(10)
        self.process.stdout.close()


class Proxy:
    """Stands between one client and the stage, counts its connections, and can reset or throttle them."""

    def __init__(self, stage):
        self.stage = stage
        self.pairs = []
        self.ids = {}  # for each pair of sockets, the connection's id as the stage announced it
        self.throttle = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/prod"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            try:
                host, port = self.stage.listen.split(":")
                upstream = socket.create_connection((host, int(port)), timeout=5)
                upstream.settimeout(None)
            except OSError:
                client.close()
                continue
            pair = [client, upstream]
            with self.lock:
                self.pairs.append(pair)
            threading.Thread(target=self.pump, args=(client, upstream, pair, True), daemon=True).start()
            threading.Thread(target=self.pump, args=(upstream, client, pair, False), daemon=True).start()

    def pump(self, source, target, pair, from_client):
        try:
            while data := source.recv(65536):
                if from_client and self.throttle and data[0] == 0x81 and b"\r\n" not in data[:16]:
                    # A small frame from the client, refused as the gateway would.
                    self.throttle -= 1
                    # With the connection's own id, without which the client does not believe the frame.
                    text = b'{"message": "Too Many Requests", "connectionId":"%s", "requestId":"r"}' % self.ids.get(id(pair), b"")
                    source.sendall(bytes([0x81, len(text)]) + text)
                    continue
                if not from_client and (told := re.search(rb'"connectionId":"([^"]+)"', data)):
                    self.ids[id(pair)] = told[1]
                target.sendall(data)
        except OSError:
            pass
        self.close(pair)

    def close(self, pair, reset=False):
        with self.lock:
            if pair in self.pairs:
                self.pairs.remove(pair)
        for end in pair:
            try:
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def open(self):
        with self.lock:
            return len(self.pairs)

    def reset(self):
        for pair in list(self.pairs):
            self.close(pair, True)

    def flood(self):
        """Broadcasts at line speed, in between the stage's own frames."""
        text = b'{"message":"%s"}' % FLOOD.encode()
        for client, _ in list(self.pairs):
            try:
                client.sendall((bytes([0x81, len(text)]) + text) * FLOOD_FRAMES)
            except OSError:
                pass  # the connection closed meanwhile


class Client:
    def __init__(self, name, proxy):
        self.name = name
        self.proxy = proxy
        self.sent = 0
        self.floods = 0  # the number of lines
        self.delivered = collections.Counter()
        self.delivered_at = {}
        self.seen = collections.Counter()
        self.online = []  # of [from, until or None]
        self.process = subprocess.Popen([os.environ["DYNAMOWAVE_CLI"], "chat", proxy.url, "--name", name, "--policy", POLICY],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            when = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
            if event["kind"] == "state":
                if event["state"] == "online" and (not self.online or self.online[-1][1]):
                    self.online.append([when, None])
                elif event["state"] != "online" and self.online and not self.online[-1][1]:
                    self.online[-1][1] = when
            elif event["kind"] == "delivery" and event["state"] == "delivered":
                self.delivered[event["text"]] += 1
                self.delivered_at[event["text"]] = when
            elif event["kind"] == "delivery" and event["state"] == "failed":
                print(f"# {self.name}: {line.strip()}")
            elif event["kind"] == "message" and event["text"] == FLOOD:
                self.floods += 1
            elif event["kind"] == "message":
                self.seen[event["text"]] += 1

    def say(self):
        self.sent += 1
        self.process.stdin.write(f"{self.name} {self.sent}\n")
        self.process.stdin.flush()

    def was_online(self, when):
        return any(start <= when - MARGIN and (end is None or end >= when + MARGIN) for start, end in self.online)

    def cost(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
        return memory, len(os.listdir(f"/proc/{self.process.pid}/fd"))


def fault(dice, stage, clients):
    kind = dice.choice(("kill", "freeze", "freeze-long", "reset", "throttle", "restart", "flood"))
    if kind == "kill":
        stage.stop(signal.SIGKILL)
        time.sleep(dice.uniform(0, 1))
        stage.start()
    elif kind == "restart":
        stage.stop(signal.SIGTERM)
        stage.start()
    elif kind.startswith("freeze"):
        stage.process.send_signal(signal.SIGSTOP)
        time.sleep(dice.uniform(0.1, 1) if kind == "freeze" else dice.uniform(2, 3))
        stage.process.send_signal(signal.SIGCONT)
    elif kind == "flood":
        dice.choice(clients).proxy.flood()
    elif kind == "reset":
        dice.choice(clients).proxy.reset()
    else:
        dice.choice(clients).proxy.throttle = 1
    return kind


def run(seconds, messages, faults, seed):
    dice = random.Random(seed)
    stage = Stage()
    clients = [Client(name, Proxy(stage)) for name in ("Ada", "Eve")]
    until("both online", lambda: all(client.online for client in clients), 20)
    # Memory for bounded caches is filled from the start, so that any growth is a leak.
    for client in clients:
        client.proxy.flood()
    until("the flood to be printed", lambda: all(client.floods == FLOOD_FRAMES for client in clients), SETTLE)
    start = time.monotonic()
    fault_times = sorted(dice.uniform(0.05, 0.95) * seconds for _ in range(faults))
    kinds, costs, many, sent = collections.Counter(), [], 0, 0
    while (now := time.monotonic() - start) < seconds or sent < messages:
        if fault_times and now >= fault_times[0]:
            fault_times.pop(0)
            kinds[fault(dice, stage, clients)] += 1
        while sent < messages and sent <= now / seconds * messages:
            clients[sent % 2].say()
            sent += 1
        # An old connection may take a moment to close; only two that last are counted.
        many = many + 1 if any(client.proxy.open() > 1 for client in clients) else 0
        assert many < 40, f"more than one connection: {[client.proxy.open() for client in clients]}"
        if not costs and now > seconds * 0.3:
            costs.append([client.cost() for client in clients])
        time.sleep(0.05)
    until("everything to come back", lambda: all(len(client.delivered) == client.sent for client in clients), SETTLE)
    until("both online", lambda: all(client.online[-1][1] is None for client in clients), SETTLE)
    time.sleep(2)
    costs.append([client.cost() for client in clients])
    check(clients, costs)
    print(f"# faults: {dict(kinds)}")
    for client in clients:
        client.process.send_signal(signal.SIGTERM)
        assert client.process.wait(5) == 0
    stage.stop(signal.SIGKILL)


def check(clients, costs):
    for client, other in (clients, clients[::-1]):
        assert set(client.delivered.values()) <= {1}, client.delivered.most_common(3)
        assert set(other.seen.values()) <= {1}, other.seen.most_common(3)
        owed = [text for text, when in client.delivered_at.items() if other.was_online(when)]
        missed = [text for text in owed if text not in other.seen]
        assert not missed, f"{other.name} was online and missed {missed[:5]} of {len(owed)}"
        print(f"# {client.name}: {client.sent} sent, {len(client.delivered)} back once each; {other.name} was owed "
              f"{len(owed)}, saw {len(other.seen)}, none twice")
    for (memory, files), (memory_after, files_after), client in zip(*costs, clients):
        print(f"# {client.name}: memory {memory} then {memory_after} KiB, descriptors {files} then {files_after}")
        assert memory_after - memory < 8192 and files_after - files <= 4


def until(what, done, seconds):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)


if __name__ == "__main__":
    print("1..1", flush=True)
    arguments = [int(argument) for argument in sys.argv[1:]]
    try:
        run(*arguments)
        print(f"ok 1 /soak/{'-'.join(sys.argv[1:])}")
    except AssertionError as error:
        print(f"# {error}\nnot ok 1 /soak/{'-'.join(sys.argv[1:])}")
        sys.exit(1)
