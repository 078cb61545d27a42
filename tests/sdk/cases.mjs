// The cells of the matrix for conversation surfaces: what one surface must show over one provider.
// A context `x` carries: surface, provider, family, gateway (false when SDKs talk to the upstream
// itself), client, ask(scenario, more), journal(), badClient(), secrets, clientKey.

import { setTimeout as pause } from 'node:timers/promises';

import * as expect from './expect.mjs';
import { isChat, read } from './seen.mjs';
import {
  inputTotal, kAnswerAfterTools, kImageText, kPerson, kPlainText, kReasoning, kSignature, kTimeArguments, kWeatherArguments, outputTotal, scriptFor, usageAs,
} from './upstream/scenarios.mjs';
import { wire } from './wiretap.mjs';

export const kPixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
export const kSystem = 'You keep the gate. Answer briefly.';
const kPersonSchema = {
  type: 'object', properties: { name: { type: 'string', description: 'full name' }, age: { type: 'integer' } }, required: ['name', 'age'], additionalProperties: false };

const schema = (properties) => ({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false });
export const kTools = [
  { name: 'get_weather', description: 'Weather in a city', schema: schema({ city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } }) },
  { name: 'get_time', description: 'Time in a zone', schema: schema({ zone: { type: 'string' } }) },
  { name: 'ping', description: 'Does nothing', schema: schema({}) },
];
export const kToolAnswers = { get_weather: '{"degrees":7,"$ref":"#/rain"}', get_time: 'the clock is broken', ping: 'pong' };

/** Drains a stream; `onPiece` sees every non-empty piece. Returns the collected answer. */
export async function drain(stream, onPiece = () => {}) {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return value;
    if (value) await onPiece(value);
  }
}

const send = (x, ask, how, signal) => (how === 'stream' ? drain(x.surface.streamed(x.client, ask, signal)) : x.surface.whole(x.client, ask, signal));

export function checkUsage(x, usage, scenario, answered = false) {
  if (!x.exact) return expect.truth('usage counts something', usage.input > 0 && usage.output > 0, usage);
  const u = usageAs(x.family, scriptFor(scenario, { answered }).usage);
  const { cacheWrite, reasoningTokens } = x.surface.reads;
  return expect.equal('usage', usage, {
    input: inputTotal(u), read: u.read, write: cacheWrite ? u.write : 0, output: outputTotal(u), reasoning: reasoningTokens ? u.reasoning : 0 });
}

function checkAnswer(x, answer, { text, finish, scenario, answered = false, calls = [] }) {
  expect.equal('text', answer.text, text);
  expect.equal('finish reason', answer.finish, finish);
  expect.equal('tool calls', answer.calls.map(({ name, args }) => ({ name, args })), calls);
  checkUsage(x, answer.usage, scenario, answered);
  if (x.gateway) expect.truth('a request id reached the SDK', answer.requestId);
}

/** What the upstream received for this cell, in the neutral form; also proves that no client credential went along. */
async function received(x, count) {
  const entries = (await x.journal()).filter(isChat);
  expect.equal('requests that reached the upstream', entries.length, count);
  entries.forEach((entry) => expect.truth('the upstream accepted the request', !entry.refusal, entry.refusal));
  return { entries, seen: entries.map(read) };
}

const isSameDialect = (x, entry) => entry.dialect === x.surface.dialect
  && (entry.operation === x.surface.operation || (x.surface.operation === 'generate' && /enerateContent$/.test(entry.operation)));

/** Same dialect in and out: the body is the client's but for the model's name and the injected usage option. */
function checkUntouched(x, entry) {
  if (!x.gateway || !isSameDialect(x, entry)) return;
  const strip = (text) => {
    const { model: _, stream_options: __, ...rest } = JSON.parse(text);
    return rest;
  };
  expect.equal('the body passes unchanged', strip(entry.body), strip(wire().requestBody));
}

