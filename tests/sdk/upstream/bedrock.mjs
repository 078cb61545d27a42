// Bedrock runtime: Converse, ConverseStream and CountTokens, with signed requests and event-stream frames.

import * as c from './check.mjs';
import { eventMessage, exceptionMessage } from './eventstream.mjs';
import { inputTotal, kSignature, outputTotal, usageAs } from './scenarios.mjs';
import { sendJson, sendStream } from './wire.mjs';

const name = c.matching(/^[a-zA-Z0-9_-]{1,64}$/);
const id = c.matching(/^[a-zA-Z0-9_.:-]{1,64}$/);
const bytes = c.keyed({ bytes: c.base64, s3Location: c.any });
const image = c.record({ format: c.oneOf('png', 'jpeg', 'gif', 'webp'), source: bytes });
const document = c.record({ format: c.oneOf('pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'), name: c.matching(/^[A-Za-z0-9 ()[\]-]+$/),
  source: c.keyed({ bytes: c.base64, s3Location: c.any, text: c.string, content: c.any }) }, { context: c.any, citations: c.any });
const cachePoint = c.record({ type: c.oneOf('default') }, { ttl: c.oneOf('5m', '1h') });
const notBlank = (value, path) => { c.string(value, path); if (value.trim() === '') c.refuse(path, 'The text field in the ContentBlock object is blank. Add text to the text field, and try again.'); };
const signature = (value, path) => { if (value !== kSignature) c.refuse(path, 'Invalid `signature` in `thinking` block'); };
const block = c.keyed({
  text: notBlank, image, document, video: c.any, audio: c.any, cachePoint, guardContent: c.any, citationsContent: c.any, searchResult: c.any,
  toolUse: c.record({ toolUseId: id, name, input: c.plainObject }),
  toolResult: c.record({ toolUseId: id, content: c.list(c.keyed({ text: c.string, json: c.plainObject, image, document, video: c.any })) }, { status: c.oneOf('success', 'error') }),
  reasoningContent: c.keyed({ reasoningText: c.record({ text: c.string }, { signature }), redactedContent: c.base64 }),
});
const message = c.record({ role: c.oneOf('user', 'assistant'), content: c.list(block, { min: 1 }) });
const toolEntry = c.keyed({
  toolSpec: c.record({ name, inputSchema: c.keyed({ json: objectSchema }) }, { description: c.filled, strict: c.boolean }), cachePoint, systemTool: c.any,
});
function objectSchema(value, path) {
  c.plainObject(value, path);
  if (value.type !== 'object') c.refuse(`${path}.type`, 'The value at toolConfig.tools.inputSchema.json.type must be one of the following: object.');
}
const empty = c.record({});
const toolConfig = c.record({ tools: c.list(toolEntry, { min: 1 }) }, { toolChoice: c.keyed({ auto: empty, any: empty, tool: c.record({ name }) }) });
const outputConfig = c.record({}, { effort: c.any, textFormat: c.record({ type: c.oneOf('json_schema'),
  structure: c.keyed({ jsonSchema: c.record({ schema: c.jsonText }, { name: c.string, description: c.string }) }) }) });
const request = c.record({ messages: c.list(message, { min: 1 }) }, {
  system: c.list(c.keyed({ text: notBlank, cachePoint, guardContent: c.any })), toolConfig, outputConfig,
  inferenceConfig: c.record({}, { maxTokens: c.positive, temperature: c.between(0, 1), topP: c.between(0, 1), stopSequences: c.list(c.filled, { max: 2500 }) }),
  guardrailConfig: c.any, additionalModelRequestFields: c.plainObject, additionalModelResponseFieldPaths: c.list(c.string), requestMetadata: c.plainObject,
  performanceConfig: c.any, serviceTier: c.any, promptVariables: c.any,
});

const idsIn = (message, kind) => (message?.content ?? []).filter((b) => b[kind]).map((b) => b[kind].toolUseId);

