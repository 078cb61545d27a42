// Runs every surface x provider x case with the official SDKs and prints the matrix.
//   node matrix.mjs --gatehouse PATH [--only surface/provider/case] [--json FILE]   (or GATEHOUSE=PATH)
//   node matrix.mjs --direct          SDKs straight at the fake upstream, same dialect only: proves the
//                                     upstream and the assertions without a gateway in between

import { realFetch, watched } from './wiretap.mjs'; // first: it must see global fetch before any SDK takes it

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { caseNames, reasonAgainst, rows } from './plan.mjs';
import { printMatrix } from './report.mjs';
import { makeSecrets, providers, publicName, startAimock, startGatehouse, startUpstream, upstreamName } from './topology.mjs';

const kParallelCells = 8;
const kCellMs = 25_000;
const kMatrixMs = 240_000;

const { values: options } = parseArgs({ options: {
  gatehouse: { type: 'string' }, direct: { type: 'boolean', default: false }, only: { type: 'string', multiple: true }, json: { type: 'string' }, verbose: { type: 'boolean', default: false },
} });
options.gatehouse ??= process.env.GATEHOUSE;
if (!options.direct && !options.gatehouse) {
  console.error('usage: node matrix.mjs --gatehouse PATH | --direct  [--only surface/provider/case] [--json FILE]');
  process.exit(2);
}

const variantOf = (row) => row.surface.name.replaceAll('.', '_');
const kFaulty = /^(error|cut|end|garbage|wrong|hang|slow)/;

/** The names a row uses for a scenario's model: in the gateway's catalogue, or the upstream's own. */
const modelName = (row, provider, scenario, apart) => {
  if (options.direct) return upstreamName(provider, scenario);
  return publicName(provider, scenario, kFaulty.test(scenario) ? `${variantOf(row)}${apart ? '_apart' : ''}` : undefined);
};

async function journalOf(world, provider, nonce) {
  if (providers[provider].upstream !== 'fake') return [];
  const response = await realFetch(`${world.fake.origin}/__journal?contains=${nonce}`);
  return (await response.json()).entries;
}

function makeContext(world, row, provider, caseName) {
  const nonce = `cell-${randomBytes(6).toString('hex')}`;
  const key = options.direct ? world.secrets[provider] ?? world.secrets.bedrock : world.clientKey;
  const origin = options.direct ? world[providers[provider].upstream].origin : world.gatehouse.origin;
  const where = { origin, key, provider: options.direct ? provider : 'openai' };
  const model = (scenario, apart) => modelName(row, provider, scenario, apart);
  return {
    surface: row.surface, provider, family: providers[provider].family, caseName, gateway: !options.direct, exact: providers[provider].upstream === 'fake', nonce, where, model,
    secrets: world.secrets, clientKey: world.clientKey ?? 'no-client-key', client: row.surface.client({ ...where, model: model('plain') }),
    models: options.direct ? ['plain'] : [publicName(provider, 'plain')],
    makeClient: (name) => row.surface.client({ ...where, model: name }),
    badClient: () => row.surface.client({ ...where, key: 'gh_test_wrong_key', model: model('plain') }),
    ask: (scenario, { images, apart, ...more } = {}) => ({ model: model(scenario, apart), turns: [{ user: `What now? [${nonce}]`, images }], ...more }),
    accessLog: () => world.gatehouse.child.lines,
    journal: () => journalOf(world, provider, nonce),
    fresh: () => makeContext(world, row, provider, caseName),
  };
}

const late = (ms) => new Promise((_, reject) => { setTimeout(() => reject(new Error(`no result after ${ms} ms`)), ms).unref(); });

/** Whatever a case checks, no request of it may carry the client's key to the provider. */
async function checkNoClientKey(world, provider, context) {
  if (options.direct) return;
  for (const entry of await journalOf(world, provider, context.nonce)) {
    const text = JSON.stringify([entry.url, entry.headers, entry.body]);
    if (text.includes(world.clientKey)) throw new Error(`the client's key reached the upstream: ${entry.method} ${entry.url}`);
    const stray = Object.keys(entry.headers).find((h) => h.startsWith('x-stainless'));
    if (stray) throw new Error(`the client SDK's header ${stray} reached the upstream`);
  }
}

