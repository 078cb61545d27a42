// Responses by the `openai` package. Streams are held to the full event ladder.

import OpenAI from 'openai';
import * as expect from '../expect.mjs';
import { describeError, isNativeError } from './openai_chat.mjs';

function toInput(ask) {
  return ask.turns.flatMap((turn) => {
    if (turn.answer) return turn.answer.replay;
    if (turn.results) return turn.results.map((r) => ({ type: 'function_call_output', call_id: r.call.id, output: r.text }));
    return [{ role: 'user', content: [
      { type: 'input_text', text: turn.user },
      ...(turn.images ?? []).map((data) => ({ type: 'input_image', image_url: `data:image/png;base64,${data}`, detail: 'auto' })),
    ] }];
  });
}

function toParams(ask) {
  return {
    model: ask.model, input: toInput(ask), store: false,
    ...(ask.system ? { instructions: ask.system } : {}),
    ...(ask.maxTokens ? { max_output_tokens: ask.maxTokens } : {}),
    ...(ask.effort ? { reasoning: { effort: ask.effort, summary: 'auto' }, include: ['reasoning.encrypted_content'] } : {}),
    ...(ask.tools ? { tools: ask.tools.map((t) => ({ type: 'function', name: t.name, description: t.description, parameters: t.schema, strict: false })) } : {}),
    ...(ask.toolChoice ? { tool_choice: ask.toolChoice.name ? { type: 'function', name: ask.toolChoice.name } : ask.toolChoice } : {}),
    ...(ask.schema ? { text: { format: { type: 'json_schema', name: 'person', schema: ask.schema, strict: true } } } : {}),
  };
}

function usageFrom(u) {
  expect.truth('usage is present', u);
  expect.equal('total_tokens is the sum', u.total_tokens, u.input_tokens + u.output_tokens);
  return { input: u.input_tokens, read: u.input_tokens_details?.cached_tokens ?? 0, write: u.input_tokens_details?.cache_write_tokens ?? 0,
    output: u.output_tokens, reasoning: u.output_tokens_details?.reasoning_tokens ?? 0 };
}

function finishOf(r) {
  if (r.status === 'incomplete') return r.incomplete_details?.reason === 'max_output_tokens' ? 'length' : 'filter';
  expect.equal('status', r.status, 'completed');
  return r.output.some((item) => item.type === 'function_call') ? 'tools' : 'stop';
}

function answerFrom(response, more) {
  expect.equal('object', response.object, 'response');
  expect.truth('id begins with resp_', response.id?.startsWith('resp_'), response.id);
  const of = (type) => response.output.filter((item) => item.type === type);
  const calls = of('function_call').map((item) => ({ id: item.call_id, name: item.name, args: expect.parseJson('function_call arguments', item.arguments) }));
  const text = of('message').flatMap((m) => m.content).filter((p) => p.type === 'output_text').map((p) => p.text).join('');
  const reasoning = of('reasoning').flatMap((item) => [...(item.summary ?? []), ...(item.content ?? [])]).map((p) => p.text).join('');
  return { text, reasoning, calls, finish: finishOf(response), usage: usageFrom(response.usage), replay: response.output, model: response.model, ...more };
}

async function whole(client, ask, signal) {
  const { data, response } = await client.responses.create(toParams(ask), { signal }).withResponse();
  return answerFrom(data, { requestId: data._request_id, headers: response.headers });
}

const kInsidePairs = {
  'response.output_text.delta': ['response.output_text.done', 'text'],
  'response.refusal.delta': ['response.refusal.done', 'refusal'],
  'response.function_call_arguments.delta': ['response.function_call_arguments.done', 'arguments'],
  'response.reasoning_summary_text.delta': ['response.reasoning_summary_text.done', 'text'],
  'response.reasoning_text.delta': ['response.reasoning_text.done', 'text'],
};
const kPartPairs = { 'response.content_part.added': 'response.content_part.done', 'response.reasoning_summary_part.added': 'response.reasoning_summary_part.done' };

/** Enforces the ladder: created, in_progress, then per item added, inner events and done, then one terminal event. */
class Ladder {
  events = [];
  done = [];
  final = null;
  #open = null;
  #parts = [];
  #buffers = new Map();