export function checkConverse(body) {
  request(body, '');
  body.messages.forEach((m, i) => {
    if (m.role !== (i % 2 ? 'assistant' : 'user')) c.refuse(`messages.${i}`, 'A conversation must start with a user message and roles must alternate between "user" and "assistant".');
    const asked = idsIn(body.messages[i - 1], 'toolUse').sort();
    const answered = idsIn(m, 'toolResult').sort();
    if (m.role === 'user' && JSON.stringify(asked) !== JSON.stringify(answered)) c.refuse(`messages.${i}`, `Expected toolResult blocks for the following Ids: ${asked}, but found: ${answered}`);
  });
  if (body.messages.at(-1).content.some((b) => b.toolUse)) c.refuse('messages', 'the last message asks for tools');
  const usesTools = body.messages.some((m) => m.content.some((b) => b.toolUse || b.toolResult));
  if (usesTools && !body.toolConfig) c.refuse('toolConfig', 'The toolConfig field must be defined when using toolUse and toolResult content blocks.');
  const thinking = body.additionalModelRequestFields?.thinking;
  if (thinking?.type === 'enabled' && !(thinking.budget_tokens >= 1024 && thinking.budget_tokens < (body.inferenceConfig?.maxTokens ?? 4096))) {
    c.refuse('additionalModelRequestFields.thinking', '`max_tokens` must be greater than `thinking.budget_tokens`, which must be at least 1024');
  }
}

export const checkCount = (body) => c.record({ input: c.keyed({ converse: c.plainObject, invokeModel: c.plainObject }) })(body, '');
export const converseAnswered = (body) => body.messages.at(-1).content.some((b) => b.toolResult);

const stopWord = { stop: 'end_turn', tools: 'tool_use', length: 'max_tokens', filter: 'content_filtered' };
const usageOf = (script) => {
  const u = usageAs('bedrock', script.usage);
  return { inputTokens: u.fresh, outputTokens: outputTotal(u), totalTokens: inputTotal(u) + outputTotal(u), cacheReadInputTokens: u.read, cacheWriteInputTokens: u.write };
};

function content(script) {
  const out = [];
  if (script.reasoning.length) out.push({ reasoningContent: { reasoningText: { text: script.reasoning.join(''), signature: kSignature } } });
  if (script.text.length) out.push({ text: script.text.join('') });
  script.calls.forEach((call, i) => out.push({ toolUse: { toolUseId: `tooluse_up${i}`, name: call.name, input: call.value } }));
  return out;
}

/** Start events are sent for tools only, and metadata follows messageStop, as the service does it. */
function* events(script) {
  yield ['messageStart', { role: 'assistant' }];
  let contentBlockIndex = 0;
  const build = function* build(deltas) {
    for (const delta of deltas) yield ['contentBlockDelta', { contentBlockIndex, delta }];
    yield ['contentBlockStop', { contentBlockIndex }];
    contentBlockIndex++;
  };
  if (script.reasoning.length) {
    yield* build([...script.reasoning.map((text) => ({ reasoningContent: { text } })), { reasoningContent: { signature: kSignature } }]);
  }
  if (script.text.length) yield* build(script.text.map((text) => ({ text })));
  for (const [i, call] of script.calls.entries()) {
    yield ['contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId: `tooluse_up${i}`, name: call.name } } }];
    const parts = script.shape === 'whole-arguments' ? [call.args.join('')].filter(Boolean) : call.args;
    yield* build(parts.map((input) => ({ toolUse: { input } })));
  }
  yield ['messageStop', { stopReason: stopWord[script.finish] }];
  yield ['metadata', { usage: usageOf(script), metrics: { latencyMs: 12 } }];
}

const padded = (payload, i) => ({ ...payload, p: 'abcdefghijklmnopqrstuvwxyz'.slice(0, i % 26) });

export function sendConverse(res, script, { stream }) {
  const headers = { 'x-amzn-requestid': 'req-up-bedrock' };
  if (!stream) {
    return sendJson(res, 200, { output: { message: { role: 'assistant', content: content(script) } }, stopReason: stopWord[script.finish],
      usage: usageOf(script), metrics: { latencyMs: 12 } }, headers);
  }
  const frames = [...events(script)].map(([type, payload], i) => eventMessage(type, padded(payload, i)));
  return sendStream(res, script, frames, {
    headers: { 'content-type': 'application/vnd.amazon.eventstream', ...headers },
    errorFrame: exceptionMessage('modelStreamErrorException', { message: 'The model failed in mid-stream', originalStatusCode: 500 }),
    garbage: Buffer.from('this is not an event-stream frame, but it is long enough to be taken for one'),
  });
}

const errorType = { invalid: 'ValidationException', authentication: 'UnrecognizedClientException', permission: 'AccessDeniedException', not_found: 'ResourceNotFoundException',
  rate_limit: 'ThrottlingException', server: 'InternalServerException', overloaded: 'ServiceUnavailableException' };
export const errorBody = (e) => ({ message: e.message });
export const errorHeaders = (e) => ({ 'x-amzn-errortype': `${e.code ?? errorType[e.kind]}:http://internal.amazon.com/coral/com.amazon.bedrock/`, 'x-amzn-requestid': 'req-up-bedrock-err' });
