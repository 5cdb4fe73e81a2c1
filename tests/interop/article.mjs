// SPDX-License-Identifier: GPL-3.0-or-later
// Somebody else's function: the four handlers as their article has them, with AWS's SDK, over the runtime API.
import { ApiGatewayManagementApiClient, GetConnectionCommand, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';

const table = new DynamoDBClient({});
const gateway = new ApiGatewayManagementApiClient({});
const TableName = process.env.DYNAMOWAVE_TABLE;
const parallel = process.env.ARTICLE_PARALLEL === '1';

const handlers = {
  async connect({ requestContext: { connectionId, connectedAt } }) {
    await table.send(new PutItemCommand({ TableName, Item: { ConnectionID: { S: connectionId }, Timestamp: { N: String(Math.floor(connectedAt / 1000)) } } }));
  },
  async disconnect({ requestContext: { connectionId } }) {
    await table.send(new DeleteItemCommand({ TableName, Key: { ConnectionID: { S: connectionId } } }));
  },
  async default({ requestContext: { connectionId } }) {
    const { ConnectedAt, Identity } = await gateway.send(new GetConnectionCommand({ ConnectionId: connectionId }));
    const info = JSON.stringify({ ConnectedAt, Identity, connectionID: connectionId });
    await gateway.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: `Use the sendmessage route to send a message. Your info:${info}` }));
  },
  async 'send-message'({ body }) {
    const Data = JSON.stringify({ message: JSON.parse(body).message });
    const { Items } = await table.send(new ScanCommand({ TableName }));
    const post = (item) => gateway.send(new PostToConnectionCommand({ ConnectionId: item.ConnectionID.S, Data })).catch(() => {});
    if (parallel) await Promise.all(Items.map(post));
    else for (const item of Items) await post(item);
  },
};

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
for (;;) {
  const next = await fetch(`${api}/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  try {
    await handlers[process.env._HANDLER](await next.json());
    await fetch(`${api}/${id}/response`, { method: 'POST', body: '{"statusCode":200}' });
  } catch (error) {
    await fetch(`${api}/${id}/error`, { method: 'POST', body: JSON.stringify({ errorMessage: String(error), errorType: error.name }) });
  }
}
