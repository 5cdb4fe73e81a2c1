// SPDX-License-Identifier: GPL-3.0-or-later
// The CloudFormation template against AWS's own schema of its resources, and against rules of ours.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { loadAwsServiceSpecSync } = require('@aws-cdk/aws-service-spec');
const { yamlParse } = require('yaml-cfn');

const root = new URL('../../', import.meta.url);
const source = (path) => readFileSync(new URL(path, root), 'utf8');
const db = loadAwsServiceSpecSync();
const PSEUDO = ['AWS::AccountId', 'AWS::NoValue', 'AWS::NotificationARNs', 'AWS::Partition', 'AWS::Region', 'AWS::StackId',
  'AWS::StackName', 'AWS::URLSuffix'];

const specOf = (type) => { const found = db.lookup('resource', 'cloudFormationType', 'equals', type); return found.length ? found.only() : undefined; };
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const intrinsic = (value) => isObject(value) && Object.keys(value).length === 1 && /^(Ref|Condition|Fn::)/.test(Object.keys(value)[0]) ? Object.keys(value)[0] : undefined;

/** Every problem of a template, as words. */
function check(template) {
  const problems = [];
  const say = (path, words) => problems.push(`${path}: ${words}`);
  const { Parameters = {}, Conditions = {}, Resources = {}, Outputs = {} } = template;

  function condition(name, path) {
    if (!(name in Conditions)) say(path, `no condition ${name}`);
  }
  function reference(name, path) {
    if (!(name in Parameters) && !(name in Resources) && !PSEUDO.includes(name)) say(path, `no ${name} to refer to`);
  }
  function attribute(name, attributeName, path) {
    const resource = Resources[name];
    if (!resource) say(path, `no resource ${name}`);
    else if (!(attributeName in (specOf(resource.Type)?.attributes ?? {})) && !(attributeName in (specOf(resource.Type)?.properties ?? {}))) {
      say(path, `${resource.Type} has no attribute ${attributeName}`);
    }
  }
  function substitute(argument, path) {
    const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
    for (const [, name] of text.matchAll(/\$\{([^!}][^}]*)\}/g)) {
      if (name in own) continue;
      const [resource, ...rest] = name.split('.');
      if (rest.length) attribute(resource, rest.join('.'), path);
      else reference(name, path);
    }
    for (const value of Object.values(own)) any(value, path);
  }
  /** A value of which no type is known. */
  function any(value, path) {
    const name = intrinsic(value);
    if (name) { apply(name, value[name], undefined, path); return; }
    if (Array.isArray(value)) value.forEach((one, i) => any(one, `${path}[${i}]`));
    else if (isObject(value)) for (const [key, one] of Object.entries(value)) any(one, `${path}.${key}`);
  }
  function apply(name, argument, type, path) {
    if (name === 'Ref') {
      reference(argument, path);
      const parameter = Parameters[argument];
      if (parameter && type && ['integer', 'number'].includes(type.type) && parameter.Type !== 'Number') say(path, `${argument} is no number`);
      if (parameter?.AllowedValues && type?.allowedValues) {
        for (const value of parameter.AllowedValues) if (!type.allowedValues.includes(value)) say(path, `${argument} may be ${value}`);
      }
    } else if (name === 'Fn::GetAtt') {
      const [resource, ...rest] = Array.isArray(argument) ? argument : argument.split('.');
      attribute(resource, rest.join('.'), path);
    } else if (name === 'Fn::If') {
      condition(argument[0], path);
      for (const branch of argument.slice(1)) if (branch?.Ref !== 'AWS::NoValue') typed(branch, type, path);
    } else if (name === 'Fn::Sub') {
      substitute(argument, path);
      if (type && !['string', 'json', 'union', 'date-time'].includes(type.type)) say(path, `a text is no ${type.type}`);
    } else if (['Fn::Equals', 'Fn::Not', 'Fn::And', 'Fn::Or'].includes(name)) any(argument, path);
    else if (name === 'Condition') condition(argument, path);
    else say(path, `${name} is not expected`);
  }
  function object(value, properties, path) {
    if (!isObject(value)) { say(path, 'no object'); return; }
    for (const [name, one] of Object.entries(value)) {
      if (!(name in properties)) say(path, `no property ${name}`);
      else typed(one, properties[name].type, `${path}.${name}`);
    }
    for (const [name, property] of Object.entries(properties)) if (property.required && !(name in value)) say(path, `${name} is missing`);
  }
  function typed(value, type, path) {
    const name = intrinsic(value);
    if (name) { apply(name, value[name], type, path); return; }
    switch (type?.type) {
      case undefined: case 'json': case 'tag': any(value, path); break;
      case 'union': {
        const before = problems.length;
        const tries = type.types.map((one) => { typed(value, one, path); return problems.splice(before); });
        if (!tries.some((found) => found.length === 0)) problems.push(...tries[0]);
        break;
      }
      case 'string': case 'date-time':
        if (typeof value !== 'string') say(path, `${JSON.stringify(value)} is no text`);
        else if (type.allowedValues && !type.allowedValues.includes(value)) say(path, `${value} is none of ${type.allowedValues}`);
        break;
      case 'integer': case 'number': if (typeof value !== 'number') say(path, `${JSON.stringify(value)} is no number`); break;
      case 'boolean': if (typeof value !== 'boolean') say(path, `${JSON.stringify(value)} is neither true nor false`); break;
      case 'array':
        if (!Array.isArray(value)) say(path, 'no list');
        else value.forEach((one, i) => typed(one, type.element, `${path}[${i}]`));
        break;
      case 'map':
        if (!isObject(value)) say(path, 'no map');
        else for (const [key, one] of Object.entries(value)) typed(one, type.element, `${path}.${key}`);
        break;
      case 'ref': object(value, db.get('typeDefinition', type.reference.$ref).properties, path); break;
      default: say(path, `the schema has a ${type.type}`);
    }
  }

  for (const [name, argument] of Object.entries(Conditions)) any(argument, `Conditions.${name}`);
  for (const [name, resource] of Object.entries(Resources)) {
    const spec = specOf(resource.Type);
    if (!spec) { say(name, `no type ${resource.Type}`); continue; }
    if (resource.Condition) condition(resource.Condition, name);
    for (const other of [resource.DependsOn ?? []].flat()) if (!(other in Resources)) say(name, `depends on no ${other}`);
    const properties = { ...resource.Properties };
    // What `aws cloudformation package` replaces by a place in S3.
    if (resource.Type === 'AWS::Lambda::Function' && typeof properties.Code === 'string') properties.Code = { ZipFile: properties.Code };
    object(properties, spec.properties, name);
  }
  for (const [name, output] of Object.entries(Outputs)) {
    if (output.Condition) condition(output.Condition, `Outputs.${name}`);
    any(output.Value, `Outputs.${name}`);
  }
  return problems;
}

