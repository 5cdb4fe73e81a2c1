// SPDX-License-Identifier: GPL-3.0-or-later
// A handler for AWS's own runtime interface client: it does what the event's body says.
import { writeFileSync } from 'node:fs';

let count = 0;

export async function connect() {
  return { statusCode: 200 };
}

export async function handle(event, context) {
  const { what } = JSON.parse(event.body);
  count += 1;
  if (what !== 'tell') writeFileSync(process.env.PID_FILE, String(process.pid));
  if (what === 'throw') throw new TypeError('as told');
  if (what === 'exit') process.exit(3);
  if (what === 'uncaught') setTimeout(() => { throw new Error('as told'); }, 1);
  if (what === 'uncaught' || what === 'hang') await new Promise(() => setInterval(() => {}, 1000));
  if (what === 'large') return { statusCode: 200, body: 'x'.repeat(7000000) };
  const told = { pid: process.pid, count, id: context.awsRequestId, left: context.getRemainingTimeInMillis(), arn: context.invokedFunctionArn,
                 name: context.functionName, trace: process.env._X_AMZN_TRACE_ID, route: event.requestContext.routeKey };
  return { statusCode: 200, body: JSON.stringify(told) };
}

// What is called back may come later than what waits for it.
export function callBack(event, context, done) {
  setTimeout(() => done(null, { statusCode: 200, body: '"called back"' }), 10);
}