  add(event) {
    const n = this.events.push(event) - 1;
    if (n === 0) this.#base = event.sequence_number;
    expect.equal(`sequence_number of ${event.type}`, event.sequence_number, this.#base + n);
    expect.truth('nothing follows the terminal event', this.final === null, event.type);
    if (n === 0) expect.equal('first event', event.type, 'response.created');
    if (n === 1) expect.equal('second event', event.type, 'response.in_progress');
    this.#step(event);
    return event.delta ?? '';
  }

  #base = 0;

  #step(event) {
    switch (event.type) {
      case 'response.created': case 'response.in_progress': return expect.equal('status while running', event.response.status, 'in_progress');
      case 'response.output_item.added': return this.#openItem(event);
      case 'response.output_item.done': return this.#closeItem(event);
      case 'response.failed': throw Object.assign(new Error(event.response.error?.message), { failedEvent: event });
      case 'response.completed': case 'response.incomplete': return this.#finish(event);
      default: return this.#inside(event);
    }
  }

  #openItem(event) {
    expect.truth('items do not overlap', this.#open === null, event);
    expect.equal('output_index is dense', event.output_index, this.done.length);
    expect.truth('an added item has an id', event.item.id, event.item);
    this.#open = event;
  }

  #closeItem(event) {
    expect.truth('done belongs to the open item', this.#open?.item.id === event.item.id && this.#open.output_index === event.output_index, event);
    expect.equal('every part of the item is done', this.#parts.length, 0);
    expect.equal('every delta run of the item is done', this.#buffers.size, 0);
    this.done.push(event.item);
    this.#open = null;
  }

  #inside(event) {
    expect.truth(`${event.type} lies inside an open item`, this.#open && event.item_id === this.#open.item.id && event.output_index === this.#open.output_index, event);
    if (kPartPairs[event.type]) this.#parts.push(kPartPairs[event.type]);
    else if (Object.values(kPartPairs).includes(event.type)) expect.equal('part closes what was opened', this.#parts.pop(), event.type);
    if (kInsidePairs[event.type]) {
      const [end] = kInsidePairs[event.type];
      this.#buffers.set(end, (this.#buffers.get(end) ?? '') + event.delta);
      if (event.type.startsWith('response.output_text')) expect.truth('text deltas lie inside a content part', this.#parts.length === 1);
    }
    const pair = Object.values(kInsidePairs).find(([end]) => end === event.type);
    if (pair) {
      const sent = this.#buffers.get(event.type) ?? (pair[1] === 'arguments' ? event.arguments : '');
      expect.equal(`${event.type} repeats the deltas`, event[pair[1]], sent);
      this.#buffers.delete(event.type);
    }
  }

  #finish(event) {
    expect.truth('no item is left open', this.#open === null);
    expect.equal('the terminal event repeats the finished items', event.response.output, this.done);
    this.final = event.response;
  }
}

async function* streamed(client, ask, signal) {
  const { data: stream, request_id: requestId, response } = await client.responses.create({ ...toParams(ask), stream: true }, { signal }).withResponse();
  const ladder = new Ladder();
  for await (const event of stream) yield ladder.add(event);
  expect.truth('a terminal event arrived', ladder.final);
  return answerFrom(ladder.final, { requestId, headers: response.headers });
}

export const responses = {
  name: 'openai.responses', dialect: 'openai', operation: 'responses', direct: ['openai'], whole, streamed, describeError,
  // The API's own way to fail in mid-stream is the event response.failed, which the SDK hands out like any other.
  isNativeError: (e) => isNativeError(e) || e?.failedEvent !== undefined,
  reads: { cacheWrite: true, reasoningTokens: true },
  client: ({ origin, key }) => new OpenAI({ apiKey: key, baseURL: `${origin}/v1`, maxRetries: 0, logLevel: 'off', timeout: 20_000 }),
  countTokens: async (client, ask) => {
    const { model, input, instructions } = toParams(ask);
    const counted = await client.responses.inputTokens.count({ model, input, instructions });
    expect.equal('object', counted.object, 'response.input_tokens');
    return counted.input_tokens;
  },
};
