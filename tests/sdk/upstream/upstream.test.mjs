// The fake upstream has to be strict, or the matrix proves nothing: each test sends what a real provider
// refuses, and what it accepts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { checksum, eventMessage } from './eventstream.mjs';
import { scenarioNames, scriptFor, vectorFor } from './scenarios.mjs';
import { Upstream } from './server.mjs';

const secrets = { openai: 'k-openai', anthropic: 'k-anthropic', gemini: 'k-gemini', vertex: 'k-vertex', azure: 'k-azure', cohere: 'k-cohere',
  compatible: 'k-compatible', bedrock: { accessKeyId: 'AKIA1', secretAccessKey: 's', region: 'us-east-1' } };
const upstream = new Upstream(secrets);
let origin;
before(async () => { origin = `http://127.0.0.1:${await upstream.listen()}`; });
after(() => upstream.close());

async function post(path, body, headers) {
  const response = await fetch(origin + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

const chat = (body) => post('/v1/chat/completions', { model: 'plain', messages: [{ role: 'user', content: 'hi' }], ...body }, { authorization: 'Bearer k-openai' });
const messages = (body, version = '2026-10-21') => post('/v1/messages', { model: 'plain', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], ...body }, { 'x-api-key': 'k-anthropic', 'anthropic-version': version });
const generate = (body, model = 'plain') => post(`/v1beta/models/${model}:generateContent`, { contents: [{ role: 'user', parts: [{ text: 'hi' }] }], ...body }, { 'x-goog-api-key': 'k-gemini' });

const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
const use = { type: 'tool_use', id: 't1', name: 'f', input: {} };
const result = { type: 'tool_result', tool_use_id: 't1', content: 'ok' };
const tool = { name: 'f', input_schema: { type: 'object' } };
const functionCall = { functionCall: { name: 'f', args: {} } };

test('well-formed requests are accepted', async () => {
  for (const answer of [await chat(), await messages(), await generate()]) assert.equal(answer.status, 200, answer.text);
});

const refused = {
  'openai: unknown field': () => chat({ top_k: 5 }),
  'openai: tool message that answers nothing': () => chat({ messages: [{ role: 'tool', tool_call_id: 'c1', content: 'x' }] }),
  'openai: tool call left unanswered': () => chat({ messages: [{ role: 'assistant', content: null, tool_calls: [call] }, { role: 'user', content: 'x' }] }),
  'openai: arguments as an object': () => chat({ messages: [{ role: 'assistant', content: null, tool_calls: [{ ...call, function: { name: 'f', arguments: {} } }] }, { role: 'tool', tool_call_id: 'c1', content: 'x' }] }),
  'openai: stream options without a stream': () => chat({ stream_options: { include_usage: true } }),
  'openai: strict schema that is open': () => chat({ response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: { type: 'object' } } } }),
  'anthropic: no max_tokens': () => messages({ max_tokens: undefined }),
  'anthropic: sampling under the new version': () => messages({ temperature: 1 }),
  'anthropic: unknown version': () => messages({}, '2020-01-01'),
  'anthropic: OpenAI field': () => messages({ n: 1 }),
  'anthropic: tool without object schema': () => messages({ tools: [{ name: 'f', input_schema: { type: 'string' } }] }),
  'anthropic: results split over two turns': () => messages({ tools: [tool], messages: [{ role: 'user', content: 'q' }, { role: 'assistant', content: [use, { ...use, id: 't2' }] },
    { role: 'user', content: [result] }, { role: 'assistant', content: 'hm' }, { role: 'user', content: [{ ...result, tool_use_id: 't2' }] }] }),
  'anthropic: text before the result': () => messages({ tools: [tool], messages: [{ role: 'user', content: 'q' }, { role: 'assistant', content: [use] }, { role: 'user', content: [{ type: 'text', text: 'x' }, result] }] }),
  'anthropic: changed signature': () => messages({ messages: [{ role: 'user', content: 'q' }, { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 'other' }] }, { role: 'user', content: 'q' }] }),
  'gemini: unknown field': () => generate({ max_tokens: 1 }),
  'gemini: schema words beyond the OpenAPI subset': () => generate({ tools: [{ functionDeclarations: [{ name: 'f', parameters: { type: 'OBJECT', additionalProperties: false } }] }] }),
  'gemini: function response without a name': () => generate({ contents: [{ role: 'user', parts: [{ text: 'q' }] }, { role: 'model', parts: [functionCall] }, { role: 'user', parts: [{ functionResponse: { response: {} } }] }] }),
  'gemini: fewer responses than calls': () => generate({ contents: [{ role: 'model', parts: [functionCall, functionCall] }, { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }] }),
  'gemini: $ref inside a response': () => generate({ contents: [{ role: 'model', parts: [functionCall] }, { role: 'user', parts: [{ functionResponse: { name: 'f', response: { a: { $ref: '#/x' } } } }] }] }),
  'gemini: signature missing where the model needs one': () => generate({ contents: [{ role: 'model', parts: [functionCall] }, { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }] }, 'signed-tools'),
  'gemini: schema without its media type': () => generate({ generationConfig: { responseJsonSchema: {} } }),
};