export async function plain(x) {
  const question = x.ask('plain', { system: kSystem, maxTokens: 321 });
  const first = await send(x, question);
  checkAnswer(x, first, { text: kPlainText, finish: 'stop', scenario: 'plain' });
  if (!x.exact) return;
  const { entries, seen: [only] } = await received(x, 1);
  checkUntouched(x, entries[0]);
  expect.equal('system prompt upstream', only.system, kSystem);
  expect.equal('max tokens upstream', only.maxTokens, 321);
  expect.equal('stream flag upstream', only.stream, false);
  await all(x, {
    'multi-turn': async () => {
      const more = x.ask('plain', { turns: [...question.turns, { answer: first }, { user: 'And now?' }] });
      await send(x, more);
      const { seen } = await received(x, 2);
      expect.equal('turns upstream', seen[1].turns.map((t) => [t.role, t.text]), [['user', question.turns[0].user], ['assistant', kPlainText], ['user', 'And now?']]);
    },
    'length limit': async () => expect.equal('finish reason', (await send(x, x.ask('length'))).finish, 'length'),
    'content filter': async () => expect.equal('finish reason', (await send(x, x.ask('filter'))).finish, 'filter'),
    ...(x.gateway ? x.surface.extras?.plain?.(x) : {}),
    'count tokens': async () => x.surface.countTokens && expect.truth('a token count', (await x.surface.countTokens(x.client, x.ask('plain'))) > 0),
  });
}

const all = (x, checks) => expect.all(checks);

export async function stream(x) {
  let pieces = 0;
  const answer = await drain(x.surface.streamed(x.client, x.ask('plain', { system: kSystem })), () => { pieces++; });
  checkAnswer(x, answer, { text: kPlainText, finish: 'stop', scenario: 'plain' });
  expect.truth('the text came in several pieces', pieces > 1, pieces);
  if (x.surface.endsWith) expect.truth(`the stream ends with ${JSON.stringify(x.surface.endsWith)}`, wire().text.endsWith(x.surface.endsWith), wire().text.slice(-80));
  if (!x.surface.untapped) expect.truth('content-type is text/event-stream', wire().headers.get('content-type')?.startsWith('text/event-stream'), wire().headers.get('content-type'));
  if (!x.exact) return;
  const { seen, entries } = await received(x, 1);
  expect.equal('stream flag upstream', seen[0].stream, true);
  checkUntouched(x, entries[0]);
  await all(x, {
    ...(x.gateway ? x.surface.extras?.stream?.(x) : {}),
    'one byte at a time': async () => expect.equal('text', (await send(x, x.ask('shredded'), 'stream')).text, kPlainText),
    'pings between events': async () => expect.equal('text', (await send(x, x.ask('comments'), 'stream')).text, kPlainText),
    'length limit': async () => expect.equal('finish reason', (await send(x, x.ask('length'), 'stream')).finish, 'length'),
    'content filter': async () => expect.equal('finish reason', (await send(x, x.ask('filter'), 'stream')).finish, 'filter'),
  });
}

const resultsFor = (x, calls) => ({ results: calls.map((call) => ({ call, text: kToolAnswers[call.name], isError: x.surface.toolErrors && call.name === 'get_time' })) });

/** The full loop: question, calls, results, answer; checks both requests as the upstream saw them. */
async function toolLoop(x, scenario, how, { calls, text = '' }) {
  const ask = x.ask(scenario, { system: kSystem, tools: kTools, toolChoice: 'auto' });
  const first = await send(x, ask, how);
  checkAnswer(x, first, { text, finish: 'tools', scenario, calls });
  expect.equal('call ids are distinct', new Set(first.calls.map((c) => c.id ?? c.name)).size, calls.length);
  const turns = [...ask.turns, { answer: first }, resultsFor(x, first.calls)];
  const last = await send(x, { ...ask, turns }, how);
  checkAnswer(x, last, { text: kAnswerAfterTools, finish: 'stop', scenario, answered: true });
  if (!x.exact) return;
  const { seen: [asked, answered], entries } = await received(x, 2);
  checkUntouched(x, entries[1]);
  expect.equal('tools upstream', asked.tools, kTools);
  checkReplay(x, answered, calls);
}

function checkReplay(x, answered, calls) {
  expect.equal('roles upstream', answered.turns.map((t) => t.role), ['user', 'assistant', 'user']);
  const [, assistant, user] = answered.turns;
  expect.equal('calls upstream', assistant.calls.map(({ name, args }) => ({ name, args })), calls);
  checkResults(x, user.results, calls);
  expect.equal('results carry the ids of their calls', user.results.map((r) => r.id), assistant.calls.map((c) => c.id));
  if (x.surface.toolErrors && ['anthropic', 'bedrock', 'gemini'].includes(x.family)) {
    expect.equal('tool error flags upstream', user.results.map((r) => r.isError === true), calls.map((c) => c.name === 'get_time'));
  }
}

