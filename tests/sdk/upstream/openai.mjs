// OpenAI chat completions, legacy completions, embeddings and models, and the same under Azure's
// deployment paths. Formats: the service's API reference.

import * as c from './check.mjs';
import { inputTotal, outputTotal, scenarioNames, usageAs, vectorFor } from './scenarios.mjs';
import { dataFrame, freshId, rateHeaders, sendJson, sendStream, sseHeaders, withNoise } from './wire.mjs';

const toolName = c.matching(/^[a-zA-Z0-9_-]{1,64}$/);
const breakpoint = { prompt_cache_breakpoint: c.plainObject };
const textPart = c.record({ type: c.any, text: c.string }, breakpoint);
const dataOrHttpUrl = c.matching(/^(https?:\/\/|data:image\/(png|jpeg|gif|webp);base64,)/);
const userPart = c.tagged('type', {
  text: textPart,
  image_url: c.record({ type: c.any, image_url: c.record({ url: dataOrHttpUrl }, { detail: c.oneOf('auto', 'low', 'high', 'original') }) }, breakpoint),
  input_audio: c.record({ type: c.any, input_audio: c.record({ data: c.base64, format: c.oneOf('wav', 'mp3') }) }, breakpoint),
  file: c.record({ type: c.any, file: c.record({}, { file_id: c.string, file_data: c.string, filename: c.string }) }, breakpoint),
});
const textOnly = c.either(c.string, c.list(textPart, { min: 1 }));
const toolCall = c.tagged('type', {
  function: c.record({ id: c.filled, type: c.any, function: c.record({ name: toolName, arguments: c.string }) }, { extra_content: c.any }),
  custom: c.record({ id: c.filled, type: c.any, custom: c.record({ name: toolName, input: c.string }) }),
});
const assistantContent = c.either(c.string, c.list(c.tagged('type', {
  text: textPart, refusal: c.record({ type: c.any, refusal: c.string }) })));
const named = { name: c.string };
// `reasoning_content` comes back from clients of servers that send it; those accept and ignore it.
const message = (compatible) => c.tagged('role', {
  system: c.record({ role: c.any, content: textOnly }, named),
  developer: c.record({ role: c.any, content: textOnly }, named),
  user: c.record({ role: c.any, content: c.either(c.string, c.list(userPart, { min: 1 })) }, named),
  assistant: c.record({ role: c.any }, {
    content: c.nullable(assistantContent), refusal: c.nullable(c.string), audio: c.any, tool_calls: c.list(toolCall, { min: 1 }), ...named,
    annotations: c.any, ...(compatible ? { reasoning_content: c.any, reasoning: c.any, reasoning_details: c.any } : {}) }),
  tool: c.record({ role: c.any, tool_call_id: c.filled, content: textOnly }, named),
});
const schemaFormat = c.record({ name: toolName, schema: c.plainObject }, { description: c.string, strict: c.nullable(c.boolean) });
const tool = c.tagged('type', {
  function: c.record({ type: c.any, function: c.record({ name: toolName }, { description: c.string, parameters: c.plainObject, strict: c.nullable(c.boolean) }) }),
  custom: c.record({ type: c.any, custom: c.record({ name: toolName }, { description: c.string, format: c.plainObject }) }),
});
const toolChoice = c.either(c.oneOf('none', 'auto', 'required'), c.tagged('type', {
  function: c.record({ type: c.any, function: c.record({ name: toolName }) }),
  custom: c.record({ type: c.any, custom: c.record({ name: toolName }) }),
  allowed_tools: c.record({ type: c.any, allowed_tools: c.plainObject }),
}));
const chatRequest = (azure, compatible) => c.record({ ...(azure ? {} : { model: c.filled }), messages: c.list(message(compatible), { min: 1 }) }, {
  model: c.any, audio: c.any, frequency_penalty: c.between(-2, 2), function_call: c.any, functions: c.any, logit_bias: c.plainObject,
  logprobs: c.boolean, max_completion_tokens: c.nullable(c.positive), max_tokens: c.nullable(c.positive), metadata: c.plainObject, modalities: c.any,
  moderation: c.any, n: c.positive, parallel_tool_calls: c.boolean, prediction: c.any, presence_penalty: c.between(-2, 2),
  prompt_cache_key: c.string, prompt_cache_options: c.any, prompt_cache_retention: c.any,
  reasoning_effort: c.oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
  response_format: c.tagged('type', { text: c.record({ type: c.any }), json_object: c.record({ type: c.any }),
    json_schema: c.record({ type: c.any, json_schema: schemaFormat }) }),
  safety_identifier: c.string, seed: c.nullable(c.natural), service_tier: c.string,
  stop: c.nullable(c.either(c.string, c.list(c.string, { min: 1, max: 4 }))),
  store: c.boolean, stream: c.nullable(c.boolean), stream_options: c.record({}, { include_usage: c.boolean, include_obfuscation: c.boolean }),
  temperature: c.nullable(c.between(0, 2)), tool_choice: toolChoice, tools: c.list(tool, { min: 1 }), top_logprobs: c.natural,
  top_p: c.nullable(c.between(0, 1)), user: c.string, verbosity: c.oneOf('low', 'medium', 'high'), web_search_options: c.any,
});