const text = source('data/aws/template.yaml');
const read = () => yamlParse(text);
const template = read();
assert.deepEqual(check(template), []);

// A checker that finds nothing proves nothing: each of these is a mistake.
const mistakes = [
  (t) => { t.Resources.ConnectFunction.Properties.MemmorySize = 1; },
  (t) => { t.Resources.ConnectFunction.Properties.Timeout = '10'; },
  (t) => { delete t.Resources.ConnectRoute.Properties.RouteKey; },
  (t) => { delete t.Resources.ConnectionsTable.Properties.Replicas; },
  (t) => { t.Resources.RedriveMapping.Properties.EventSourceArn = { 'Fn::GetAtt': ['DeadLetters', 'Arm'] }; },
  (t) => { t.Resources.SendMessageFunction.Properties.RecursiveLoop = 'Always'; },
  (t) => { t.Resources.Api.Type = 'AWS::ApiGatewayV3::Api'; },
  (t) => { t.Resources.ConnectPermission.Properties.FunctionName = { Ref: 'ConectFunction' }; },
  (t) => { t.Resources.ApiStage.Properties.AutoDeploy = 'yes'; },
  (t) => { t.Resources.ApiStage.Properties.DefaultRouteSettings.DataTrace = false; },
  (t) => { t.Resources.ApiStage.DependsOn = ['ConectRoute']; },
  (t) => { t.Resources.ConnectionsTable.Properties.Replicas[0].Region = 5; },
  (t) => { t.Resources.Warmer.Condition = 'Warm'; },
  (t) => { t.Resources.ConnectRoute.Properties.Target = { 'Fn::Sub': 'integrations/${Conect}' }; },
  (t) => { t.Outputs.Url.Value = { 'Fn::GetAtt': ['Api', 'Url'] }; },
  (t) => { t.Resources.ConnectFunction.Properties.MemorySize = { Ref: 'StageName' }; },
  (t) => { t.Parameters.ApiLogging.AllowedValues.push('DEBUG'); t.Resources.Redrive = t.Resources.RedriveMapping; t.Resources.Redrive.Properties.BatchSize = 'ten'; },
];
mistakes.forEach((make, number) => {
  const wrong = read();
  make(wrong);
  assert.notDeepEqual(check(wrong), [], `mistake ${number} was not found`);
});

// Rules of ours.
const { Parameters, Resources, Conditions } = template;
const ofType = (type) => Object.entries(Resources).filter(([, resource]) => resource.Type === type);
const all = JSON.stringify(template);