const caseOf = (row, provider, name) => (providers[provider].family === 'simulated' && row.simulated?.[name]) || row.cases[name];

async function runCell(world, { row, provider, name }) {
  const started = Date.now();
  const context = makeContext(world, row, provider, name);
  const result = { surface: row.surface.name, provider, case: name };
  try {
    await watched(() => Promise.race([caseOf(row, provider, name)(context), late(kCellMs)]));
    await checkNoClientKey(world, provider, context);
    return { ...result, state: 'ok', ms: Date.now() - started };
  } catch (e) {
    const detail = options.verbose ? `\n${e?.stack}` : '';
    return { ...result, state: 'failed', ms: Date.now() - started, why: `${e?.message ?? e}${detail}`, nonce: context.nonce, journal: await shortJournal(world, provider, context.nonce) };
  }
}

async function shortJournal(world, provider, nonce) {
  const entries = await journalOf(world, provider, nonce).catch(() => []);
  return entries.map((e) => ({ method: e.method, url: e.url, end: e.end, refusal: e.refusal, body: e.body.slice(0, 2000) }));
}

function selected(surface, provider, name) {
  if (!options.only) return true;
  const fits = (pattern, value) => pattern === undefined || pattern === '' || pattern === '*' || pattern === value;
  return options.only.some((only) => {
    const [s, p, c] = only.split('/');
    return fits(s, surface) && fits(p, provider) && fits(c, name);
  });
}

/** Every cell: to be run, or with the reason why it cannot exist. */
function makeCells() {
  const cells = [];
  for (const row of rows) {
    for (const provider of Object.keys(providers)) {
      if (providers[provider].family === 'hidden') continue;
      if (options.direct ? !row.surface.direct.includes(provider) : row.surface.directOnly) continue;
      for (const name of caseNames) {
        if (!selected(row.surface.name, provider, name)) continue;
        cells.push({ row, provider, name, reason: reasonAgainst(row, provider, name) });
      }
    }
  }
  return cells;
}

const outOfTime = ({ row, provider, name }) => ({ surface: row.surface.name, provider, case: name, state: 'failed', ms: 0, why: `not reached: the matrix has ${kMatrixMs / 1000} s`, journal: [] });

async function runAll(world, cells) {
  const queue = cells.filter((cell) => cell.reason === null);
  const results = [];
  const until = Date.now() + kMatrixMs;
  const worker = async () => {
    for (let cell = queue.shift(); cell; cell = queue.shift()) {
      results.push(Date.now() < until ? await runCell(world, cell) : outOfTime(cell));
      if (world.gatehouse?.child.exit) throw new Error(`gatehouse ended: ${JSON.stringify(world.gatehouse.child.exit)}\n${world.gatehouse.child.log.slice(-6000)}`);
    }
  };
  await Promise.all(Array.from({ length: kParallelCells }, worker));
  const none = cells.filter((c) => c.reason).map((c) => ({ surface: c.row.surface.name, provider: c.provider, case: c.name, state: 'none', why: c.reason }));
  const place = (r) => cells.findIndex((c) => c.row.surface.name === r.surface && c.provider === r.provider && c.name === r.case);
  return [...results, ...none].sort((a, b) => place(a) - place(b));
}

async function startWorld() {
  const secrets = makeSecrets();
  const fake = await startUpstream(secrets);
  const aimock = await startAimock();
  const world = { secrets, fake, aimock };
  if (options.direct) return world;
  // gh_test_ is the prefix of client keys of the test class; the rest is as random as a real key's.
  world.clientKey = `gh_test_${randomBytes(24).toString('hex')}`;
  world.gatehouse = await startGatehouse(options.gatehouse, { ports: { fake: fake.port, aimock: aimock.port }, rows: rows.map(variantOf), clientKey: world.clientKey }, secrets);
  return world;
}

async function main() {
  const started = Date.now();
  const world = await startWorld();
  let results;
  try {
    results = await runAll(world, makeCells());
  } finally {
    await world.gatehouse?.stop();
    await world.aimock.stop();
    await world.fake.child.stop();
  }
  if (options.json) writeFileSync(options.json, JSON.stringify(results, null, 1));
  return printMatrix(results, { seconds: (Date.now() - started) / 1000, direct: options.direct });
}

process.exit(await main() ? 0 : 1);