/** Every tool call is answered by tool messages before anything else is said, and nothing answers thin air. */
function checkToolOrder(messages) {
  let open = new Set();
  messages.forEach((m, i) => {
    const at = `messages[${i}]`;
    if (m.role === 'tool') {
      if (!open.delete(m.tool_call_id)) c.refuse(at, "messages with role 'tool' must be a response to a preceding message with 'tool_calls'");
      return;
    }
    if (open.size) c.refuse(at, `an assistant message with 'tool_calls' must be followed by tool messages; unanswered: ${[...open]}`);
    if (m.role !== 'assistant') return;
    if (m.content == null && !m.tool_calls && !m.refusal && !m.audio) c.refuse(at, 'assistant content is required unless tool_calls is given');
    open = new Set((m.tool_calls ?? []).map((t) => t.id));
  });
  if (open.size) c.refuse('messages', `tool calls without an answer: ${[...open]}`);
}

/** `strict: true` demands closed objects with every property required, as the real service does. */
export function checkStrictSchema(schema, path) {
  if (schema?.type === 'object') {
    if (schema.additionalProperties !== false) c.refuse(path, "'additionalProperties' is required to be supplied and to be false");
    const missing = Object.keys(schema.properties ?? {}).filter((name) => !schema.required?.includes(name));
    if (missing.length) c.refuse(path, `'required' must list every property; missing ${missing}`);
  }
  for (const [name, child] of Object.entries(schema?.properties ?? {})) checkStrictSchema(child, `${path}.properties.${name}`);
}

export function checkChat(body, { azure, compatible }) {
  chatRequest(azure, compatible)(body, '');
  checkToolOrder(body.messages);
  if (body.stream_options && !body.stream) c.refuse('stream_options', 'only allowed when stream is enabled');
  if (body.tool_choice && !body.tools) c.refuse('tool_choice', "only allowed when 'tools' are specified");
  if (body.parallel_tool_calls !== undefined && !body.tools) c.refuse('parallel_tool_calls', "only allowed when 'tools' are specified");
  if (body.max_tokens != null && body.max_completion_tokens != null) c.refuse('max_tokens', 'set max_completion_tokens or max_tokens, not both');
  const format = body.response_format?.json_schema;
  if (format?.strict) checkStrictSchema(format.schema, 'response_format.json_schema.schema');
}

export const chatAnswered = (body) => body.messages.at(-1).role === 'tool';

