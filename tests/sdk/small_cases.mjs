// Cells of the surfaces without a conversation: completions, embeddings, model lists, and the agent loop.

import { createHash } from 'node:crypto';

import { abortWhole, checkUsage, drain, kSystem, kToolAnswers, kTools } from './cases.mjs';
import { error as conversationError, refusals } from './error_cases.mjs';
import * as expect from './expect.mjs';
import { isChat, read } from './seen.mjs';
import { kSpeech } from './upstream/opaque.mjs';
import { kAnswerAfterTools, kPlainText, kTimeArguments, kWeatherArguments, vectorFor } from './upstream/scenarios.mjs';

async function completion(x, how) {
  const ask = x.ask('plain', { maxTokens: 77 });
  const answer = how === 'stream' ? await drain(x.surface.streamed(x.client, ask)) : await x.surface.whole(x.client, ask);
  expect.equal('text', answer.text, kPlainText);
  expect.equal('finish reason', answer.finish, 'stop');
  checkUsage(x, answer.usage, 'plain');
  if (!x.exact) return;
  const entries = await x.journal();
  expect.equal('requests upstream', entries.length, 1);
  if (isChat(entries[0])) {
    expect.equal('the prompt became one user turn', read(entries[0]).turns.map((t) => [t.role, t.text]), [['user', ask.turns[0].user]]);
    expect.equal('max tokens upstream', read(entries[0]).maxTokens, 77);
  } else {
    expect.equal('prompt upstream', JSON.parse(entries[0].body).prompt, ask.turns[0].user);
  }
}

export const completionCases = { plain: (x) => completion(x, 'whole'), stream: (x) => completion(x, 'stream'), error: conversationError };

// A dialect of numbers: vectors are exactly representable, so base64, float32 and JSON must all agree.
async function embedding(x) {
  const texts = [`first ${x.nonce}`, `second ${x.nonce}`];
  const { vectors, requestId, usage } = await x.surface.embed(x.client, x.model('plain'), texts);
  expect.equal('number of vectors', vectors.length, 2);
  if (x.gateway && requestId !== undefined) expect.truth('a request id', requestId);
  // aimock counts nothing here; Gemini's format has no usage.
  if (usage && x.family !== 'aimock') expect.truth('usage', usage.prompt_tokens > 0 && usage.total_tokens >= usage.prompt_tokens, usage);
  if (!x.exact) return expect.truth('vectors hold numbers', vectors.every((v) => v.length > 0 && v.every(Number.isFinite)));
  expect.equal('vectors', vectors, texts.map((t) => vectorFor(t)));
  return expect.all({ 'one text': async () => {
    const one = await x.surface.embed(x.client, x.model('plain'), [texts[0]]);
    expect.equal('vector', one.vectors, [vectorFor(texts[0])]);
  } });
}

const embedOnce = (x, scenario) => (client) => x.surface.embed(client, x.model(scenario), [x.nonce]);

export const embeddingCases = {
  plain: embedding,
  error: (x) => refusals(x, (scenario) => ({ run: embedOnce(x, scenario) })),
  abort: (x) => abortWhole(x, (signal) => x.surface.embed(x.client, x.model('hang'), [x.nonce], { signal })),
};
export const geminiEmbeddingCases = { plain: embedding };

async function ranking(x) {
  const answer = await x.surface.rank(x.client, x.model('plain'), `red gate ${x.nonce}`, ['a blue door', 'the red gate', 'a red door']);
  expect.equal('order', answer.results.map((r) => r.index), [1, 2]);
  expect.truth('scores fall', answer.results[0].relevanceScore > answer.results[1].relevanceScore, answer.results);
  const [entry] = await x.journal();
  expect.equal('documents upstream', JSON.parse(entry.body).documents.length, 3);
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function checkUpload(x) {
  const content = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 13) % 256));
  const stored = await x.client.files.create({ file: new File([content], 'a.bin'), purpose: 'assistants' });
  expect.equal('bytes', stored.bytes, content.length);
  expect.equal('content, by its digest', stored.filename, sha256(content));
}

