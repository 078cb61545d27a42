// Cohere v2 embed and rerank.

import * as c from './check.mjs';
import { vectorFor } from './scenarios.mjs';

export const checkEmbed = (body) => c.record({
  model: c.filled, input_type: c.oneOf('search_document', 'search_query', 'classification', 'clustering', 'image'),
}, {
  texts: c.list(c.string, { min: 1, max: 96 }), inputs: c.any, images: c.any, embedding_types: c.list(c.oneOf('float', 'int8', 'uint8', 'binary', 'ubinary', 'base64')),
  output_dimension: c.oneOf(256, 512, 1024, 1536), truncate: c.oneOf('NONE', 'START', 'END'), max_tokens: c.positive, priority: c.natural,
})(body, '');

export const embedAnswer = (body) => ({
  id: 'up-embed-1', texts: body.texts, embeddings: { float: body.texts.map((text) => vectorFor(text)) },
  meta: { api_version: { version: '2' }, billed_units: { input_tokens: 4 * body.texts.length } }, response_type: 'embeddings_by_type',
});

export const checkRerank = (body) => c.record({ model: c.filled, query: c.filled, documents: c.list(c.string, { min: 1 }) },
  { top_n: c.positive, max_tokens_per_doc: c.positive, priority: c.natural })(body, '');

/** Scores by shared words, so that the order is a fact of the input. */
export function rerankAnswer(body) {
  const words = new Set(body.query.toLowerCase().split(/\W+/));
  const score = (text) => text.toLowerCase().split(/\W+/).filter((w) => words.has(w)).length / words.size;
  const results = body.documents.map((text, index) => ({ index, relevance_score: score(text) }))
    .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index).slice(0, body.top_n ?? body.documents.length);
  return { id: 'up-rerank-1', results, meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } } };
}

export const errorBody = (e) => ({ id: 'up-error-1', message: e.message });
export const errorHeaders = (e) => (e.status === 429 ? { 'retry-after': String(e.retryAfter) } : {});