export const chatUsage = (u) => ({
  prompt_tokens: inputTotal(u), completion_tokens: outputTotal(u), total_tokens: inputTotal(u) + outputTotal(u),
  prompt_tokens_details: { cached_tokens: u.read, cache_write_tokens: u.write, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: u.reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
});

const finishWord = { stop: 'stop', tools: 'tool_calls', length: 'length', filter: 'content_filter' };
const callId = (i) => `call_up${i}`;
const wholeCall = (call, i) => ({ id: callId(i), type: 'function', function: { name: call.name, arguments: call.args.join('') || '{}' } });
// OpenAI itself never sends reasoning text in chat; compatible servers do.
const reasoningField = (script) => (script.shape === 'reasoning-alias' ? 'reasoning' : 'reasoning_content');

export function chatAnswer(script, head, flavour) {
  const message = { role: 'assistant', content: script.text.join('') || null, refusal: null, annotations: [] };
  if (script.calls.length) message.tool_calls = script.calls.map(wholeCall);
  if (flavour.compatible && script.reasoning.length) message[reasoningField(script)] = script.reasoning.join('');
  return {
    ...head, object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishWord[script.finish] }],
    usage: chatUsage(usageAs(flavour.compatible ? 'compatible' : 'openai', script.usage)), service_tier: 'default', system_fingerprint: 'fp_up',
  };
}

/** The tool-call deltas of a script, in the shape it asks for. Parallel calls interleave, as the format allows. */
function toolDeltas(script) {
  const first = (call, i, args) => ({ index: i, id: callId(i), type: 'function', function: { name: call.name, arguments: args } });
  if (script.shape === 'whole-arguments') return [script.calls.map((call, i) => first(call, i, call.args.join('') || '{}'))];
  if (script.shape === 'unnumbered') return script.calls.map((call, i) => [{ ...first(call, i, call.args.join('')), index: -1 }]);
  const deltas = script.calls.map((call, i) => [first(call, i, '')]);
  const longest = Math.max(0, ...script.calls.map((call) => call.args.length));
  for (let n = 0; n < longest; n++) {
    script.calls.forEach((call, i) => {
      if (n < call.args.length) deltas.push([{ index: i, function: { arguments: call.args[n] } }]);
    });
  }
  return deltas;
}

function chatDeltas(script, flavour) {
  const deltas = [{ role: 'assistant', content: '', refusal: null }];
  if (flavour.compatible) deltas.push(...script.reasoning.map((text) => ({ [reasoningField(script)]: text })));
  const tools = toolDeltas(script);
  if (script.shape === 'text-and-tool' && tools.length) {
    deltas.push({ content: script.text.join(''), tool_calls: tools.shift() });
  } else {
    deltas.push(...script.text.map((content) => ({ content })));
  }
  return [...deltas, ...tools.map((tool_calls) => ({ tool_calls }))];
}

export function chatFrames(script, head, flavour, includeUsage) {
  const base = { ...head, object: 'chat.completion.chunk', service_tier: 'default', system_fingerprint: 'fp_up', ...(includeUsage ? { usage: null } : {}) };
  const chunk = (delta, finish_reason = null) => ({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason }], obfuscation: 'Xy3' });
  const chunks = chatDeltas(script, flavour).map((delta) => chunk(delta));
  const finish = chunk({}, finishWord[script.finish]);
  if (script.shape === 'finish-early') chunks.splice(chunks.length - 1, 0, finish); else chunks.push(finish);
  if (flavour.azure || script.shape === 'empty-choices') {
    chunks.unshift({ ...base, id: '', model: '', created: 0, choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] });
    chunks.splice(3, 0, { ...base, choices: [{ index: 0, finish_reason: null, content_filter_offsets: { check_offset: 4 }, content_filter_results: {} }] });
  }
  if (includeUsage) {
    chunks.push({ ...base, choices: [], usage: chatUsage(usageAs(flavour.compatible ? 'compatible' : 'openai', script.usage)) });
  }
  return [...chunks.map((c) => dataFrame(c)), dataFrame('[DONE]')];
}

const kMidStreamError = dataFrame({ error: { message: 'The server had an error while processing your request', type: 'server_error', param: null, code: null } });

const respond = (res, script, body, frames) => (body.stream
  ? sendStream(res, script, script.shape === 'comments' ? withNoise(frames(), ': keep-alive\n\n') : frames(),
    { headers: { ...sseHeaders, ...rateHeaders, 'x-request-id': 'req_up_chat' }, errorFrame: kMidStreamError, garbage: 'data: {"choices":[{"delta"\n\n' })
  : sendJson(res, 200, frames(), { ...rateHeaders, 'x-request-id': 'req_up_chat', 'openai-processing-ms': '12' }));

