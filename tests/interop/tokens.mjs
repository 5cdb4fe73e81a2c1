// SPDX-License-Identifier: GPL-3.0-or-later
// A stage on Node's ws that says how it was asked to let somebody in, or with an address and a token a client that asks.
import { WebSocket, WebSocketServer } from "ws";

const [, , address, token] = process.argv;

function say(words) {
  process.stdout.write(JSON.stringify(words) + "\n");
}

function serve() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });

  server.on("listening", () => say({ url: `ws://127.0.0.1:${server.address().port}` }));
  server.on("connection", (socket, request) => {
    const header = (name) => Buffer.from(request.headers[name] ?? "", "latin1").toString("utf8");

    say({
      target: request.url,
      // As API Gateway and every form does it: once.
      token: new URL(request.url, "ws://h").searchParams.get("token") ?? "",
      authorization: header("authorization"),
      key: header("x-api-key"),
      protocol: header("sec-websocket-protocol"),
    });
    socket.close(1000);
  });
}

function ask(url, options) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, options);

    socket.on("open", () => { socket.close(); resolve("open"); });
    socket.on("unexpected-response", (_, response) => resolve(String(response.statusCode)));
    socket.on("error", (error) => resolve(error.message));
  });
}

if (address === undefined) {
  serve();
} else {
  const bytes = Buffer.from(token, "utf8").toString("latin1");

  say([
    await ask(`${address}?token=${encodeURIComponent(token)}`),
    await ask(`${address}?${new URLSearchParams({ token })}`),
    await ask(address, { headers: { Authorization: `Bearer ${bytes}` } }),
    await ask(`${address}?token=${encodeURIComponent(token)}x`),
  ]);
}