/** A format without an error flag may say in the text that the tool failed; every other text is untouched. */
function checkResults(x, results, calls) {
  const flagged = ['anthropic', 'bedrock', 'gemini'].includes(x.family);
  const texts = results.map((r) => (x.surface.toolErrors && !flagged ? r.text.replace(/^Error: /, '') : r.text));
  expect.equal('results upstream, in the order of the calls', texts, calls.map((c) => kToolAnswers[c.name]));
}

const oneCall = [{ name: 'get_weather', args: kWeatherArguments }];
const threeCalls = [...oneCall, { name: 'get_time', args: kTimeArguments }, { name: 'ping', args: {} }];

export async function tools(x) {
  await toolLoop(x, 'tools', 'whole', { calls: oneCall });
  if (!x.exact) return;
  await all(x, {
    'named tool choice': () => checkChoice(x, { name: 'get_weather' }),
    'required tool choice': () => checkChoice(x, 'required'),
  });
}

async function checkChoice(x, toolChoice) {
  await send(x, x.ask('tools', { tools: kTools, toolChoice }));
  const entries = (await x.journal()).filter(isChat);
  expect.equal('tool choice upstream', read(entries.at(-1)).toolChoice, toolChoice);
}

export const toolsStream = (x) => toolLoop(x, 'tools', 'stream', { calls: oneCall });

export async function parallelTools(x) {
  await all(x, {
    whole: () => toolLoop(x.fresh(), 'parallel-tools', 'whole', { calls: threeCalls }),
    stream: () => toolLoop(x.fresh(), 'parallel-tools', 'stream', { calls: threeCalls }),
    ...(x.exact ? { 'text before the calls, streamed': () => toolLoop(x.fresh(), 'text-then-tools', 'stream', { calls: threeCalls, text: 'Let me look. ' }) } : {}),
  });
}

export async function images(x) {
  const ask = x.ask('images', { images: [kPixel] });
  const answer = await send(x, ask);
  checkAnswer(x, answer, { text: kImageText, finish: 'stop', scenario: 'images' });
  const { seen: [only] } = await received(x, 1);
  expect.equal('images upstream, byte for byte', only.turns[0].images, [kPixel]);
  expect.equal('text beside the image', only.turns[0].text, ask.turns[0].user);
}

export async function structured(x) {
  const answer = await send(x, x.ask('structured', { schema: kPersonSchema }));
  expect.equal('the answer follows the schema', expect.parseJson('structured answer', answer.text), kPerson);
  checkUsage(x, answer.usage, 'structured');
  if (x.exact) expect.equal('schema upstream', (await received(x, 1)).seen[0].schema, kPersonSchema);
  const streamed = await send(x, x.ask('structured', { schema: kPersonSchema }), 'stream');
  expect.equal('streamed, too', expect.parseJson('structured answer', streamed.text), kPerson);
}

/** OpenAI's chat format has no reasoning text; every other upstream here sends it. */
const upstreamShowsReasoning = (x, entry) => x.family !== 'openai' || entry.operation === 'responses';

export async function reasoning(x) {
  await all(x, {
    whole: () => reasonOnce(x.fresh(), 'whole'),
    stream: () => reasonOnce(x.fresh(), 'stream'),
    ...(x.exact ? { 'signature survives a tool loop': () => reasonWithTools(x.fresh()) } : {}),
  });
}

async function reasonOnce(x, how, scenario = 'reasoning') {
  const answer = await send(x, x.ask(scenario, { effort: 'medium' }), how);
  checkAnswer(x, answer, { text: kPlainText, finish: 'stop', scenario });
  if (!x.exact) return expect.truth('reasoning text is right or absent', ['', kReasoning].includes(answer.reasoning), answer.reasoning);
  const { entries, seen } = await received(x, 1);
  expect.equal('reasoning was asked for upstream', seen[0].effort, true);
  if (!upstreamShowsReasoning(x, entries[0]) || x.surface.reads.noReasoningText) return undefined;
  expect.equal('reasoning text', answer.reasoning, kReasoning);
  const sameMaker = x.surface.dialect === x.family || (x.surface.dialect === 'anthropic' && x.family === 'bedrock');
  if (x.surface.reads.signature && sameMaker) expect.equal('signature, byte for byte', answer.signature, kSignature);
  return undefined;
}

