// OpenAI Responses: request checks, the whole answer, and the full added/delta/done event ladder.

import * as c from './check.mjs';
import { checkStrictSchema } from './openai.mjs';
import { inputTotal, outputTotal, kSignature } from './scenarios.mjs';
import { eventFrame, freshId, rateHeaders, sendJson, sendStream, sseHeaders, withNoise } from './wire.mjs';

const toolName = c.matching(/^[a-zA-Z0-9_-]{1,64}$/);
const cacheMark = { prompt_cache_breakpoint: c.plainObject };
const inputPart = c.tagged('type', {
  input_text: c.record({ type: c.any, text: c.string }, cacheMark),
  input_image: c.record({ type: c.any }, { image_url: c.matching(/^(https?:|data:image\/)/), file_id: c.string, detail: c.oneOf('low', 'high', 'auto', 'original'), ...cacheMark }),
  input_file: c.record({ type: c.any }, { file_id: c.string, file_url: c.string, file_data: c.string, filename: c.string, ...cacheMark }),
});
const outputPart = c.tagged('type', {
  output_text: c.record({ type: c.any, text: c.string }, { annotations: c.any, logprobs: c.any }),
  refusal: c.record({ type: c.any, refusal: c.string }),
});
const status = c.oneOf('in_progress', 'completed', 'incomplete');

function messageItem(item, path) {
  const part = item.role === 'assistant' ? outputPart : inputPart;
  c.record({ role: c.oneOf('user', 'assistant', 'system', 'developer'), content: c.either(c.string, c.list(part, { min: 1 })) },
    { type: c.any, id: c.string, status, phase: c.any })(item, path);
}
const typedItem = c.tagged('type', {
  message: messageItem,
  function_call: c.record({ type: c.any, call_id: c.filled, name: toolName, arguments: c.jsonText }, { id: c.matching(/^fc_/), status }),
  function_call_output: c.record({ type: c.any, call_id: c.filled, output: c.either(c.string, c.list(inputPart)) }, { id: c.string, status }),
  reasoning: c.record({ type: c.any, summary: c.list(c.record({ type: c.oneOf('summary_text'), text: c.string })) },
    { id: c.matching(/^rs_/), content: c.any, encrypted_content: c.nullable(c.oneOf(kSignature)), status }),
  item_reference: c.record({ type: c.any, id: c.string }),
});
const item = (value, path) => (value?.type === undefined && value?.role ? messageItem : typedItem)(value, path);