export function sendChat(res, body, script, model, flavour) {
  const head = { id: freshId('chatcmpl-up'), created: 1790000000, model: `${model}-2026-01-01` };
  return respond(res, script, body, () => (body.stream
    ? chatFrames(script, head, flavour, body.stream_options?.include_usage === true || script.shape === 'usage-unasked')
    : chatAnswer(script, head, flavour)));
}

const completionRequest = (azure) => c.record({ ...(azure ? {} : { model: c.filled }), prompt: c.either(c.string, c.list(c.any)) }, {
  model: c.any, best_of: c.natural, echo: c.boolean, frequency_penalty: c.number, logit_bias: c.plainObject, logprobs: c.natural, max_tokens: c.natural,
  n: c.positive, presence_penalty: c.number, seed: c.natural, stop: c.any, stream: c.boolean,
  stream_options: c.plainObject, suffix: c.string, temperature: c.number, top_p: c.number, user: c.string,
});
export const checkCompletion = (body, { azure }) => completionRequest(azure)(body, '');

export function sendCompletion(res, body, script, model, flavour) {
  const head = { id: freshId('cmpl-up'), object: 'text_completion', created: 1790000000, model };
  const choice = (text, finish_reason) => ({ index: 0, text, logprobs: null, finish_reason });
  const usage = chatUsage(usageAs(flavour.compatible ? 'compatible' : 'openai', script.usage));
  const finish = finishWord[script.finish];
  return respond(res, script, body, () => {
    if (!body.stream) return { ...head, choices: [choice(script.text.join(''), finish)], usage };
    const chunks = script.text.map((text) => ({ ...head, choices: [choice(text, null)] }));
    chunks.push({ ...head, choices: [choice('', finish)] });
    if (body.stream_options?.include_usage) chunks.push({ ...head, choices: [], usage });
    return [...chunks.map((c) => dataFrame(c)), dataFrame('[DONE]')];
  });
}

const tokens = c.list(c.natural, { min: 1 });
export const checkEmbeddings = (body, { azure }) => c.record({
  ...(azure ? {} : { model: c.filled }), input: c.either(c.filled, c.list(c.filled, { min: 1 }), tokens, c.list(tokens, { min: 1 })),
}, { model: c.any, dimensions: c.positive, encoding_format: c.oneOf('float', 'base64'), user: c.string })(body, '');

export function sendEmbeddings(res, body, model) {
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  const encode = (v) => (body.encoding_format === 'base64' ? Buffer.from(Float32Array.from(v).buffer).toString('base64') : v);
  const data = inputs.map((text, index) => ({ object: 'embedding', index, embedding: encode(vectorFor(String(text), body.dimensions)) }));
  sendJson(res, 200, { object: 'list', data, model, usage: { prompt_tokens: 4 * inputs.length, total_tokens: 4 * inputs.length } },
    { ...rateHeaders, 'x-request-id': 'req_up_embed' });
}

export const modelList = () => ({ object: 'list', data: scenarioNames.map((id) => ({ id, object: 'model', created: 1790000000, owned_by: 'fake' })) });

const errorType = { invalid: 'invalid_request_error', authentication: 'invalid_request_error', permission: 'insufficient_permissions',
  not_found: 'invalid_request_error', rate_limit: 'requests', server: 'server_error', overloaded: 'server_error' };
const errorCode = { authentication: 'invalid_api_key', not_found: 'model_not_found', rate_limit: 'rate_limit_exceeded' };

export const errorBody = (e) => ({ error: { message: e.message, type: errorType[e.kind] ?? 'server_error', param: e.path ?? null, code: e.code ?? errorCode[e.kind] ?? null } });
export const errorHeaders = (e) => ({ ...rateHeaders, 'x-request-id': 'req_up_err', ...(e.status === 429 ? { 'retry-after': String(e.retryAfter), 'retry-after-ms': String(e.retryAfter * 1000) } : {}) });