// What each function does to AWS, and nothing else: the code's calls, by reading src/backend.
const CALLS = {
  Connect: ['dynamodb:PutItem'],
  Disconnect: ['dynamodb:DeleteItem'],
  SendMessage: ['dynamodb:DeleteItem', 'dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Scan', 'execute-api:ManageConnections',
    'lambda:InvokeFunction', 'sqs:SendMessage'],
  Default: ['execute-api:ManageConnections'],
  Redrive: ['dynamodb:DeleteItem', 'execute-api:ManageConnections', 'lambda:InvokeFunction', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage', 'sqs:SendMessage'],
};
const statements = (role) => role.Properties.Policies.flatMap((policy) => policy.PolicyDocument.Statement);
for (const [name, calls] of Object.entries(CALLS)) {
  const found = statements(Resources[`${name}Role`]);
  const actions = found.flatMap((statement) => statement.Action);
  assert.deepEqual(actions.filter((action) => !action.startsWith('logs:')).sort(), calls, name);
  assert.deepEqual(actions.filter((action) => action.startsWith('logs:')), ['logs:CreateLogStream', 'logs:PutLogEvents'], name);
}
const operations = new Set([...source('src/backend/aws/dw-dynamo-registry.c').matchAll(/"([A-Z][A-Za-z]+(?:Item|Items|Query|Scan)|Scan|Query)"/g)].map(([, one]) => `dynamodb:${one}`));
assert.deepEqual([...operations].sort(), [...new Set(Object.values(CALLS).flat().filter((call) => call.startsWith('dynamodb:')))].sort());

for (const [name, role] of ofType('AWS::IAM::Role')) {
  for (const statement of statements(role)) {
    assert.equal(statement.Effect, 'Allow');
    for (const action of [statement.Action].flat()) assert.ok(!action.includes('*'), `${name} allows ${action}`);
    for (const resource of statement.Resource) {
      const words = JSON.stringify(resource);
      assert.ok(!words.includes('*') || words.includes('/@connections/*'), `${name} reaches ${words}`);
      assert.equal((words.match(/\*/g) ?? []).length <= 1, true, words);
    }
  }
}
for (const [name, func] of ofType('AWS::Lambda::Function')) {
  const logs = Resources[func.DependsOn];
  assert.deepEqual(logs.Properties.LogGroupName['Fn::Sub'], `/aws/lambda/${func.Properties.FunctionName['Fn::Sub']}`, name);
  assert.ok(['connect', 'disconnect', 'send-message', 'default', 'redrive'].includes(func.Properties.Handler));
  for (const variable of Object.keys(func.Properties.Environment?.Variables ?? {})) {
    assert.ok(source('src/backend/lambda/dw-function-config.c').includes(`"${variable}"`), variable);
  }
}
for (const [name, group] of ofType('AWS::Logs::LogGroup')) assert.ok(group.Properties.RetentionInDays, name);
for (const [name, integration] of ofType('AWS::ApiGatewayV2::Integration')) {
  const seconds = Resources[name.replace('Integration', 'Function')].Properties.Timeout;
  assert.ok(integration.Properties.TimeoutInMillis <= 29000 && seconds * 1000 <= integration.Properties.TimeoutInMillis, name);
}
for (const [name, permission] of ofType('AWS::Lambda::Permission')) {
  const route = Resources[name.replace('Permission', 'Route')].Properties.RouteKey;
  assert.ok(permission.Properties.SourceArn['Fn::Sub'].endsWith(`\${StageName}/${route}`), name);
}
assert.ok(Resources.DeadLetters.Properties.VisibilityTimeout >= 6 * Resources.RedriveFunction.Properties.Timeout);
assert.equal(Resources.RedriveMapping.Properties.Enabled, false);
assert.equal(Resources.ApiStage.Properties.DefaultRouteSettings.DataTraceEnabled, false);
assert.ok(ofType('AWS::CloudWatch::Alarm').length >= 5);
for (const [name, parameter] of Object.entries(Parameters)) {
  assert.ok(parameter.Description, name);
  assert.ok('Default' in parameter, `${name} has no default: a new account could not deploy it as it is`);
  if (/token|secret|password|key/i.test(name)) assert.equal(parameter.Default, '', `${name} has a default`);
  assert.ok(!parameter.AllowedPattern || new RegExp(`^(?:${parameter.AllowedPattern})$`).test(parameter.Default), name);
  assert.ok(!parameter.AllowedValues || parameter.AllowedValues.includes(parameter.Default), name);
  assert.ok(all.includes(`"Ref":"${name}"`) || all.includes(`\${${name}}`), `${name} is of no use`);
}
assert.equal(Parameters.ReservedConcurrency.Default, 0);
for (const name of Object.keys(Conditions)) {
  assert.ok(all.includes(`"Fn::If":["${name}"`) || all.includes(`"Condition":"${name}"`), `${name} is of no use`);
}
for (const name of ['Url', 'Link', 'ApiId', 'TableName', 'ClaimsName', 'DeadLettersUrl']) assert.ok(template.Outputs[name].Description, name);
// Frames are written by people: no log may have them.
assert.ok(!/context\.(body|message)|input\.body/i.test(Resources.ApiStage.Properties.AccessLogSettings.Format.replace('$context.error.message', '')));
console.log(`ok ${Object.keys(Resources).length} resources`);
