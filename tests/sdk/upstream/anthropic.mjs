// Anthropic Messages: request checks as strict as the service's, whole answers, the event stream,
// count_tokens and models.

import * as c from './check.mjs';
import { kSignature, outputTotal, scenarioNames } from './scenarios.mjs';
import { eventFrame, freshId, sendJson, sendStream, sseHeaders, withNoise } from './wire.mjs';

export const kVersions = ['2023-06-01', '2026-10-21'];

const cache = { cache_control: c.nullable(c.record({ type: c.oneOf('ephemeral') }, { ttl: c.oneOf('5m', '1h') })) };
const id = c.matching(/^[a-zA-Z0-9_-]+$/);
const text = c.record({ type: c.any, text: c.filled }, { ...cache, citations: c.any });
const source = c.tagged('type', {
  base64: c.record({ type: c.any, media_type: c.oneOf('image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf'), data: c.base64 }),
  url: c.record({ type: c.any, url: c.matching(/^https?:/) }),
  file: c.record({ type: c.any, file_id: c.string }),
  text: c.record({ type: c.any, media_type: c.oneOf('text/plain'), data: c.string }),
  content: c.any,
});
const image = c.record({ type: c.any, source }, cache);
const document = c.record({ type: c.any, source }, { ...cache, title: c.any, context: c.any, citations: c.any });
const resultContent = c.either(c.string, c.list(c.tagged('type', { text, image, document, search_result: c.any, tool_reference: c.any })));
const signature = (value, path) => { if (value !== kSignature) c.refuse(path, 'Invalid `signature` in `thinking` block'); };
const block = c.tagged('type', {
  text, image, document, search_result: c.any, redacted_thinking: c.record({ type: c.any, data: c.filled }),
  tool_use: c.record({ type: c.any, id, name: c.matching(/^[a-zA-Z0-9_-]{1,128}$/), input: c.plainObject }, { ...cache, caller: c.any }),
  tool_result: c.record({ type: c.any, tool_use_id: id }, { content: resultContent, is_error: c.boolean, ...cache }),
  thinking: c.record({ type: c.any, thinking: c.string, signature }),
});
const message = c.record({ role: c.oneOf('user', 'assistant', 'system'), content: c.either(c.filled, c.list(block, { min: 1 })) });
const schemaObject = c.record({ type: c.oneOf('object') }, { properties: c.plainObject, required: c.list(c.string), additionalProperties: c.any, description: c.string, $defs: c.any, $schema: c.any, title: c.string });
const tool = (value, path) => (value?.type && value.type !== 'custom' ? c.any : c.record({ name: c.matching(/^[a-zA-Z0-9_-]{1,128}$/), input_schema: schemaObject },
  { type: c.any, description: c.filled, strict: c.boolean, eager_input_streaming: c.any, defer_loading: c.any, input_examples: c.any, allowed_callers: c.any, ...cache }))(value, path);
const parallel = { disable_parallel_tool_use: c.boolean };
const toolChoice = c.tagged('type', { auto: c.record({ type: c.any }, parallel), any: c.record({ type: c.any }, parallel),
  tool: c.record({ type: c.any, name: c.filled }, parallel), none: c.record({ type: c.any }) });
const budget = (value, path) => { c.positive(value, path); if (value < 1024) c.refuse(path, 'Input should be greater than or equal to 1024'); };
const display = { display: c.oneOf('summarized', 'omitted', 'full') };
const thinking = c.tagged('type', { enabled: c.record({ type: c.any, budget_tokens: budget }, display),
  adaptive: c.record({ type: c.any }, display), disabled: c.record({ type: c.any }), between_tools: c.any });

function closedSchema(value, path) {
  c.plainObject(value, path);
  if (value.type === 'object' && value.additionalProperties !== false) c.refuse(path, "For 'object' type, 'additionalProperties' must be explicitly set to false");
}
const outputConfig = c.record({}, { effort: c.nullable(c.oneOf('low', 'medium', 'high', 'xhigh', 'max')),
  format: c.nullable(c.record({ type: c.oneOf('json_schema'), schema: closedSchema })) });

