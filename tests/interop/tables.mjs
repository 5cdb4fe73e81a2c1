// SPDX-License-Identifier: GPL-3.0-or-later
// What the chain's test asks of a DynamoDB with AWS's own SDK: node tables.mjs ENDPOINT create | count | fill N BYTES
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';

const [endpoint, what, n, bytes] = process.argv.slice(2);
const client = new DynamoDBClient({ region: 'us-east-1', endpoint, credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' } });

if (what === 'create') {
  for (const [TableName, AttributeName] of [['Connections', 'ConnectionID'], ['Claims', 'MessageID']]) {
    await client.send(new CreateTableCommand({
      TableName, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName, AttributeType: 'S' }],
      KeySchema: [{ AttributeName, KeyType: 'HASH' }],
    }));
  }
} else if (what === 'fill') {
  const now = Math.floor(Date.now() / 1000);
  for (let i = 0; i < Number(n); i++) {
    await client.send(new PutItemCommand({
      TableName: 'Connections',
      Item: { ConnectionID: { S: `R1kmxc2V${String(i).padStart(7, '0')}=` }, Timestamp: { N: String(now) }, Pad: { S: 'x'.repeat(Number(bytes)) } },
    }));
  }
} else {
  let count = 0;
  let ExclusiveStartKey;
  do {
    const page = await client.send(new ScanCommand({ TableName: 'Connections', Select: 'COUNT', ExclusiveStartKey }));
    count += page.Count;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  console.log(count);
}
