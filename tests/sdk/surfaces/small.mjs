// Surfaces without a conversation: legacy completions, embeddings and model lists.

import Anthropic from '@anthropic-ai/sdk';
import { CohereClient, CohereError } from 'cohere-ai';
import { GoogleGenAI } from '@google/genai';
import OpenAI, { AzureOpenAI } from 'openai';
import * as expect from '../expect.mjs';
import { describeError, isNativeError, usageFrom } from './openai_chat.mjs';

const finishWord = { stop: 'stop', length: 'length', content_filter: 'filter' };
const openaiClient = ({ origin, key, provider }) => new OpenAI({ apiKey: key, baseURL: `${origin}${provider === 'compatible' ? '/compatible' : ''}/v1`, maxRetries: 0, logLevel: 'off', timeout: 20_000 });
const azureClient = ({ origin, key }) => new AzureOpenAI({ apiKey: key, endpoint: origin, apiVersion: '2024-10-21', maxRetries: 0, logLevel: 'off', timeout: 20_000 });

const toCompletion = (ask) => ({ model: ask.model, prompt: ask.turns[0].user, max_tokens: ask.maxTokens ?? 256 });

export const completions = {
  name: 'openai.completions', dialect: 'openai', operation: 'completions', direct: ['openai', 'compatible'], client: openaiClient, describeError, isNativeError,
  reads: { cacheWrite: true, reasoningTokens: true }, endsWith: 'data: [DONE]\n\n',
  async whole(client, ask, signal) {
    const { data, response } = await client.completions.create(toCompletion(ask), { signal }).withResponse();
    expect.equal('object', data.object, 'text_completion');
    return { text: data.choices[0].text, reasoning: '', calls: [], finish: finishWord[data.choices[0].finish_reason], usage: usageFrom(data.usage), requestId: data._request_id, headers: response.headers, model: data.model };
  },
  async* streamed(client, ask, signal) {
    const { data: stream, request_id: requestId, response } = await client.completions
      .create({ ...toCompletion(ask), stream: true, stream_options: { include_usage: true } }, { signal }).withResponse();
    let text = '';
    let finish = null;
    let usage = null;
    for await (const chunk of stream) {
      expect.equal('chunk object', chunk.object, 'text_completion');
      expect.truth('nothing follows the usage chunk', usage === null);
      usage = chunk.usage ?? null;
      text += chunk.choices[0]?.text ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      yield chunk.choices[0]?.text ?? '';
    }
    return { text, reasoning: '', calls: [], finish: finishWord[finish], usage: usageFrom(usage), requestId, headers: response.headers };
  },
};

async function embed(client, model, texts, options) {
  const { data, request_id: requestId } = await client.embeddings.create({ model, input: texts }, options).withResponse();
  expect.equal('object', data.object, 'list');
  expect.equal('indexes', data.data.map((d) => d.index), texts.map((_, i) => i));
  return { vectors: data.data.map((d) => [...d.embedding]), requestId, usage: data.usage };
}

export const embeddings = { name: 'openai.embeddings', dialect: 'openai', operation: 'embeddings', direct: ['openai', 'compatible'], client: openaiClient, describeError, embed };
export const azureEmbeddings = { name: 'azure.embeddings', dialect: 'openai', operation: 'embeddings', direct: ['azure'], client: azureClient, describeError, embed };

export const opaque = { name: 'openai.opaque', dialect: 'openai', operation: 'opaque', direct: ['openai', 'compatible'], client: openaiClient, describeError, opaque: true };
export const azureOpaque = { ...opaque, name: 'azure.opaque', direct: ['azure'], client: azureClient };

const cohereStatus = { 400: 'BadRequestError', 401: 'UnauthorizedError', 403: 'ForbiddenError', 404: 'NotFoundError', 429: 'TooManyRequestsError', 500: 'InternalServerError', 503: 'ServiceUnavailableError' };

export const rerank = {
  name: 'cohere.rerank', dialect: 'cohere', operation: 'rerank', direct: ['cohere'], reranks: true,
  client: ({ origin, key }) => new CohereClient({ token: key, environment: origin }),
  describeError(e) {
    const headers = e.rawResponse?.headers;
    return { status: e.statusCode, rightClass: e instanceof CohereError && (cohereStatus[e.statusCode] ?? 'CohereError') === e.constructor.name, message: e.message, requestId: headers?.get('x-request-id') ?? null,
      retryAfter: headers?.get('retry-after') ?? null, shouldRetry: headers?.get('x-should-retry') ?? null, shaped: typeof e.body?.message === 'string' };
  },
  rank: (client, model, query, documents, signal) => client.v2.rerank({ model, query, documents, topN: 2 }, { maxRetries: 0, abortSignal: signal }),
};

async function collect(pages) {
  const out = [];
  for await (const page of pages) out.push(page);
  return out;
}

/** What `GET /v1/models` shows to each SDK: the ids, after that SDK's own paging. */
export const modelLists = {
  'openai': async (where) => (await collect(openaiClient(where).models.list())).map((m) => m.id),
  'anthropic': async ({ origin, key }) => (await collect(new Anthropic({ apiKey: key, baseURL: origin, maxRetries: 0 }).models.list())).map((m) => m.id),
  'gemini.v1': async ({ origin, key }) => (await collect(await new GoogleGenAI({ apiKey: key, apiVersion: 'v1', httpOptions: { baseUrl: origin } }).models.list())).map((m) => m.name.replace(/^models\//, '')),
  'gemini.v1beta': async ({ origin, key }) => (await collect(await new GoogleGenAI({ apiKey: key, apiVersion: 'v1beta', httpOptions: { baseUrl: origin } }).models.list())).map((m) => m.name.replace(/^models\//, '')),
};
