// generateContent and streamGenerateContent by `@google/genai`, on /v1 (its default), /v1beta, and in
// Vertex form on /v1beta1 with project and location in the path.

import { ApiError, GoogleGenAI } from '@google/genai';
import * as expect from '../expect.mjs';
import { kPlainText } from '../upstream/scenarios.mjs';
import { wire } from '../wiretap.mjs';

const finishWord = { STOP: 'stop', MAX_TOKENS: 'length', SAFETY: 'filter', PROHIBITED_CONTENT: 'filter' };
const kStatusWords = { 400: ['INVALID_ARGUMENT', 'FAILED_PRECONDITION'], 401: ['UNAUTHENTICATED'], 403: ['PERMISSION_DENIED'], 404: ['NOT_FOUND'], 429: ['RESOURCE_EXHAUSTED'] };

/** The package keeps no headers on its error, so the request id is read off the wire. */
function describeError(e) {
  let body = {};
  try { body = JSON.parse(e.message); } catch { /* not an API error: the facts below say so */ }
  const words = kStatusWords[e.status] ?? ['INTERNAL', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'UNKNOWN'];
  return { status: e.status, rightClass: e instanceof ApiError, requestId: wire()?.headers?.get('x-request-id') ?? null, message: e.message, retryAfter: wire()?.headers?.get('retry-after') ?? null,
    shouldRetry: wire()?.headers?.get('x-should-retry') ?? null,
    shaped: body.error?.code === e.status && words.includes(body.error?.status) && typeof body.error?.message === 'string' };
}

const isNativeError = (e) => e instanceof ApiError;

const toContents = (turns) => turns.map((turn) => {
  if (turn.answer) return turn.answer.replay;
  if (turn.results) {
    return { role: 'user', parts: turn.results.map((r) => ({ functionResponse: { ...(r.call.id ? { id: r.call.id } : {}), name: r.call.name, response: r.isError ? { error: r.text } : { output: r.text } } })) };
  }
  const images = (turn.images ?? []).map((data) => ({ inlineData: { mimeType: 'image/png', data } }));
  return { role: 'user', parts: [{ text: turn.user }, ...images] };
});

const choiceWord = { auto: 'AUTO', required: 'ANY', none: 'NONE' };
const toolConfig = (choice) => ({ functionCallingConfig: choice.name ? { mode: 'ANY', allowedFunctionNames: [choice.name] } : { mode: choiceWord[choice] } });

function toParams(ask, signal) {
  return {
    model: ask.model, contents: toContents(ask.turns),
    config: {
      abortSignal: signal, ...(ask.system ? { systemInstruction: ask.system } : {}), ...(ask.maxTokens ? { maxOutputTokens: ask.maxTokens } : {}),
      ...(ask.effort ? { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } } : {}),
      ...(ask.tools ? { tools: [{ functionDeclarations: ask.tools.map((t) => ({ name: t.name, description: t.description, parametersJsonSchema: t.schema })) }] } : {}),
      ...(ask.toolChoice ? { toolConfig: toolConfig(ask.toolChoice) } : {}),
      ...(ask.schema ? { responseMimeType: 'application/json', responseJsonSchema: ask.schema } : {}),
    },
  };
}

function usageFrom(u) {
  expect.truth('usageMetadata is present', u);
  const reasoning = u.thoughtsTokenCount ?? 0;
  const output = (u.candidatesTokenCount ?? 0) + reasoning;
  expect.equal('totalTokenCount is the sum', u.totalTokenCount, u.promptTokenCount + output);
  return { input: u.promptTokenCount, read: u.cachedContentTokenCount ?? 0, write: 0, output, reasoning };
}

function answerFrom(parts, finishReason, usage, more) {
  const calls = parts.filter((p) => p.functionCall).map((p) => ({ id: p.functionCall.id ?? null, name: p.functionCall.name, args: p.functionCall.args ?? {} }));
  const textOf = (thought) => parts.filter((p) => p.text && Boolean(p.thought) === thought).map((p) => p.text).join('');
  const finish = finishWord[finishReason];
  return { text: textOf(false), reasoning: textOf(true), signature: parts.find((p) => p.thoughtSignature)?.thoughtSignature ?? null, calls,
    finish: finish === 'stop' && calls.length ? 'tools' : finish, usage: usageFrom(usage), replay: { role: 'model', parts }, ...more };
}

