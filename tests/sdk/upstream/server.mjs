// The fake upstream: one port that speaks HTTP/1.1 and HTTP/2 with prior knowledge, plays every
// provider dialect by path, and keeps a journal at GET /__journal[?contains=TEXT] (DELETE clears it).

import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import * as anthropic from './anthropic.mjs';
import * as bedrock from './bedrock.mjs';
import * as cohere from './cohere.mjs';
import * as gemini from './gemini.mjs';
import * as opaque from './opaque.mjs';
import * as openai from './openai.mjs';
import * as responses from './responses.mjs';
import { Refusal, refuse } from './check.mjs';
import { Journal } from './journal.mjs';
import { authenticate, findRoute } from './routes.mjs';
import { inputTotal, kRetryAfterSeconds, scenarioOf, scriptFor } from './scenarios.mjs';
import { sendHtml, sendJson } from './wire.mjs';

const kMaxBody = 64 << 20;
const kHangLimitMs = 60_000;
/** What every count-tokens endpoint answers. */
export const kCountedTokens = 42;

const dialects = { openai, anthropic, gemini, bedrock, cohere };

function scriptOf(model, answered) {
  const script = scriptFor(model, { answered });
  if (!script) throw new Refusal(404, `The model '${model}' does not exist`, { kind: 'not_found' });
  if (script.failure) throw new Refusal(script.failure.status, script.failure.message, { kind: script.failure.kind });
  return script;
}

/** Plays a script, or one of the misbehaviours that replace the answer altogether. */
async function play(res, script, send) {
  if (script.html) return sendHtml(res);
  if (script.hang) {
    await Promise.race([pause(kHangLimitMs, null, { ref: false }), new Promise((resolve) => { res.once('close', resolve); })]);
    if (res.gone) return undefined;
  }
  return send();
}

const handlers = {
  'openai.chat': (x) => {
    const flavour = { azure: x.provider === 'azure', compatible: x.provider === 'compatible' };
    openai.checkChat(x.body, flavour);
    const script = scriptOf(x.model, openai.chatAnswered(x.body));
    return play(x.res, script, () => openai.sendChat(x.res, x.body, script, x.model, flavour));
  },
  'openai.completions': (x) => {
    const flavour = { azure: x.provider === 'azure', compatible: x.provider === 'compatible' };
    openai.checkCompletion(x.body, flavour);
    const script = scriptOf(x.model, false);
    return play(x.res, script, () => openai.sendCompletion(x.res, x.body, script, x.model, flavour));
  },
  'openai.responses': (x) => {
    responses.checkResponses(x.body);
    const script = scriptOf(x.model, responses.responsesAnswered(x.body));
    return play(x.res, script, () => responses.sendResponses(x.res, x.body, script, x.model));
  },
  'openai.input_tokens': (x) => {
    responses.checkInputTokens(x.body);
    scriptOf(x.model, false);
    return sendJson(x.res, 200, { object: 'response.input_tokens', input_tokens: kCountedTokens });
  },
  'openai.embeddings': (x) => {
    openai.checkEmbeddings(x.body, { azure: x.provider === 'azure' });
    return play(x.res, scriptOf(x.model, false), () => openai.sendEmbeddings(x.res, x.body, x.model));
  },
  'openai.models': (x) => sendJson(x.res, 200, openai.modelList()),
  'openai.moderations': (x) => play(x.res, scriptOf(x.model, false), () => opaque.moderations(x)),
  'openai.images': (x) => play(x.res, scriptOf(x.model, false), () => opaque.images(x)),
  'openai.speech': (x) => play(x.res, scriptOf(x.model, false), () => opaque.speech(x)),
  'openai.files': (x) => opaque.files(x),
  'anthropic.messages': (x) => {
    anthropic.checkMessages(x.body, x.headers['anthropic-version']);
    const script = scriptOf(x.model, anthropic.messagesAnswered(x.body));
    return play(x.res, script, () => anthropic.sendMessages(x.res, x.body, script, x.model));
  },
  'anthropic.count': (x) => {
    anthropic.checkCount(x.body);
    scriptOf(x.model, false);
    return sendJson(x.res, 200, { input_tokens: kCountedTokens }, { 'request-id': 'req_up_count' });
  },
  'anthropic.models': (x) => sendJson(x.res, 200, anthropic.modelList()),
  'gemini.generateContent': (x) => generate(x, false),
  'gemini.streamGenerateContent': (x) => generate(x, true),
  'gemini.countTokens': (x) => {
    gemini.checkCount(x.body, { vertex: x.provider === 'vertex' });
    scriptOf(x.model, false);
    return sendJson(x.res, 200, { totalTokens: kCountedTokens });
  },
  'gemini.embedContent': (x) => {
    gemini.checkEmbed(x.body);
    return play(x.res, scriptOf(x.model, false), () => sendJson(x.res, 200, { embedding: gemini.embedOne(x.body) }));
  },
  'gemini.batchEmbedContents': (x) => {
    gemini.checkBatchEmbed(x.body);
    return play(x.res, scriptOf(x.model, false), () => sendJson(x.res, 200, { embeddings: x.body.requests.map(gemini.embedOne) }));
  },
  'gemini.predict': (x) => play(x.res, scriptOf(x.model, false), () => sendJson(x.res, 200, {
    predictions: x.body.instances.map((one) => ({ embeddings: { ...gemini.embedOne({ content: { parts: [{ text: one.content }] } }), statistics: { token_count: 4, truncated: false } } })) })),
  'gemini.models': (x) => sendJson(x.res, 200, gemini.modelList()),
  'bedrock.converse': (x) => converse(x, false),
  'bedrock.converse-stream': (x) => converse(x, true),
  'bedrock.count': (x) => {
    bedrock.checkCount(x.body);
    return sendJson(x.res, 200, { inputTokens: kCountedTokens });
  },
  'cohere.embed': (x) => {
    cohere.checkEmbed(x.body);
    return play(x.res, scriptOf(x.model, false), () => sendJson(x.res, 200, cohere.embedAnswer(x.body)));
  },
  'cohere.rerank': (x) => {
    cohere.checkRerank(x.body);
    return play(x.res, scriptOf(x.model, false), () => sendJson(x.res, 200, cohere.rerankAnswer(x.body)));
  },
};

