// Chat completions by the `openai` package, and the same through AzureOpenAI's deployment paths.

import OpenAI, { AzureOpenAI } from 'openai';
import * as expect from '../expect.mjs';

const finishWord = { stop: 'stop', tool_calls: 'tools', length: 'length', content_filter: 'filter' };
export const errorClass = (status) => ({
  400: OpenAI.BadRequestError, 401: OpenAI.AuthenticationError, 403: OpenAI.PermissionDeniedError, 404: OpenAI.NotFoundError,
  409: OpenAI.ConflictError, 422: OpenAI.UnprocessableEntityError, 429: OpenAI.RateLimitError }[status] ?? OpenAI.InternalServerError);

/** The facts of an error as this package shows it to its user. */
export function describeError(e) {
  return { status: e.status, rightClass: e instanceof errorClass(e.status), requestId: e.requestID ?? null, message: e.message,
    retryAfter: e.headers?.get?.('retry-after') ?? null, shouldRetry: e.headers?.get?.('x-should-retry') ?? null,
    shaped: typeof e.error?.message === 'string' && typeof e.error?.type === 'string' };
}

/** An error the server told in mid-stream; a dropped connection or broken JSON is something else. */
export const isNativeError = (e) => e instanceof OpenAI.APIError && !(e instanceof OpenAI.APIConnectionError);

function toMessages(ask) {
  const messages = ask.system ? [{ role: 'system', content: ask.system }] : [];
  for (const turn of ask.turns) {
    if (turn.answer) messages.push(turn.answer.replay);
    else if (turn.results) messages.push(...turn.results.map((r) => ({ role: 'tool', tool_call_id: r.call.id, content: r.text })));
    else messages.push({ role: 'user', content: userContent(turn) });
  }
  return messages;
}

const userContent = (turn) => (turn.images?.length ? [
  { type: 'text', text: turn.user },
  ...turn.images.map((data) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } })),
] : turn.user);

const toolChoice = (choice) => (choice?.name ? { type: 'function', function: { name: choice.name } } : choice);

export function toParams(ask) {
  return {
    model: ask.model, messages: toMessages(ask),
    ...(ask.maxTokens ? { max_completion_tokens: ask.maxTokens } : {}),
    ...(ask.effort ? { reasoning_effort: ask.effort } : {}),
    ...(ask.stop ? { stop: ask.stop } : {}),
    ...(ask.tools ? { tools: ask.tools.map((t) => ({ type: 'function', function: { name: t.name, description: t.description, parameters: t.schema } })) } : {}),
    ...(ask.toolChoice ? { tool_choice: toolChoice(ask.toolChoice) } : {}),
    ...(ask.schema ? { response_format: { type: 'json_schema', json_schema: { name: 'person', schema: ask.schema, strict: true } } } : {}),
  };
}

export function usageFrom(u) {
  expect.truth('usage is present', u);
  expect.equal('total_tokens is the sum', u.total_tokens, u.prompt_tokens + u.completion_tokens);
  return { input: u.prompt_tokens, read: u.prompt_tokens_details?.cached_tokens ?? 0, write: u.prompt_tokens_details?.cache_write_tokens ?? 0,
    output: u.completion_tokens, reasoning: u.completion_tokens_details?.reasoning_tokens ?? 0 };
}

const reasoningOf = (m) => m.reasoning_content ?? m.reasoning ?? '';

function answerFrom(message, finish, usage, more) {
  const calls = (message.tool_calls ?? []).map((t) => {
    expect.equal('tool call type', t.type, 'function');
    return { id: t.id, name: t.function.name, args: expect.parseJson('tool call arguments', t.function.arguments || '{}') };
  });
  return { text: message.content ?? '', reasoning: reasoningOf(message), calls, finish: finishWord[finish], usage: usageFrom(usage), replay: message, ...more };
}

async function whole(client, ask, signal) {
  const { data, response } = await client.chat.completions.create(toParams(ask), { signal }).withResponse();
  expect.equal('object', data.object, 'chat.completion');
  expect.truth('id', data.id);
  expect.truth('created is a Unix time', Number.isInteger(data.created) && data.created > 1e9, data.created);
  expect.equal('choices', data.choices.length, 1);
  const [choice] = data.choices;
  expect.equal('role', choice.message.role, 'assistant');
  return answerFrom(choice.message, choice.finish_reason, data.usage, { requestId: data._request_id, headers: response.headers, model: data.model });
}

