// Messages by `@anthropic-ai/sdk`. Streams are held to the block grammar.

import Anthropic from '@anthropic-ai/sdk';
import * as expect from '../expect.mjs';

const finishWord = { end_turn: 'stop', stop_sequence: 'stop', tool_use: 'tools', max_tokens: 'length', refusal: 'filter' };
const errorClass = (status) => ({
  400: Anthropic.BadRequestError, 401: Anthropic.AuthenticationError, 403: Anthropic.PermissionDeniedError, 404: Anthropic.NotFoundError,
  409: Anthropic.ConflictError, 422: Anthropic.UnprocessableEntityError, 429: Anthropic.RateLimitError }[status] ?? Anthropic.InternalServerError);

function describeError(e) {
  return { status: e.status, rightClass: e instanceof errorClass(e.status), requestId: e.requestID ?? null, message: e.message,
    retryAfter: e.headers?.get?.('retry-after') ?? null, shouldRetry: e.headers?.get?.('x-should-retry') ?? null,
    shaped: e.error?.type === 'error' && typeof e.error?.error?.type === 'string' && typeof e.error?.error?.message === 'string' };
}

const isNativeError = (e) => e instanceof Anthropic.APIError && !(e instanceof Anthropic.APIConnectionError);

const toMessages = (turns) => turns.map((turn) => {
  if (turn.answer) return { role: 'assistant', content: turn.answer.replay };
  if (turn.results) {
    return { role: 'user', content: turn.results.map((r) => ({ type: 'tool_result', tool_use_id: r.call.id, content: r.text, ...(r.isError ? { is_error: true } : {}) })) };
  }
  if (!turn.images?.length) return { role: 'user', content: turn.user };
  const images = turn.images.map((data) => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }));
  return { role: 'user', content: [...images, { type: 'text', text: turn.user }] };
});

const choiceWord = { auto: 'auto', required: 'any', none: 'none' };
const toolChoice = (choice) => (choice.name ? { type: 'tool', name: choice.name } : { type: choiceWord[choice] });

function toParams(ask) {
  const output = { ...(ask.schema ? { format: { type: 'json_schema', schema: ask.schema } } : {}) };
  return {
    model: ask.model, messages: toMessages(ask.turns), max_tokens: ask.effort ? 8192 : (ask.maxTokens ?? 1024),
    ...(ask.system ? { system: ask.system } : {}),
    ...(ask.effort ? { thinking: { type: 'enabled', budget_tokens: 2048 } } : {}),
    ...(ask.tools ? { tools: ask.tools.map((t) => ({ name: t.name, description: t.description, input_schema: t.schema })) } : {}),
    ...(ask.toolChoice ? { tool_choice: toolChoice(ask.toolChoice) } : {}),
    ...(Object.keys(output).length ? { output_config: output } : {}),
  };
}

function usageFrom(u) {
  expect.truth('usage is present', u);
  const read = u.cache_read_input_tokens ?? 0;
  const write = u.cache_creation_input_tokens ?? 0;
  return { input: u.input_tokens + read + write, read, write, output: u.output_tokens, reasoning: u.output_tokens_details?.thinking_tokens ?? 0 };
}

function answerFrom(message, more) {
  expect.equal('type', message.type, 'message');
  expect.equal('role', message.role, 'assistant');
  const of = (type) => message.content.filter((b) => b.type === type);
  return {
    text: of('text').map((b) => b.text).join(''), reasoning: of('thinking').map((b) => b.thinking).join(''), signature: of('thinking')[0]?.signature ?? null,
    calls: of('tool_use').map((b) => ({ id: b.id, name: b.name, args: b.input })), finish: finishWord[message.stop_reason], usage: usageFrom(message.usage),
    replay: message.content, model: message.model, ...more,
  };
}

async function whole(client, ask, signal) {
  const { data, response } = await client.messages.create(toParams(ask), { signal }).withResponse();
  return answerFrom(data, { requestId: data._request_id, headers: response.headers });
}

const kDeltaOf = { text_delta: 'text', citations_delta: 'text', input_json_delta: 'tool_use', thinking_delta: 'thinking', signature_delta: 'thinking' };

/** Enforces: message_start, dense blocks that never overlap, message_delta, message_stop; ping anywhere. */
class Blocks {
  message = null;
  stopped = false;
  #open = null;
  #json = '';

  add(event) {
    if (event.type === 'ping') return '';
    expect.truth('nothing follows message_stop', !this.stopped, event.type);
    if (event.type !== 'message_start') expect.truth('message_start comes first', this.message, event.type);
    return this[event.type]?.(event) ?? expect.truth('known event', this[event.type], event.type) ?? '';
  }

  message_start({ message }) {
    expect.equal('one message_start', this.message, null);
    expect.equal('content at the start', message.content, []);
    expect.truth('usage at the start has input_tokens', Number.isInteger(message.usage?.input_tokens), message.usage);
    this.message = structuredClone(message);
    return '';
  }

  content_block_start({ index, content_block: block }) {
    expect.equal('blocks do not overlap', this.#open, null);
    expect.equal('block index is dense', index, this.message.content.length);
    if (block.type === 'tool_use') expect.equal('tool_use starts with an empty input', block.input, {});
    this.message.content.push({ ...block });
    this.#open = index;
    this.#json = '';
    return '';
  }

  content_block_delta({ index, delta }) {
    expect.equal('delta belongs to the open block', index, this.#open);
    const block = this.message.content[index];
    expect.equal(`${delta.type} in a fitting block`, block.type, kDeltaOf[delta.type]);
    if (delta.type === 'text_delta') block.text += delta.text;
    if (delta.type === 'thinking_delta') block.thinking += delta.thinking;
    if (delta.type === 'signature_delta') block.signature = delta.signature;
    if (delta.type === 'input_json_delta') this.#json += delta.partial_json;
    return delta.text ?? delta.thinking ?? '';
  }

  content_block_stop({ index }) {
    expect.equal('stop belongs to the open block', index, this.#open);
    const block = this.message.content[index];
    if (block.type === 'tool_use') block.input = this.#json ? expect.parseJson('input_json_delta', this.#json) : {};
    this.#open = null;
    return '';
  }

  message_delta({ delta, usage }) {
    expect.equal('every block is stopped before message_delta', this.#open, null);
    Object.assign(this.message, delta, { usage: { ...this.message.usage, ...usage } });
    return '';
  }

  message_stop() {
    expect.truth('stop_reason came before message_stop', this.message.stop_reason);
    this.stopped = true;
    return '';
  }
}

async function* streamed(client, ask, signal) {
  const { data: stream, request_id: requestId, response } = await client.messages.create({ ...toParams(ask), stream: true }, { signal }).withResponse();
  const blocks = new Blocks();
  for await (const event of stream) yield blocks.add(event);
  expect.truth('message_stop arrived', blocks.stopped);
  return answerFrom(blocks.message, { requestId, headers: response.headers });
}

export const messages = {
  name: 'anthropic.messages', dialect: 'anthropic', operation: 'messages', direct: ['anthropic', 'aimock-anthropic'], whole, streamed, describeError, isNativeError, toolErrors: true,
  reads: { cacheWrite: true, reasoningTokens: true, signature: true },
  client: ({ origin, key }) => new Anthropic({ apiKey: key, baseURL: origin, maxRetries: 0, logLevel: 'off', timeout: 20_000 }),
  countTokens: async (client, ask) => {
    const { max_tokens: _, ...countable } = toParams(ask);
    return (await client.messages.countTokens(countable)).input_tokens;
  },
};