const tool = c.tagged('type', {
  function: c.record({ type: c.any, name: toolName }, { description: c.nullable(c.string), parameters: c.nullable(c.plainObject), strict: c.nullable(c.boolean) }),
  web_search: c.any, custom: c.any,
});
const shared = {
  instructions: c.nullable(c.string), tools: c.list(tool), parallel_tool_calls: c.nullable(c.boolean), previous_response_id: c.any, conversation: c.any, truncation: c.any,
  tool_choice: c.either(c.oneOf('none', 'auto', 'required'), c.tagged('type', { function: c.record({ type: c.any, name: toolName }), allowed_tools: c.any })),
  reasoning: c.nullable(c.record({}, { effort: c.nullable(c.oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')), summary: c.nullable(c.oneOf('auto', 'concise', 'detailed')), mode: c.any, context: c.any })),
  text: c.record({}, {
    verbosity: c.nullable(c.oneOf('low', 'medium', 'high')),
    format: c.tagged('type', { text: c.record({ type: c.any }), json_object: c.record({ type: c.any }),
      json_schema: c.record({ type: c.any, name: toolName, schema: c.plainObject }, { strict: c.nullable(c.boolean), description: c.string }) }),
  }),
};
const input = c.either(c.string, c.list(item, { min: 1 }));
const request = c.record({ model: c.filled, input }, {
  ...shared, max_output_tokens: c.nullable(c.positive), max_tool_calls: c.any, include: c.list(c.string), store: c.nullable(c.boolean), background: c.any, context_management: c.any,
  metadata: c.plainObject, prompt: c.any, prompt_cache_key: c.string, prompt_cache_options: c.any, service_tier: c.any, safety_identifier: c.string,
  stream: c.nullable(c.boolean), stream_options: c.record({}, { include_obfuscation: c.boolean }), temperature: c.nullable(c.between(0, 2)),
  top_p: c.nullable(c.between(0, 1)), top_logprobs: c.natural, moderation: c.any, user: c.string,
});
export const checkInputTokens = (body) => c.record({ model: c.filled, input }, shared)(body, '');

export function checkResponses(body) {
  request(body, '');
  const items = Array.isArray(body.input) ? body.input : [];
  const open = new Set();
  items.forEach((it, i) => {
    if (it.type === 'function_call') open.add(it.call_id);
    if (it.type === 'function_call_output' && !open.delete(it.call_id)) c.refuse(`input[${i}]`, `No tool call found for function call output with call_id ${it.call_id}`);
  });
  if (open.size) c.refuse('input', `No tool output found for function call ${[...open]}`);
  const format = body.text?.format;
  if (format?.strict) checkStrictSchema(format.schema, 'text.format.schema');
}

export const responsesAnswered = (body) => Array.isArray(body.input) && body.input.at(-1)?.type === 'function_call_output';

const usageOf = (u) => ({
  input_tokens: inputTotal(u), input_tokens_details: { cached_tokens: u.read, cache_write_tokens: u.write },
  output_tokens: outputTotal(u), output_tokens_details: { reasoning_tokens: u.reasoning }, total_tokens: inputTotal(u) + outputTotal(u),
});

const incompleteReason = { length: 'max_output_tokens', filter: 'content_filter' };

function envelope(body, script, model, output) {
  const reason = incompleteReason[script.finish];
  return {
    id: freshId('resp_up'), object: 'response', created_at: 1790000000, status: reason ? 'incomplete' : 'completed', background: false, error: null,
    incomplete_details: reason ? { reason } : null, instructions: body.instructions ?? null, max_output_tokens: body.max_output_tokens ?? null, model: `${model}-2026-01-01`,
    output, parallel_tool_calls: true, previous_response_id: null, reasoning: { effort: body.reasoning?.effort ?? null, summary: null }, store: body.store ?? true, temperature: 1,
    text: body.text ?? { format: { type: 'text' } }, tool_choice: body.tool_choice ?? 'auto', tools: body.tools ?? [], top_p: 1, truncation: 'disabled', usage: usageOf(script.usage), user: null, metadata: {},
  };
}

/** The output items; each also lists the events that build it between its `added` and `done`. */
function plan(script, body) {
  const items = [];
  if (script.reasoning.length) items.push(reasoningItem(script, body));
  if (script.text.length) items.push(textItem(script));
  script.calls.forEach((call, i) => items.push(callItem(call, i)));
  return items;
}

function reasoningItem(script, body) {
  const text = script.reasoning.join('');
  const part = { type: 'summary_text', text };
  const wantsCipher = body.include?.includes('reasoning.encrypted_content');
  const id = freshId('rs_up');
  const at = { item_id: id, summary_index: 0 };
  return {
    done: { id, type: 'reasoning', summary: [part], ...(wantsCipher ? { encrypted_content: kSignature } : {}) },
    added: { id, type: 'reasoning', summary: [] },
    inside: [
      { type: 'response.reasoning_summary_part.added', ...at, part: { type: 'summary_text', text: '' } },
      ...script.reasoning.map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...at, delta })),
      { type: 'response.reasoning_summary_text.done', ...at, text },
      { type: 'response.reasoning_summary_part.done', ...at, part },
    ],
  };
}

function textItem(script) {
  const text = script.text.join('');
  const part = { type: 'output_text', text, annotations: [], logprobs: [] };
  const id = freshId('msg_up');
  const at = { item_id: id, content_index: 0 };
  return {
    done: { id, type: 'message', status: 'completed', role: 'assistant', content: [part] },
    added: { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] },
    inside: [
      { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
      ...script.text.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [], obfuscation: 'q' })),
      { type: 'response.output_text.done', ...at, text, logprobs: [] },
      { type: 'response.content_part.done', ...at, part },
    ],
  };
}

function callItem(call, i) {
  const done = { id: freshId('fc_up'), type: 'function_call', status: 'completed', call_id: `call_up${i}`, name: call.name, arguments: call.args.join('') || '{}' };
  const at = { item_id: done.id };
  return {
    done, added: { ...done, status: 'in_progress', arguments: '' },
    inside: [
      ...call.args.map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
      { type: 'response.function_call_arguments.done', ...at, name: call.name, arguments: done.arguments },
    ],
  };
}

function ladder(script, body, model) {
  const items = plan(script, body);
  const final = envelope(body, script, model, items.map((it) => it.done));
  const open = { ...final, status: 'in_progress', output: [], usage: null, incomplete_details: null };
  const events = [{ type: 'response.created', response: open }, { type: 'response.in_progress', response: open }];
  items.forEach((it, output_index) => {
    events.push({ type: 'response.output_item.added', output_index, item: it.added });
    events.push(...it.inside.map((e) => ({ ...e, output_index })));
    events.push({ type: 'response.output_item.done', output_index, item: it.done });
  });
  events.push({ type: `response.${final.status}`, response: final });
  return events.map((e, sequence_number) => eventFrame({ ...e, sequence_number }));
}

const kMidStreamError = eventFrame({ type: 'error', sequence_number: 9, code: 'server_error', message: 'The server had an error', param: null });

export function sendResponses(res, body, script, model) {
  const headers = { ...rateHeaders, 'x-request-id': 'req_up_resp' };
  if (!body.stream) return sendJson(res, 200, envelope(body, script, model, plan(script, body).map((it) => it.done)), headers);
  const frames = ladder(script, body, model);
  return sendStream(res, script, script.shape === 'comments' ? withNoise(frames, ': keep-alive\n\n') : frames,
    { headers: { ...sseHeaders, ...headers }, errorFrame: kMidStreamError, garbage: 'event: response.output_text.delta\ndata: {"type":"respo\n\n' });
}
