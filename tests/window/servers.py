# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign peers: raw answers to a handshake, and WebSocket servers and clients of other libraries."""

import asyncio
import base64
import hashlib
import json
import os
import socket
import struct
import subprocess
import threading

import websockets


class RawServer:
    """Answers every request with the same bytes, or with the result of a function; if that is empty it never
    answers."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.asked = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/prod"
        self.open = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            request = connection.recv(65536)
            self.requests.append(request)
            self.asked.set()
            answer = self.answer(request) if callable(self.answer) else self.answer
            if answer:
                connection.sendall(answer)
                connection.close()
            else:
                self.open.append(connection)

    def close(self):
        self.listener.close()
        for connection in self.open:
            connection.close()


class Server:
    """A stage of the documented kind on python3-websockets, which also sends what a test asks for."""

    def __init__(self, closes_after_send=False, refusals=0, greeting=None, route="sendMessage", key="message", takes=0):
        self.route = route
        self.key = key
        self.takes = takes  # how long the handler of a message works, in seconds
        self.closes_after_send = closes_after_send
        self.refusals = refusals
        self.greeting = greeting or ('Use the sendmessage route to send a message. Your info:'
                                     '{"ConnectedAt":"2025-02-03T01:46:33.523Z","connectionID":"FYnvDeD_NjMCKlg="}')
        self.loop = asyncio.new_event_loop()
        self.clients = set()
        self.received = []
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait(10)

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(self._listen())
        self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/prod"
        ready.set()
        self.loop.run_forever()

    async def _listen(self):
        # Newer versions of the library need a running event loop.
        return await websockets.serve(self._client, "127.0.0.1", 0, max_size=None, compression=None)

    async def _client(self, client, path=None):
        self.clients.add(client)
        try:
            async for text in client:
                self.received.append(text)
                frame = json.loads(text)
                if frame.get("action") == self.route and self.closes_after_send:
                    await client.close(1011)
                elif frame.get("action") == self.route and self.refusals:
                    self.refusals -= 1
                    await client.send('{"message": "Internal server error", "connectionId":"FYnvDeD_NjMCKlg=", '
                                      '"requestId":"FYnvDeD_NjMCKlh="}')
                elif frame.get("action") == self.route:
                    await asyncio.sleep(self.takes)
                    # A handler that reads another key broadcasts nothing, and nobody is told.
                    for other in list(self.clients) if self.key in frame else ():
                        await other.send(json.dumps({self.key: frame[self.key]}, separators=(",", ":")))
                else:
                    await client.send(self.greeting)
        except websockets.ConnectionClosed:
            pass
        finally:
            self.clients.discard(client)

    def send(self, *texts):
        async def send_all():
            for client in list(self.clients):
                for text in texts:
                    await client.send(text)

        asyncio.run_coroutine_threadsafe(send_all(), self.loop).result(10)

    def pong(self):
        """Sends pongs that nobody asked for."""

        async def pong_all():
            for client in list(self.clients):
                await client.pong(b"")

        asyncio.run_coroutine_threadsafe(pong_all(), self.loop).result(10)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


def frame(opcode, payload):
    """One unmasked frame, as a server sends it."""
    if len(payload) < 126:
        return bytes([0x80 | opcode, len(payload)]) + payload
    return bytes([0x80 | opcode, 126]) + struct.pack(">H", len(payload)) + payload


class Flooder:
    """A stage that writes as fast as the socket takes it, and meanwhile answers probes and pings as a stage does."""

    def __init__(self, path="prod"):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/{path}"
        self.clients = []
        self.probes = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        lock = threading.Lock()
        reader = client.makefile("rb")
        try:
            key = None
            while (line := reader.readline().strip()):
                name, _, value = line.partition(b":")
                if name.lower() == b"sec-websocket-key":
                    key = value.strip()
            digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
            client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n")
            self.clients.append((client, lock))
            while True:
                opcode, payload = self._read(reader)
                if opcode == 1 and b'"sendMessage"' not in payload:
                    self.probes += 1
                    answer = frame(1, b'Use the sendmessage route to send a message. Your info:{"ConnectedAt":'
                                      b'"2025-02-03T01:46:33.523Z","connectionID":"FYnvDeD_NjMCKlg="}')
                elif opcode == 9:
                    answer = frame(10, payload)
                elif opcode == 8:
                    answer = frame(8, payload[:2])
                else:
                    continue
                with lock:
                    client.sendall(answer)
        except (OSError, EOFError, TypeError):
            pass
        finally:
            self.clients = [other for other in self.clients if other[0] is not client]
            client.close()

    @staticmethod
    def _read(reader):
        head = reader.read(2)
        if len(head) < 2:
            raise EOFError
        length = head[1] & 127
        if length > 125:
            length = int.from_bytes(reader.read(2 if length == 126 else 8), "big")
        mask = reader.read(4)
        payload = reader.read(length)
        return head[0] & 15, bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))

    def pour(self, texts, chunk=1000):
        """Sends all texts, in batches so that a pong can go between them; returns when the sockets have taken them."""
        for start in range(0, len(texts), chunk):
            self._write(b"".join(frame(1, text.encode()) for text in texts[start:start + chunk]))

    def pour_until(self, ended, text):
        """Sends a text repeatedly until an event is set; returns how often."""
        sent = 0
        batch = frame(1, text.encode()) * 1000
        while not ended.is_set():
            self._write(batch)
            sent += 1000
        return sent

    def _write(self, data):
        for client, lock in list(self.clients):
            with lock:
                client.sendall(data)

    def close(self):
        self.listener.close()
        for client, _ in list(self.clients):
            client.close()


NODE_CLIENT = """
const WebSocket = require('ws');
const socket = new WebSocket(process.argv[1]);
socket.on('open', () => socket.send('hello?'));
socket.on('message', (data) => console.log(data.toString()));
socket.on('close', (code) => process.exit(code === 1000 ? 0 : 1));
process.stdin.on('data', (data) => data.toString().split('\\n').filter(Boolean).forEach((line) => socket.send(line)));
process.stdin.on('end', () => socket.close(1000));
"""


class NodeClient:
    """A client with Node's ws, driven line by line."""

    def __init__(self, url):
        environment = {**os.environ, "NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs:/usr/lib/node_modules"}
        self.process = subprocess.Popen(["node", "-e", NODE_CLIENT, url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1, env=environment)

    def send(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def receive(self):
        line = self.process.stdout.readline().rstrip("\n")
        assert line, "Node's client ended"
        return line

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(10)
        self.process.stdout.close()
        return status


class Proxy:
    """Stands between one client and a stage, and resets the connection on demand."""

    def __init__(self, stage):
        self.stage = stage
        self.requests = []
        self.fate = None  # whether to reset before the next echo (True) or after it (False), or None
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/prod"
        threading.Thread(target=self._serve, daemon=True).start()

    def reset_at(self, before_echo):
        """Resets the connection when the next message has been broadcast: before its echo passes, or after."""
        self.fate = before_echo

    def _serve(self):
        while True:
            client, _ = self.listener.accept()
            try:
                host, port = self.stage.url.split("/")[2].split(":")
                upstream = socket.create_connection((host, int(port)), timeout=5)
                upstream.settimeout(None)
            except OSError:
                client.close()
                continue
            for source, target, inwards in ((client, upstream, False), (upstream, client, True)):
                threading.Thread(target=self._pump, args=(source, target, inwards), daemon=True).start()

    def _pump(self, source, target, inwards):
        try:
            while data := source.recv(65536):
                if not inwards and data.startswith(b"GET "):
                    self.requests.append(data)
                with self.lock:
                    fate, self.fate = (self.fate, None) if inwards and b'"id"' in data and b"sentAt" in data else (None, self.fate)
                if fate is not True:
                    target.sendall(data)
                if fate is not None:
                    break
        except OSError:
            pass
        for end in (source, target):
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