for (const [name, send] of Object.entries(refused)) {
  test(`refused with 400: ${name}`, async () => {
    const answer = await send();
    assert.equal(answer.status, 400, answer.text);
    assert.ok(answer.json().error.message, answer.text);
  });
}

test('every provider takes its own credential and no other', async () => {
  const targets = {
    openai: ['/v1/chat/completions', (k) => ({ authorization: `Bearer ${k}` })], compatible: ['/compatible/v1/chat/completions', (k) => ({ authorization: `Bearer ${k}` })],
    azure: ['/openai/deployments/plain/chat/completions?api-version=2024-10-21', (k) => ({ 'api-key': k })], cohere: ['/v2/embed', (k) => ({ authorization: `Bearer ${k}` })],
    gemini: ['/v1/models/plain:generateContent', (k) => ({ 'x-goog-api-key': k })], vertex: ['/v1/projects/p/locations/l/publishers/google/models/plain:generateContent', (k) => ({ authorization: `Bearer ${k}` })],
    anthropic: ['/v1/messages', (k) => ({ 'x-api-key': k, 'anthropic-version': '2023-06-01' })],
  };
  for (const [name, [path, header]] of Object.entries(targets)) {
    assert.equal((await post(path, {}, header('k-other'))).status, 401, name);
    assert.equal((await post(path, {}, header(secrets[name]))).status, 400, name); // an empty body, but known
  }
  assert.equal((await post('/model/plain/converse', {}, {})).status, 403);
  const forged = 'AWS4-HMAC-SHA256 Credential=AKIA1/20261122/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=' + '0'.repeat(64);
  assert.equal((await post('/model/plain/converse', {}, { authorization: forged, 'x-amz-date': '20261122T000000Z' })).status, 403);
});

test('errors carry the status, kind and retry hint of their dialect', async () => {
  const openai = await chat({ model: 'error-429.some_row' });
  assert.equal(openai.status, 429);
  assert.equal(openai.json().error.code, 'rate_limit_exceeded');
  assert.equal(openai.headers.get('retry-after'), '7');
  assert.equal((await messages({ model: 'error-503' })).status, 529);
  assert.equal((await generate({}, 'error-429')).json().error.details[0].retryDelay, '7s');
  assert.equal((await chat({ model: 'nothing' })).status, 404);
});

test('an event-stream frame has its lengths and both checksums', () => {
  const bytes = eventMessage('messageStart', { role: 'assistant' });
  assert.equal(bytes.readUInt32BE(0), bytes.length);
  assert.equal(bytes.readUInt32BE(8), checksum(bytes.subarray(0, 8)));
  assert.equal(bytes.readUInt32BE(bytes.length - 4), checksum(bytes.subarray(0, -4)));
  assert.equal(checksum(Buffer.from('123456789')), 0xcbf43926); // the check value of CRC-32
});

test('the journal tells what came and how it ended', async () => {
  await chat({ messages: [{ role: 'user', content: 'word-4711' }] });
  const { entries } = await (await fetch(`${origin}/__journal?contains=word-4711`)).json();
  assert.equal(entries.length, 1);
  assert.equal(entries[0].provider, 'openai');
  assert.equal(entries[0].end, 'finished');
  assert.equal(entries[0].headers.authorization, 'Bearer k-openai');
});

test('every scenario has a script, and vectors survive float32', () => {
  for (const name of scenarioNames) for (const answered of [false, true]) assert.ok(scriptFor(name, { answered }));
  assert.deepEqual([...Float32Array.from(vectorFor('x'))], vectorFor('x'));
});
