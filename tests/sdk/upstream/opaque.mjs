// OpenAI endpoints whose content the gateway does not look into: moderations, images, speech, files.
// Bodies are checked just enough to notice a byte that changed on the way.

import { createHash } from 'node:crypto';
import * as c from './check.mjs';
import { freshId, rateHeaders, sendJson } from './wire.mjs';

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
const named = (azure) => (azure ? {} : { model: c.filled });
const headers = { ...rateHeaders, 'x-request-id': 'req_up_opaque' };

export function moderations(x) {
  c.record({ model: c.filled, input: c.any })(x.body, '');
  sendJson(x.res, 200, { id: freshId('modr-up'), model: x.model, results: [{ flagged: false, categories: {}, category_scores: {}, category_applied_input_types: {} }] }, headers);
}

/** The "image" is the digest of the prompt, so that the client can tell that its prompt arrived. */
export function images(x) {
  c.record({ ...named(x.provider === 'azure'), prompt: c.filled }, { model: c.any, n: c.positive, size: c.string, quality: c.string })(x.body, '');
  sendJson(x.res, 200, { created: 1790000000, data: [{ b64_json: Buffer.from(digest(x.body.prompt)).toString('base64') }] }, headers);
}

export const kSpeech = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256));
export function speech(x) {
  c.record({ ...named(x.provider === 'azure'), input: c.filled, voice: c.filled }, { model: c.any, response_format: c.string })(x.body, '');
  x.res.writeHead(200, { 'content-type': 'audio/mpeg', ...headers });
  x.res.end(kSpeech);
}

/** A multipart upload: the answer carries the digest of the file part. */
export function files(x) {
  const boundary = /boundary=("?)([^";]+)\1/.exec(x.headers['content-type'] ?? '')?.[2];
  if (!boundary) c.refuse('content-type', 'expected multipart/form-data');
  const parts = x.bytes.toString('latin1').split(`--${boundary}`).filter((p) => p.includes('filename='));
  if (parts.length !== 1) c.refuse('file', 'expected one file');
  const content = Buffer.from(parts[0].slice(parts[0].indexOf('\r\n\r\n') + 4, -2), 'latin1');
  sendJson(x.res, 200, { id: freshId('file-up'), object: 'file', bytes: content.length, created_at: 1790000000, filename: digest(content), purpose: 'assistants', status: 'processed' }, headers);
}