/** Collects a stream and enforces its grammar: role first, dense tool indexes, one finish, usage last. */
class Collector {
  message = { role: 'assistant', content: null };
  finish = null;
  usage = null;
  id = null;

  add(chunk) {
    expect.equal('chunk object', chunk.object, 'chat.completion.chunk');
    expect.truth('nothing follows the usage chunk', this.usage === null);
    if (chunk.choices.length === 0) return this.#addBare(chunk);
    this.id ??= chunk.id;
    expect.equal('every chunk has the same id', chunk.id, this.id);
    const [choice] = chunk.choices;
    if (!choice.delta) return ''; // Azure's asynchronous filter annotations
    expect.truth('no delta after the finish chunk', this.finish === null, chunk);
    this.finish = choice.finish_reason ?? null;
    return this.#addDelta(choice.delta);
  }

  #addBare(chunk) {
    if (!chunk.usage) return '';
    expect.truth('usage comes after the finish reason', this.finish !== null);
    this.usage = chunk.usage;
    return '';
  }

  #addDelta(delta) {
    if (!this.started) expect.equal('the first delta carries the role', delta.role, 'assistant');
    this.started = true;
    if (delta.content) this.message.content = (this.message.content ?? '') + delta.content;
    const reasoning = reasoningOf(delta);
    if (reasoning) this.message.reasoning_content = (this.message.reasoning_content ?? '') + reasoning;
    for (const key of ['reasoning_details', 'extra_content']) {
      if (delta[key]) this.message[key] = Array.isArray(delta[key]) ? [...(this.message[key] ?? []), ...delta[key]] : delta[key];
    }
    (delta.tool_calls ?? []).forEach((fragment) => this.#addTool(fragment));
    return delta.content || reasoning || '';
  }

  #addTool({ index, ...fragment }) {
    const calls = this.message.tool_calls ??= [];
    expect.truth('tool indexes are dense and in order', Number.isInteger(index) && index >= 0 && index <= calls.length, index);
    if (index === calls.length) {
      expect.truth('the first fragment of a tool call has id, type and name', fragment.id && fragment.type === 'function' && fragment.function?.name, fragment);
      calls.push({ ...fragment, function: { ...fragment.function, arguments: fragment.function.arguments ?? '' } });
    } else {
      calls[index].function.arguments += fragment.function?.arguments ?? '';
    }
  }
}

async function* streamed(client, ask, signal) {
  const { data: stream, request_id: requestId, response } = await client.chat.completions
    .create({ ...toParams(ask), stream: true, stream_options: { include_usage: true } }, { signal }).withResponse();
  const collector = new Collector();
  for await (const chunk of stream) yield collector.add(chunk);
  expect.truth('a finish reason arrived', collector.finish);
  return answerFrom(collector.message, collector.finish, collector.usage, { requestId, headers: response.headers });
}

/** A client that did not ask for usage must not get the chunk the gateway asks the upstream for. */
async function bareStream(x) {
  const stream = await x.client.chat.completions.create({ ...toParams(x.ask('plain')), stream: true });
  for await (const chunk of stream) expect.truth('no usage chunk comes unasked', !chunk.usage, chunk);
  if (!x.exact) return;
  const entry = (await x.journal()).filter((e) => e.operation === 'chat').at(-1);
  if (entry) expect.equal('the gateway asked for it itself', JSON.parse(entry.body).stream_options?.include_usage, true);
}

const extras = { stream: (x) => ({ '20: usage nobody asked for': () => bareStream(x) }) };

const shared = { extras,  whole, streamed, describeError, isNativeError, reads: { cacheWrite: true, reasoningTokens: true }, endsWith: 'data: [DONE]\n\n' };

export const chat = {
  ...shared, name: 'openai.chat', dialect: 'openai', operation: 'chat', direct: ['openai', 'compatible', 'aimock-openai'],
  client: ({ origin, key, provider }) => new OpenAI({ apiKey: key, baseURL: `${origin}${provider === 'compatible' ? '/compatible' : ''}/v1`, maxRetries: 0, logLevel: 'off', timeout: 20_000 }),
};

export const azureChat = {
  ...shared, name: 'azure.chat', dialect: 'openai', operation: 'chat', direct: ['azure'],
  client: ({ origin, key }) => new AzureOpenAI({ apiKey: key, endpoint: origin, apiVersion: '2024-10-21', maxRetries: 0, logLevel: 'off', timeout: 20_000 }),
};