const withId = () => ({ requestId: wire()?.headers?.get('x-request-id') ?? null, headers: wire()?.headers ?? null });

async function whole(client, ask, signal) {
  const response = await client.models.generateContent(toParams(ask, signal));
  expect.equal('candidates', response.candidates?.length, 1);
  const [candidate] = response.candidates;
  expect.equal('role', candidate.content.role, 'model');
  expect.truth('responseId', response.responseId);
  return answerFrom(candidate.content.parts, candidate.finishReason, response.usageMetadata, { ...withId(), model: response.modelVersion });
}

async function* streamed(client, ask, signal) {
  const parts = [];
  let finish = null;
  let usage = null;
  for await (const chunk of await client.models.generateContentStream(toParams(ask, signal))) {
    usage = chunk.usageMetadata ?? usage;
    const candidate = chunk.candidates?.[0];
    if (!candidate) continue;
    expect.truth('no content after the finish reason', finish === null, chunk);
    const fresh = candidate.content?.parts ?? [];
    parts.push(...fresh.filter((p) => p.text !== '' || p.thoughtSignature));
    finish = candidate.finishReason ?? null;
    yield fresh.map((p) => p.text ?? '').join('');
  }
  expect.truth('a finish reason arrived', finish);
  return answerFrom(parts, finish, usage, withId());
}

const post = (x, version, verb, query, headers) => fetch(`${x.where.origin}/${version}/models/${x.model('plain')}:${verb}${query}`, {
  method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: `raw ${x.nonce}` }] }] }) });

const textOf = (answers) => answers.flatMap((a) => a.candidates?.[0]?.content?.parts ?? []).map((p) => p.text ?? '').join('');

/** Two manners of calling that the package does not use but the API has. */
const extrasFor = (version) => ({
  plain: (x) => ({ 'key in the query': async () => {
    const response = await post(x, version, 'generateContent', `?key=${x.where.key}`, {});
    expect.equal('status', response.status, 200);
    expect.equal('text', textOf([await response.json()]), kPlainText);
  } }),
  stream: (x) => ({ 'a JSON array without alt=sse': async () => {
    const response = await post(x, version, 'streamGenerateContent', '', { 'x-goog-api-key': x.where.key });
    expect.truth('content-type is JSON', response.headers.get('content-type')?.startsWith('application/json'), response.headers.get('content-type'));
    expect.equal('text', textOf(await response.json()), kPlainText);
  } }),
});

const surface = (name, direct, options) => ({
  name, dialect: 'gemini', operation: 'generate', direct, whole, streamed, describeError, isNativeError, toolErrors: true, extras: extrasFor(name.split('.')[1]), reads: { cacheWrite: false, reasoningTokens: true, signature: true },
  client: ({ origin, key }) => new GoogleGenAI({ ...options(key, origin), httpOptions: { ...options(key, origin).httpOptions, baseUrl: origin, timeout: 20_000 } }),
  countTokens: async (client, ask) => (await client.models.countTokens({ model: ask.model, contents: toContents(ask.turns) })).totalTokens,
  embed: async (client, model, texts) => {
    const answer = await client.models.embedContent({ model, contents: texts });
    return { vectors: answer.embeddings.map((e) => e.values) };
  },
});

// Vertex clients bring an OAuth client of their own; the gateway's key takes the place of its token.
const bearerOf = (key) => ({ getRequestHeaders: async () => new Headers({ authorization: `Bearer ${key}` }) });

export const vertexV1beta1 = {
  ...surface('vertex.v1beta1', ['vertex'], (key) => ({ vertexai: true, project: 'proj', location: 'europe-west4', googleAuthOptions: { authClient: bearerOf(key) } })), extras: undefined };
export const geminiV1 = surface('gemini.v1', ['gemini'], (apiKey) => ({ apiKey, apiVersion: 'v1' }));
export const geminiV1beta = surface('gemini.v1beta', ['gemini'], (apiKey) => ({ apiKey, apiVersion: 'v1beta' }));