async function opaqueCalls(x) {
  const azure = x.provider === 'azure';
  await expect.all({
    images: async () => {
      const prompt = `a gate ${x.nonce}`;
      const { data } = await x.client.images.generate({ model: x.model('plain'), prompt });
      expect.equal('image', Buffer.from(data[0].b64_json, 'base64').toString(), sha256(prompt));
    },
    speech: async () => {
      const answer = await x.client.audio.speech.create({ model: x.model('plain'), input: x.nonce, voice: 'alloy' });
      expect.equal('content-type', answer.headers.get('content-type'), 'audio/mpeg');
      expect.equal('bytes', sha256(Buffer.from(await answer.arrayBuffer())), sha256(kSpeech));
    },
    ...(azure ? {} : {
      moderations: async () => expect.equal('flagged', (await x.client.moderations.create({ model: x.model('plain'), input: x.nonce })).results[0].flagged, false),
      // An upload names no model; the configuration sends such requests to the openai provider.
      ...(x.gateway && x.provider !== 'openai' ? {} : { files: () => checkUpload(x) }),
    }),
  });
}

const drawOnce = (x, scenario) => (client) => client.images.generate({ model: x.model(scenario), prompt: x.nonce });

export const opaqueCases = {
  plain: opaqueCalls,
  error: (x) => refusals(x, (scenario) => ({ run: drawOnce(x, scenario) })),
  abort: (x) => abortWhole(x, (signal) => x.client.images.generate({ model: x.model('hang'), prompt: x.nonce }, { signal })),
};

const rankOnce = (x, scenario) => (client) => x.surface.rank(client, x.model(scenario), x.nonce, ['one']);

export const rerankCases = {
  plain: ranking,
  error: (x) => refusals(x, (scenario) => ({ run: rankOnce(x, scenario) })),
  abort: (x) => abortWhole(x, (signal) => x.surface.rank(x.client, x.model('hang'), x.nonce, ['one'], signal)),
};

export const modelCases = (list) => ({
  async plain(x) {
    const ids = await list(x.where);
    for (const id of x.models) expect.truth(`the list names ${id}`, ids.includes(id), ids.slice(0, 5));
    expect.equal('no name is listed twice', new Set(ids).size, ids.length);
  },
});

async function agentLoop(x, scenario, how, expected) {
  const client = x.makeClient(x.model(scenario));
  const ask = { ...x.ask(scenario, { system: kSystem }), tools: kTools, answers: kToolAnswers };
  const result = await (how === 'stream' ? x.surface.runStreamed(client, ask) : x.surface.run(client, ask));
  expect.equal('tools the agent ran', result.ran, expected);
  expect.equal('final text', result.text, kAnswerAfterTools);
  expect.equal('messages of the loop', result.kinds, ['human', 'ai', ...expected.map(() => 'tool'), 'ai']);
  if (how === 'stream') expect.truth('the answer came in fragments', result.fragments > expected.length + 2, result.fragments);
  if (!x.exact) return;
  const entries = (await x.journal()).filter(isChat);
  expect.equal('model calls upstream', entries.length, 2);
  expect.equal('results upstream', read(entries[1]).turns.at(-1).results.map((r) => r.text), expected.map((c) => kToolAnswers[c.name]));
}

const weather = [{ name: 'get_weather', args: kWeatherArguments }];
const three = [...weather, { name: 'get_time', args: kTimeArguments }, { name: 'ping', args: {} }];

export const agentCases = {
  tools: (x) => agentLoop(x, 'tools', 'whole', weather),
  'tools-stream': (x) => agentLoop(x, 'tools', 'stream', weather),
  'parallel-tools': (x) => expect.all({ whole: () => agentLoop(x.fresh(), 'parallel-tools', 'whole', three), stream: () => agentLoop(x.fresh(), 'parallel-tools', 'stream', three) }),
};