async function reasonWithTools(x) {
  const ask = x.ask('reasoning-tools', { effort: 'medium', tools: kTools });
  const first = await send(x, ask);
  expect.equal('tool calls', first.calls.map(({ name, args }) => ({ name, args })), oneCall);
  const last = await send(x, { ...ask, turns: [...ask.turns, { answer: first }, resultsFor(x, first.calls)] });
  expect.equal('text', last.text, kAnswerAfterTools);
  const { seen } = await received(x, 2);
  if (x.surface.dialect === 'anthropic' && x.family === 'anthropic') {
    expect.equal('thinking comes back as it was', seen[1].turns[1].reasoning, [{ text: kReasoning, signature: kSignature }]);
  }
}

// Shapes that providers have been seen to send, each the number of a known pitfall. What an upstream of the
// client's own dialect sends is passed on as it is, so the misnumbered ones only show across dialects.
const kToolShapes = {
  openai: { 'whole-arguments': ['1: all arguments in one chunk', threeCalls], 'text-and-tool': ['2: text and a call in one chunk', oneCall, 'Looking. '], 'unnumbered-tools': ['3: calls without an index', threeCalls] },
  anthropic: { 'whole-arguments': ['1: all arguments in one delta', threeCalls] },
  bedrock: { 'whole-arguments': ['1: all arguments in one delta', threeCalls] },
  gemini: { 'signed-tools': ['14: the call\'s signature comes back', oneCall] },
};
const kTextShapes = { openai: { 'empty-choices': '20: filter chunks without choices or delta', 'finish-early': '19: finish reason before the last text' } };
const kAcrossOnly = ['unnumbered-tools', 'finish-early'];
const shapeFamily = (family) => (family === 'compatible' ? 'openai' : family);

export async function odd(x) {
  const family = shapeFamily(x.family);
  const fits = ([scenario]) => !(kAcrossOnly.includes(scenario) && family === x.surface.dialect);
  const checks = {};
  for (const [scenario, [name, calls, text]] of Object.entries(kToolShapes[family]).filter(fits)) {
    checks[`${name}, streamed`] = () => toolLoop(x.fresh(), scenario, 'stream', { calls, text });
    if (scenario === 'signed-tools') checks[name] = () => toolLoop(x.fresh(), scenario, 'whole', { calls, text });
  }
  for (const [scenario, name] of Object.entries(kTextShapes[family] ?? {}).filter(fits)) {
    checks[name] = async () => checkAnswer(x, await send(x, x.ask(scenario), 'stream'), { text: kPlainText, finish: 'stop', scenario });
  }
  if (x.family === 'compatible') checks['21: reasoning under its other name'] = () => reasonOnce(x.fresh(), 'stream', 'reasoning-alias');
  await all(x, checks);
}

const kAbortMs = 4_000;

async function untilAborted(x) {
  const until = Date.now() + kAbortMs;
  for (;;) {
    const entries = await x.journal();
    expect.truth('the upstream had not finished by itself', entries.every((e) => e.end !== 'finished'), entries.map((e) => e.end));
    if (entries.length && entries.every((e) => e.end === 'aborted')) return;
    expect.truth('the upstream saw the connection close', Date.now() < until, entries.map((e) => e.end));
    await pause(25);
  }
}

async function untilReceived(x) {
  const until = Date.now() + kAbortMs;
  while ((await x.journal()).length === 0) {
    expect.truth('the request reached the upstream', Date.now() < until);
    await pause(25);
  }
}

/** Runs `body` and reports whether it threw; an abort may surface as an error or as a quiet end. */
async function threw(body) {
  try { await body(); return null; } catch (e) { return e ?? new Error('thrown undefined'); }
}

export async function abort(x) {
  await all(x, { 'in mid-stream': () => abortStream(x.fresh()), 'before the answer': () => abortWhole(x.fresh()) });
}

async function abortStream(x) {
  const controller = new AbortController();
  let pieces = 0;
  await threw(() => drain(x.surface.streamed(x.client, x.ask('slow'), controller.signal), () => {
    if (++pieces === 2) controller.abort();
  }));
  expect.truth('deltas arrived while the upstream was still sending', pieces >= 2, pieces);
  await untilAborted(x);
}

export async function abortWhole(x, begin = (signal) => send(x, x.ask('hang'), 'whole', signal)) {
  const controller = new AbortController();
  const failed = threw(() => begin(controller.signal));
  await untilReceived(x);
  controller.abort();
  expect.truth('the SDK reported the abort', await failed);
  await untilAborted(x);
}