const countable = {
  system: c.either(c.string, c.list(text)), thinking, tools: c.list(tool), tool_choice: toolChoice, output_config: outputConfig, ...cache,
};
const sampling = { temperature: c.between(0, 1), top_p: c.between(0, 1), top_k: c.natural };
const request = (version) => c.record({ model: c.filled, max_tokens: c.natural, messages: c.list(message, { min: 1 }) }, {
  ...countable, stop_sequences: c.list(c.filled), stream: c.boolean, metadata: c.record({}, { user_id: c.nullable(c.string) }), service_tier: c.oneOf('auto', 'standard_only'),
  speed: c.any, inference_geo: c.any, container: c.any, diagnostics: c.any, ...(version === '2023-06-01' ? sampling : {}),
});

const blocksOf = (m) => (typeof m.content === 'string' ? [{ type: 'text', text: m.content }] : m.content);

/** The service merges consecutive turns of one role before it checks the order of tool results. */
function merged(messages) {
  const turns = [];
  for (const m of messages) {
    if (turns.at(-1)?.role === m.role) turns.at(-1).blocks.push(...blocksOf(m));
    else turns.push({ role: m.role, blocks: [...blocksOf(m)] });
  }
  return turns;
}

function checkTurns(messages) {
  const turns = merged(messages);
  if (turns[0].role === 'assistant') c.refuse('messages', 'first message must use the "user" role');
  turns.forEach((turn, i) => {
    const asked = new Set(turns[i - 1]?.blocks.filter((b) => b.type === 'tool_use').map((b) => b.id));
    const answers = turn.blocks.filter((b) => b.type === 'tool_result');
    for (const a of answers) {
      if (turn.role !== 'user') c.refuse(`messages[${i}]`, '`tool_result` blocks can only be in `user` messages');
      if (!asked.delete(a.tool_use_id)) c.refuse(`messages[${i}]`, `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${a.tool_use_id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message`);
    }
    if (asked.size) c.refuse(`messages[${i}]`, `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...asked]}`);
    const lastAnswer = turn.blocks.findLastIndex((b) => b.type === 'tool_result');
    if (lastAnswer >= answers.length) c.refuse(`messages[${i}]`, 'tool_result blocks must come first in the user turn');
  });
  const dangling = turns.at(-1).blocks.filter((b) => b.type === 'tool_use');
  if (dangling.length) c.refuse('messages', '`tool_use` without `tool_result`');
}

export function checkMessages(body, version) {
  request(version)(body, '');
  checkTurns(body.messages);
  if (body.tool_choice && !body.tools) c.refuse('tool_choice', 'tool_choice may only be specified while providing tools');
  if (body.thinking?.type === 'enabled' && body.thinking.budget_tokens >= body.max_tokens) c.refuse('thinking.budget_tokens', '`max_tokens` must be greater than `thinking.budget_tokens`');
  if (body.thinking && body.thinking.type !== 'disabled' && body.temperature !== undefined && body.temperature !== 1) c.refuse('temperature', '`temperature` may only be set to 1 when thinking is enabled');
  const usesTools = body.messages.some((m) => blocksOf(m).some((b) => b.type === 'tool_use'));
  if (usesTools && !body.tools?.length) c.refuse('tools', 'Requests which include `tool_use` or `tool_result` blocks must define tools');
}

export const checkCount = (body) => c.record({ model: c.filled, messages: c.list(message, { min: 1 }) }, countable)(body, '');

export const messagesAnswered = (body) => blocksOf(body.messages.at(-1)).some((b) => b.type === 'tool_result');

const inputUsage = (u) => ({
  input_tokens: u.fresh, cache_creation_input_tokens: u.write, cache_read_input_tokens: u.read,
  cache_creation: { ephemeral_5m_input_tokens: u.write, ephemeral_1h_input_tokens: 0 }, service_tier: 'standard', inference_geo: 'not_available',
});
const usageOf = (u) => ({ ...inputUsage(u), output_tokens: outputTotal(u), output_tokens_details: { thinking_tokens: u.reasoning }, server_tool_use: null });
const stopWord = { stop: 'end_turn', tools: 'tool_use', length: 'max_tokens', filter: 'refusal' };
const detailsOf = (script) => (script.finish === 'filter' ? { type: 'refusal', category: 'cyber', explanation: 'refused on purpose' } : null);

