// SPDX-License-Identifier: GPL-3.0-or-later
// The AWS SDK against a stage: posts to, looks up and deletes a connection that ws holds.
import assert from 'node:assert/strict';
import { ApiGatewayManagementApiClient, DeleteConnectionCommand, GetConnectionCommand,
  PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import WebSocket from 'ws';

const [url, accessKeyId, secretAccessKey] = process.argv.slice(2);

function management(key, secret) {
  return new ApiGatewayManagementApiClient({
    region: 'us-east-1', endpoint: url.replace('ws:', 'http:'), maxAttempts: 1,
    credentials: { accessKeyId: key, secretAccessKey: secret },
  });
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it succeeded');
}

const socket = new WebSocket(url);
const frames = [];
let wake = () => {};
socket.on('message', (data) => { frames.push(data.toString()); wake(); });
const next = async () => {
  while (frames.length === 0) await new Promise((resolve) => { wake = resolve; });
  return frames.shift();
};
const closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, reason.toString()])));
await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
socket.send('who am I');
const { connectionId } = JSON.parse(await next());

const client = management(accessKeyId, secretAccessKey);
const posted = await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from('hé from the SDK') }));
assert.equal(posted.$metadata.httpStatusCode, 200);
assert.equal(await next(), 'hé from the SDK');

const found = await client.send(new GetConnectionCommand({ ConnectionId: connectionId }));
assert.ok(found.ConnectedAt instanceof Date && Math.abs(found.ConnectedAt - Date.now()) < 60000, found.ConnectedAt);
assert.equal(found.Identity.SourceIp, '127.0.0.1');

const wrong = await failure(management(accessKeyId, 'not the secret').send(new GetConnectionCommand({ ConnectionId: connectionId })));
assert.equal(wrong.$metadata.httpStatusCode, 403);
const large = await failure(client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.alloc(131073, 'x') })));
assert.equal(large.name, 'PayloadTooLargeException');
const malformed = await failure(client.send(new PostToConnectionCommand({ ConnectionId: 'nope', Data: Buffer.from('x') })));
assert.equal(malformed.$metadata.httpStatusCode, 400);

const deleted = await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
assert.equal(deleted.$metadata.httpStatusCode, 204);
assert.deepEqual(await closed, [1000, 'Connection Closed Normally']);
const gone = await failure(client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from('x') })));
assert.equal(gone.name, 'GoneException');
assert.equal(gone.$metadata.httpStatusCode, 410);
console.log('ok');
