// The simulated provider has no upstream to look at; its answers say themselves what reached it. It repeats
// what the user said, calls the tools it has to call, and fills a schema with its first possible instance.

import { setTimeout as pause } from 'node:timers/promises';

import { drain, kPixel, kTools } from './cases.mjs';
import { broken, refused, serverError } from './error_cases.mjs';
import * as expect from './expect.mjs';
import { wire } from './wiretap.mjs';

const kInstances = { get_weather: { city: 'simulated', unit: 'celsius' }, get_time: { zone: 'simulated' }, ping: {} };
const kSchema = { type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } }, required: ['name', 'age'], additionalProperties: false };

const send = (x, ask, how) => (how === 'stream' ? drain(x.surface.streamed(x.client, ask)) : x.surface.whole(x.client, ask));

function checkEcho(ask, answer) {
  expect.truth('the answer repeats the question', answer.text.includes(`You said: ${ask.turns[0].user}`), answer.text);
  expect.equal('finish reason', answer.finish, 'stop');
  expect.truth('usage counts both sides', answer.usage.input > 0 && answer.usage.output > 0, answer.usage);
  expect.truth('a request id reached the SDK', answer.requestId);
}

async function plain(x) {
  const ask = x.ask('plain');
  const answer = await send(x, ask);
  checkEcho(ask, answer);
  expect.equal('the same question has the same answer', (await send(x, ask)).text, answer.text);
}

async function stream(x) {
  const ask = x.ask('plain');
  let pieces = 0;
  const answer = await drain(x.surface.streamed(x.client, ask), () => { pieces++; });
  checkEcho(ask, answer);
  expect.truth('the text came in several pieces', pieces > 3, pieces);
  expect.equal('streamed and whole are one answer', (await send(x, ask)).text, answer.text);
}

async function toolLoop(x, how, toolChoice, names) {
  const ask = x.ask('tools', { tools: kTools, toolChoice });
  const first = await send(x, ask, how);
  expect.equal('finish reason', first.finish, 'tools');
  expect.equal('tool calls', first.calls.map(({ name, args }) => ({ name, args })), names.map((name) => ({ name, args: kInstances[name] })));
  const results = { results: first.calls.map((call) => ({ call, text: `result of ${call.name}` })) };
  const last = await send(x, { ...ask, toolChoice: 'auto', turns: [...ask.turns, { answer: first }, results] }, how);
  const said = last.text; // a Gemini result is an object, and repeated as one
  expect.truth('the answer repeats the last result', said.startsWith('The tool answered: ') && said.includes(`result of ${names.at(-1)}`), said);
}

const weather = ['get_weather'];
const everyTool = kTools.map((t) => t.name);

async function images(x) {
  const answer = await send(x, x.ask('images', { images: [kPixel, kPixel] }));
  expect.truth('both images were seen', answer.text.includes('showed 2 image(s)'), answer.text);
}

async function structured(x) {
  for (const how of ['whole', 'stream']) {
    const answer = await send(x, x.ask('structured', { schema: kSchema }), how);
    expect.equal(`${how} answer`, expect.parseJson('structured answer', answer.text), { name: 'simulated', age: 1 });
  }
}

async function reasoning(x) {
  for (const how of ['whole', 'stream']) {
    const answer = await send(x, x.ask('reasoning', { effort: 'medium' }), how);
    if (!x.surface.reads.noReasoningText) expect.truth(`${how}: reasoning text`, answer.reasoning.length > 0);
    expect.truth(`${how}: reasoning tokens are counted`, answer.usage.reasoning > 0, answer.usage);
  }
}

const error = (x) => expect.all({
  'rate limited': () => refused(x, 429, { ask: x.ask('error-429'), retryable: false }),
  unavailable: () => refused(x, serverError, { ask: x.ask('error-503'), retryable: false }),
  'invalid request': () => refused(x, 400, { ask: x.ask('error-400') }),
  'unknown model': () => refused(x, 404, { ask: x.ask('no-such-model') }),
  'wrong key': () => refused(x, 401, { ask: x.ask('plain'), client: x.badClient() }),
  'streamed: unavailable': () => refused(x, serverError, { run: (client) => drain(x.surface.streamed(client, x.ask('error-503', { apart: true }))) }),
  'cut in mid-stream': () => broken(x, 'cut-mid-stream'),
});

const kAbortMs = 4_000;

/** Nothing lies behind the simulated provider, so the gateway's own log has to tell that it stopped. */
async function abort(x) {
  const controller = new AbortController();
  let pieces = 0;
  const long = x.ask('slow');
  long.turns[0].user += ' and on'.repeat(400);
  await drain(x.surface.streamed(x.client, long, controller.signal), () => { if (++pieces === 2) controller.abort(); }).catch(() => {});
  expect.truth('deltas arrived before the abort', pieces >= 2, pieces);
  const id = wire().headers.get('x-request-id') ?? wire().headers.get('request-id');
  for (const until = Date.now() + kAbortMs; ; await pause(25)) {
    const line = x.accessLog().find((l) => l.request_id === id && l.ending);
    if (line) return expect.equal('how the exchange ended', line.ending, 'client_gone');
    expect.truth('the access log tells how the exchange ended', Date.now() < until, id);
  }
}

export const simulatedCases = {
  plain, stream, images, structured, reasoning, error, abort,
  tools: (x) => toolLoop(x, 'whole', { name: 'get_weather' }, weather),
  'tools-stream': (x) => toolLoop(x, 'stream', { name: 'get_weather' }, weather),
  'parallel-tools': (x) => expect.all({ whole: () => toolLoop(x, 'whole', 'required', everyTool), stream: () => toolLoop(x, 'stream', 'required', everyTool) }),
};

export const simulatedCompletionCases = { plain, stream, error, abort };

/** The agent's first call is free to call or not; the simulated model calls the tool that the user names. */
async function agent(x, how, names) {
  const client = x.makeClient(x.model('tools'));
  const question = x.ask('tools');
  const ask = { ...question, tools: kTools, answers: Object.fromEntries(everyTool.map((name) => [name, `result of ${name}`])), turns: [{ user: `${question.turns[0].user} use ${names.join(' and ')}` }] };
  const result = await (how === 'stream' ? x.surface.runStreamed(client, ask) : x.surface.run(client, ask));
  expect.equal('tools the agent ran', result.ran, names.map((name) => ({ name, args: kInstances[name] })));
  expect.equal('final text', result.text, `The tool answered: result of ${names.at(-1)}`);
}

export const simulatedAgentCases = {
  tools: (x) => agent(x, 'whole', weather),
  'tools-stream': (x) => agent(x, 'stream', weather),
  'parallel-tools': (x) => agent(x, 'whole', ['get_weather', 'get_time']),
};