/** Content blocks with the deltas that build each of them. */
function blocks(script) {
  const out = [];
  if (script.reasoning.length) {
    out.push({
      whole: { type: 'thinking', thinking: script.reasoning.join(''), signature: kSignature }, start: { type: 'thinking', thinking: '', signature: '' },
      deltas: [...script.reasoning.map((thinking) => ({ type: 'thinking_delta', thinking })), { type: 'signature_delta', signature: kSignature }],
    });
  }
  if (script.text.length) {
    out.push({ whole: { type: 'text', text: script.text.join('') }, start: { type: 'text', text: '' }, deltas: script.text.map((t) => ({ type: 'text_delta', text: t })) });
  }
  script.calls.forEach((call, i) => {
    const head = { type: 'tool_use', id: `toolu_up${i}`, name: call.name };
    out.push({ whole: { ...head, input: call.value }, start: { ...head, input: {} }, deltas: argumentDeltas(script, call) });
  });
  return out;
}

function argumentDeltas(script, call) {
  const parts = script.shape === 'whole-arguments' ? [call.args.join('')].filter(Boolean) : ['', ...call.args];
  return (call.args.length ? parts : []).map((partial_json) => ({ type: 'input_json_delta', partial_json }));
}

function frames(script, head) {
  const events = [{ type: 'message_start', message: { ...head, content: [], stop_reason: null, stop_sequence: null, stop_details: null, usage: { ...inputUsage(script.usage), output_tokens: 1 } } }];
  blocks(script).forEach((b, index) => {
    events.push({ type: 'content_block_start', index, content_block: b.start });
    if (index === 0) events.push({ type: 'ping' });
    events.push(...b.deltas.map((delta) => ({ type: 'content_block_delta', index, delta })));
    events.push({ type: 'content_block_stop', index });
  });
  events.push({ type: 'message_delta', delta: { stop_reason: stopWord[script.finish], stop_sequence: null, stop_details: detailsOf(script), container: null }, usage: usageOf(script.usage) });
  events.push({ type: 'message_stop' });
  const out = events.map(eventFrame);
  return script.shape === 'comments' ? withNoise(out, eventFrame({ type: 'ping' })) : out;
}

const rateHeaders = Object.fromEntries(['requests', 'tokens', 'input-tokens', 'output-tokens'].flatMap((kind) => [
  [`anthropic-ratelimit-${kind}-limit`, '4000'], [`anthropic-ratelimit-${kind}-remaining`, '3999'], [`anthropic-ratelimit-${kind}-reset`, '2026-11-22T12:00:00Z'],
]));

export function sendMessages(res, body, script, model) {
  const head = { id: freshId('msg_up'), type: 'message', role: 'assistant', model, container: null };
  const headers = { ...rateHeaders, 'request-id': 'req_up_msg' };
  if (!body.stream) {
    const end = { stop_reason: stopWord[script.finish], stop_sequence: null, stop_details: detailsOf(script) };
    return sendJson(res, 200, { ...head, content: blocks(script).map((b) => b.whole), ...end, usage: usageOf(script.usage) }, headers);
  }
  return sendStream(res, script, frames(script, head), {
    headers: { ...sseHeaders, ...headers },
    errorFrame: eventFrame({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: 'req_up_msg' }),
    garbage: 'event: content_block_delta\ndata: {"type":"content_bl\n\n',
  });
}

export const modelList = () => {
  const data = scenarioNames.map((name) => ({ type: 'model', id: name, display_name: name, created_at: '2026-01-01T00:00:00Z', max_input_tokens: 200000, max_tokens: 64000 }));
  return { data, has_more: false, first_id: data[0].id, last_id: data.at(-1).id };
};

const errorType = { invalid: 'invalid_request_error', authentication: 'authentication_error', permission: 'permission_error', not_found: 'not_found_error',
  rate_limit: 'rate_limit_error', server: 'api_error', overloaded: 'overloaded_error' };
export const errorStatus = (e) => (e.kind === 'overloaded' ? 529 : e.status);
export const errorBody = (e) => ({ type: 'error', error: { type: errorType[e.kind], message: e.message }, request_id: 'req_up_err' });
export const errorHeaders = (e) => ({ ...rateHeaders, 'request-id': 'req_up_err', ...(e.status === 429 ? { 'retry-after': String(e.retryAfter) } : {}) });
