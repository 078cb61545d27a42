// The AI SDK (`ai`) with its OpenAI provider (Responses, its default, and chat) and its Anthropic provider.

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, Output, generateText, jsonSchema, streamText, tool } from 'ai';
import * as expect from '../expect.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;

const finishWord = { stop: 'stop', 'tool-calls': 'tools', length: 'length', 'content-filter': 'filter' };

function describeError(e) {
  const headers = e.responseHeaders ?? {};
  return { status: e.statusCode, rightClass: APICallError.isInstance(e), requestId: headers['x-request-id'] ?? headers['request-id'] ?? null, message: e.message,
    retryAfter: headers['retry-after'] ?? null, shouldRetry: headers['x-should-retry'] ?? null, shaped: e.data?.error?.message !== undefined };
}

/** What the server told arrives as it was sent, or as an API call error; everything else is a broken stream. */
const isNativeError = (e) => APICallError.isInstance(e) || (e !== null && typeof e === 'object' && !(e instanceof Error)) || typeof e === 'string';

function toMessages(turns) {
  return turns.flatMap((turn) => {
    if (turn.answer) return turn.answer.replay;
    if (turn.results) {
      return [{ role: 'tool', content: turn.results.map((r) => ({ type: 'tool-result', toolCallId: r.call.id, toolName: r.call.name,
        output: { type: r.isError ? 'error-text' : 'text', value: r.text } })) }];
    }
    return [{ role: 'user', content: [{ type: 'text', text: turn.user }, ...(turn.images ?? []).map((image) => ({ type: 'image', image, mediaType: 'image/png' }))] }];
  });
}

const toTools = (tools) => Object.fromEntries(tools.map((t) => [t.name, tool({ description: t.description, inputSchema: jsonSchema(t.schema) })]));

function toParams(model, ask, signal) {
  return {
    model, messages: toMessages(ask.turns), maxRetries: 0, abortSignal: signal,
    ...(ask.system ? { system: ask.system } : {}), ...(ask.maxTokens ? { maxOutputTokens: ask.maxTokens } : {}),
    ...(ask.tools ? { tools: toTools(ask.tools) } : {}),
    ...(ask.toolChoice ? { toolChoice: ask.toolChoice.name ? { type: 'tool', toolName: ask.toolChoice.name } : ask.toolChoice } : {}),
    ...(ask.schema ? { output: Output.object({ schema: jsonSchema(ask.schema), name: 'person' }) } : {}),
    providerOptions: {
      openai: { store: false, strictJsonSchema: true, ...(ask.effort ? { reasoningEffort: ask.effort, reasoningSummary: 'auto', forceReasoning: true } : {}) },
      anthropic: { structuredOutputMode: 'outputFormat', ...(ask.effort ? { thinking: { type: 'enabled', budgetTokens: 2048 } } : {}) },
    },
  };
}

function usageFrom(u) {
  expect.truth('usage is present', u?.inputTokens !== undefined, u);
  return { input: u.inputTokens, read: u.inputTokenDetails?.cacheReadTokens ?? 0, write: u.inputTokenDetails?.cacheWriteTokens ?? 0,
    output: u.outputTokens, reasoning: u.outputTokenDetails?.reasoningTokens ?? 0 };
}

function answerFrom(r) {
  const headers = new Headers(r.response.headers ?? {});
  return { text: r.text, reasoning: r.reasoningText ?? '', calls: r.toolCalls.map((c) => ({ id: c.toolCallId, name: c.toolName, args: c.input })),
    finish: finishWord[r.finishReason], usage: usageFrom(r.usage), replay: r.response.messages, requestId: headers.get('x-request-id') ?? headers.get('request-id'), headers };
}

async function whole(client, ask, signal) {
  return answerFrom(await generateText(toParams(client(ask.model), ask, signal)));
}

/** Enforces that text, reasoning and tool-input parts are opened before and closed after their deltas. */
function checkPart(open, part) {
  const [, kind, step] = /^(text|reasoning|tool-input)-(start|delta|end)$/.exec(part.type) ?? [];
  if (!kind) return;
  const key = `${kind} ${part.id}`;
  if (step === 'start') open.add(key);
  else expect.truth(`${part.type} lies inside its part`, open.has(key), part);
  if (step === 'end') open.delete(key);
}

async function* streamed(client, ask, signal) {
  const result = streamText({ ...toParams(client(ask.model), ask, signal), onError: () => {} });
  const promises = Object.fromEntries(['text', 'reasoningText', 'toolCalls', 'finishReason', 'usage', 'response'].map((k) => [k, Promise.resolve(result[k])]));
  Object.values(promises).forEach((p) => p.catch(() => {})); // awaited below; a failed stream is thrown from the loop first
  const open = new Set();
  for await (const part of result.fullStream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'abort') throw new DOMException('aborted', 'AbortError');
    checkPart(open, part);
    yield part.text ?? part.delta ?? '';
  }
  expect.equal('every part was closed', [...open], []);
  const entries = await Promise.all(Object.entries(promises).map(async ([k, p]) => [k, await p]));
  return answerFrom(Object.fromEntries(entries));
}

const shared = { whole, streamed, describeError, isNativeError };
const openaiOf = ({ origin, key }) => createOpenAI({ apiKey: key, baseURL: `${origin}/v1` });

export const aiOpenai = {
  ...shared, name: 'ai.openai', dialect: 'openai', operation: 'responses', direct: ['openai'], reads: { cacheWrite: true, reasoningTokens: true },
  client: (where) => openaiOf(where).responses,
};
export const aiOpenaiChat = {
  ...shared, name: 'ai.openai-chat', dialect: 'openai', operation: 'chat', direct: ['openai'], reads: { cacheWrite: true, reasoningTokens: true, noReasoningText: true },
  client: (where) => openaiOf(where).chat,
};
export const aiAnthropic = {
  ...shared, toolErrors: true, name: 'ai.anthropic', dialect: 'anthropic', operation: 'messages', direct: ['anthropic'], reads: { cacheWrite: true, reasoningTokens: true },
  client: ({ origin, key }) => createAnthropic({ apiKey: key, baseURL: `${origin}/v1` }),
};
