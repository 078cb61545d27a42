// Which provider's endpoint a request is for, and how that provider checks its credential.

import { Refusal } from './check.mjs';
import { verifySignature } from './sigv4.mjs';
import { kVersions } from './anthropic.mjs';

const route = (dialect, provider, operation) => (match) => ({ dialect, provider, operation, model: match.groups?.model && decodeURIComponent(match.groups.model) });
const kGeminiVersion = '/v1(?:beta1?|alpha)?';

const posts = [
  [/^\/v1\/chat\/completions$/, route('openai', 'openai', 'chat')],
  [/^\/v1\/responses$/, route('openai', 'openai', 'responses')],
  [/^\/v1\/responses\/input_tokens$/, route('openai', 'openai', 'input_tokens')],
  [/^\/v1\/completions$/, route('openai', 'openai', 'completions')],
  [/^\/v1\/embeddings$/, route('openai', 'openai', 'embeddings')],
  [/^\/compatible\/v1\/chat\/completions$/, route('openai', 'compatible', 'chat')],
  [/^\/compatible\/v1\/completions$/, route('openai', 'compatible', 'completions')],
  [/^\/compatible\/v1\/embeddings$/, route('openai', 'compatible', 'embeddings')],
  [/^\/openai\/deployments\/(?<model>[^/]+)\/chat\/completions$/, route('openai', 'azure', 'chat')],
  [/^\/openai\/deployments\/(?<model>[^/]+)\/completions$/, route('openai', 'azure', 'completions')],
  [/^\/openai\/deployments\/(?<model>[^/]+)\/embeddings$/, route('openai', 'azure', 'embeddings')],
  [/^\/openai(?:\/v1)?\/responses$/, route('openai', 'azure', 'responses')],
  [/^\/openai(?:\/v1)?\/responses\/input_tokens$/, route('openai', 'azure', 'input_tokens')],
  ...opaque('/v1', 'openai', { moderations: 'moderations', 'images/generations': 'images', 'audio/speech': 'speech', files: 'files' }),
  ...opaque('/compatible/v1', 'compatible', { moderations: 'moderations', 'images/generations': 'images', 'audio/speech': 'speech', files: 'files' }),
  ...opaque('/openai/deployments/(?<model>[^/]+)', 'azure', { 'images/generations': 'images', 'audio/speech': 'speech' }),
  [/^\/v1\/messages$/, route('anthropic', 'anthropic', 'messages')],
  [/^\/v1\/messages\/count_tokens$/, route('anthropic', 'anthropic', 'count')],
  [new RegExp(`^${kGeminiVersion}/models/(?<model>[^/:]+):(?<verb>\\w+)$`), (m) => gemini('gemini', m)],
  [new RegExp(`^${kGeminiVersion}/projects/[^/]+/locations/[^/]+/publishers/google/models/(?<model>[^/:]+):(?<verb>\\w+)$`), (m) => gemini('vertex', m)],
  [/^\/model\/(?<model>[^/]+)\/converse$/, route('bedrock', 'bedrock', 'converse')],
  [/^\/model\/(?<model>[^/]+)\/converse-stream$/, route('bedrock', 'bedrock', 'converse-stream')],
  [/^\/model\/(?<model>[^/]+)\/count-tokens$/, route('bedrock', 'bedrock', 'count')],
  [/^\/v2\/embed$/, route('cohere', 'cohere', 'embed')],
  [/^\/v2\/rerank$/, route('cohere', 'cohere', 'rerank')],
];
function opaque(base, provider, operations) {
  return Object.entries(operations).map(([path, operation]) => [new RegExp(`^${base}/${path}$`), route('openai', provider, operation)]);
}
const gemini = (provider, m) => ({ dialect: 'gemini', provider, operation: m.groups.verb, model: decodeURIComponent(m.groups.model) });

const gets = [
  [/^\/compatible\/v1\/models$/, () => ({ dialect: 'openai', provider: 'compatible', operation: 'models' })],
  [/^\/v1\/models$/, (m, headers) => listing(headers)],
  [/^\/v1beta\/models$/, () => ({ dialect: 'gemini', provider: 'gemini', operation: 'models' })],
];
function listing(headers) {
  const dialect = headers['x-goog-api-key'] ? 'gemini' : headers['anthropic-version'] ? 'anthropic' : 'openai';
  return { dialect, provider: dialect, operation: 'models' };
}

export function findRoute(method, path, headers) {
  for (const [pattern, make] of method === 'GET' ? gets : method === 'POST' ? posts : []) {
    const match = pattern.exec(path);
    if (match) return make(match, headers);
  }
  return null;
}

const unauthenticated = (message) => {
  throw new Refusal(401, message, { kind: 'authentication' });
};
const bearer = (headers) => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];

const credentialOf = {
  openai: (headers) => bearer(headers),
  compatible: (headers) => bearer(headers),
  cohere: (headers) => bearer(headers),
  vertex: (headers) => bearer(headers),
  azure: (headers) => headers['api-key'],
  anthropic: (headers) => headers['x-api-key'] ?? bearer(headers),
  gemini: (headers, query) => headers['x-goog-api-key'] ?? query.get('key'),
};

/** Throws a Refusal unless the request carries this provider's own credential and mandatory parameters. */
export function authenticate(found, request, bytes, query, secrets) {
  if (found.provider === 'bedrock') return verifySignature(request, bytes, secrets.bedrock);
  const given = credentialOf[found.provider](request.headers, query);
  if (given !== secrets[found.provider]) unauthenticated(`this is not the ${found.provider} credential`);
  if (found.provider === 'azure' && !request.url.startsWith('/openai/v1/') && !query.get('api-version')) {
    throw new Refusal(404, 'Resource not found: the api-version query parameter is required', { kind: 'not_found' });
  }
  if (found.provider === 'anthropic' && !kVersions.includes(request.headers['anthropic-version'])) {
    throw new Refusal(400, `anthropic-version: ${request.headers['anthropic-version']} is not a valid version`);
  }
}
