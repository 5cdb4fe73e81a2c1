// SPDX-License-Identifier: GPL-3.0-or-later
// AWS for the benchmark of the functions: a table of so many connections, and posts that are answered after a while.
// node functions-stub.mjs CERTIFICATE KEY CONNECTIONS MILLISECONDS; prints its port.
import { readFileSync } from 'node:fs';
import https from 'node:https';

const [certificate, key, connections, milliseconds] = process.argv.slice(2);
const Items = Array.from({ length: Number(connections) }, (_, i) => ({ ConnectionID: { S: `R1kmxc2V${String(i).padStart(7, '0')}=` }, Timestamp: { N: '1' } }));
const page = JSON.stringify({ Items, Count: Items.length, ScannedCount: Items.length });

const server = https.createServer({ cert: readFileSync(certificate), key: readFileSync(key), keepAliveTimeout: 60000 }, (request, response) => {
  request.resume();
  request.on('end', () => {
    const target = request.headers['x-amz-target'];
    const answer = target?.endsWith('.Scan') ? page : target ? '{}' : '';
    const send = () => { response.setHeader('Content-Length', Buffer.byteLength(answer)); response.end(answer); };
    if (target || milliseconds === '0') send();
    else setTimeout(send, Number(milliseconds));
  });
});
server.listen(0, '127.0.0.1', 1024, () => console.log(server.address().port));