function generate(x, stream) {
  gemini.checkGenerate(x.body, { needsSignature: scenarioOf(x.model) === 'signed-tools' });
  const script = scriptOf(x.model, gemini.generateAnswered(x.body));
  return play(x.res, script, () => gemini.sendGenerate(x.res, script, x.model, { stream, sse: x.query.get('alt') === 'sse' }));
}

function converse(x, stream) {
  bedrock.checkConverse(x.body);
  const script = scriptOf(x.model, bedrock.converseAnswered(x.body));
  return play(x.res, script, () => bedrock.sendConverse(x.res, script, { stream }));
}

function sendRefusal(res, dialect, e) {
  const style = dialects[dialect] ?? openai;
  const facts = { status: e.status, kind: e.kind, message: e.message, path: e.path, code: e.code, retryAfter: kRetryAfterSeconds };
  sendJson(res, style.errorStatus?.(facts) ?? e.status, style.errorBody(facts), style.errorHeaders(facts));
}

/** HTTP/2 responses of node call themselves finished after a reset, too: there the reset code decides. */
function howItEnded(res) {
  if (res.broken) return 'broken';
  const sent = res.stream ? res.writableEnded && res.stream.rstCode === 0 : res.writableFinished;
  return sent ? 'finished' : 'aborted';
}

async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > kMaxBody) throw new Refusal(413, 'body too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parseBody(request, bytes) {
  if (request.method === 'GET') return {};
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) refuse('content-type', `expected application/json, got ${request.headers['content-type']}`);
  try { return JSON.parse(bytes.toString('utf8')); } catch { return refuse('body', 'not valid JSON'); }
}

export class Upstream {
  #journal = new Journal();
  #secrets;
  #port = 0;
  #sockets = new Set();
  #front = net.createServer((socket) => this.#accept(socket));
  #h1 = http.createServer((req, res) => this.#serve(req, res));
  #h2 = http2.createServer((req, res) => this.#serve(req, res));

  /** `secrets`: provider name -> its credential; bedrock -> { accessKeyId, secretAccessKey, region }. */
  constructor(secrets) { this.#secrets = secrets; }

  async listen(port = 0) {
    await new Promise((resolve, reject) => { this.#front.once('error', reject).listen(port, '127.0.0.1', resolve); });
    this.#port = this.#front.address().port;
    return this.#port;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => { this.#front.close(resolve); });
  }

  /** HTTP/2 clients with prior knowledge start with the preface "PRI * HTTP/2.0"; no HTTP/1 method does. */
  #accept(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    socket.once('readable', () => {
      const head = socket.read();
      if (!head) return;
      socket.unshift(head);
      const server = head.subarray(0, 3).toString() === 'PRI' ? this.#h2 : this.#h1;
      server.emit('connection', socket);
    });
  }

  async #serve(request, res) {
    res.gone = false;
    const url = new URL(request.url, 'http://upstream');
    if (url.pathname === '/__journal') return this.#serveJournal(request, url, res);
    let entry;
    res.on('close', () => {
      res.gone = true;
      if (entry) this.#journal.close(entry, howItEnded(res));
    });
    const found = findRoute(request.method, url.pathname, request.headers);
    try {
      const bytes = await readBody(request);
      entry = this.#journal.open(request, bytes);
      if (!found) throw new Refusal(404, `no such endpoint: ${request.method} ${url.pathname}`, { kind: 'not_found' });
      Object.assign(entry, found);
      authenticate(found, request, bytes, url.searchParams, this.#secrets);
      const body = found.operation === 'files' ? {} : parseBody(request, bytes);
      const model = found.model ?? body.model ?? '';
      entry.model = model;
      const handle = handlers[`${found.dialect}.${found.operation}`] ?? (() => refuse('path', `unknown operation ${found.operation}`));
      await handle({ ...found, model, body, bytes, res, headers: request.headers, query: url.searchParams });
    } catch (e) {
      if (entry) entry.refusal = e.message;
      if (!(e instanceof Refusal)) {
        if (res.gone) return undefined;
        console.error(e);
      }
      if (!res.headersSent) sendRefusal(res, found?.dialect, e instanceof Refusal ? e : new Refusal(500, String(e), { kind: 'server' }));
    }
    return undefined;
  }

  #serveJournal(request, url, res) {
    if (request.method === 'DELETE') this.#journal.clear();
    return sendJson(res, 200, { entries: this.#journal.find(url.searchParams.get('contains')) });
  }
}
