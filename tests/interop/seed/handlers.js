// SPDX-License-Identifier: GPL-3.0-or-later
// Both deployed variants: VARIANT=documented broadcasts JSON to everybody, VARIANT=raw the text to the others.
const { DynamoDBClient, DeleteItemCommand, PutItemCommand, ScanCommand } = require('@aws-sdk/client-dynamodb');
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require('@aws-sdk/client-apigatewaymanagementapi');

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const table = new DynamoDBClient({ region: 'us-east-1', endpoint: process.env.DYNAMODB_URL, credentials });
const gateway = new ApiGatewayManagementApiClient({ region: 'us-east-1', endpoint: process.env.GATEWAY_URL, credentials });
const TableName = 'Connections';

const post = (ConnectionId, text) => gateway.send(new PostToConnectionCommand({ ConnectionId, Data: Buffer.from(text) }));

exports.connect = async (event) => {
  const { connectionId, connectedAt } = event.requestContext;
  await table.send(new PutItemCommand({ TableName, Item: { ConnectionID: { S: connectionId }, Timestamp: { N: `${connectedAt}` } } }));
  return { statusCode: 200 };
};

exports.disconnect = async (event) => {
  await table.send(new DeleteItemCommand({ TableName, Key: { ConnectionID: { S: event.requestContext.connectionId } } }));
  return { statusCode: 200 };
};

exports.fallback = async (event) => {
  const { connectionId, connectedAt } = event.requestContext;
  const info = { ConnectedAt: new Date(connectedAt).toISOString(), connectionID: connectionId };
  await post(connectionId, `Use the sendmessage route to send a message. Your info:${JSON.stringify(info)}`);
  return { statusCode: 200 };
};

exports.sendMessage = async (event) => {
  const own = event.requestContext.connectionId;
  const { message } = JSON.parse(event.body);
  const raw = process.env.VARIANT === 'raw';
  let ExclusiveStartKey;
  do {
    const page = await table.send(new ScanCommand({ TableName, ProjectionExpression: 'ConnectionID', ExclusiveStartKey }));
    for (const { ConnectionID: { S: id } } of page.Items) {
      if (raw && id === own) continue;
      try {
        await post(id, raw ? message : JSON.stringify({ message }));
      } catch (error) {
        if (error.$metadata?.httpStatusCode !== 410) throw error;
        await table.send(new DeleteItemCommand({ TableName, Key: { ConnectionID: { S: id } } }));
      }
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return { statusCode: 200, body: 'Message sent' };
};
