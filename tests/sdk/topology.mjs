// The processes and the configuration around a matrix run: fake upstream, aimock and gatehouse, each a
// child that is ended by its own pid, and the YAML that names every provider and model.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import {
  bedrockModel, kAnswerAfterTools, kPerson, kPlainText, kReasoning, kSignature, kTimeArguments, kWeatherArguments, scenarioNames, vectorFor,
} from './upstream/scenarios.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const kStartMs = 120_000; // a sanitized build on a busy machine
const kStopMs = 5_000;

/** Providers behind the gateway. `upstream` is who answers: the fake upstream, aimock, or the gateway itself. */
export const providers = {
  openai: { kind: 'openai', upstream: 'fake', path: '/v1', family: 'openai' },
  azure: { kind: 'azure_openai', upstream: 'fake', path: '', more: { api_version: '"2024-10-21"' }, family: 'openai' },
  anthropic: { kind: 'anthropic', upstream: 'fake', path: '', family: 'anthropic' },
  gemini: { kind: 'gemini', upstream: 'fake', path: '', family: 'gemini' },
  vertex: { kind: 'vertex', upstream: 'fake', path: '', family: 'gemini', more: { project: 'proj', location: 'europe-west4' }, credential: 'access_token' },
  bedrock: { kind: 'bedrock', upstream: 'fake', path: '', family: 'bedrock', more: { region: 'us-east-1' }, credential: 'aws' },
  compatible: { kind: 'openai_compatible', upstream: 'fake', path: '/compatible/v1', family: 'compatible' },
  cohere: { kind: 'cohere', upstream: 'fake', path: '', family: 'cohere' },
  simulated: { kind: 'simulated', upstream: 'gateway', family: 'simulated' },
  'simulated-slow': { kind: 'simulated', upstream: 'gateway', family: 'hidden', more: { tokens_per_second: 20 } },
  'simulated-429': { kind: 'simulated', upstream: 'gateway', family: 'hidden', more: { faults: '{ error_rate: 1, error: rate_limited }' } },
  'simulated-503': { kind: 'simulated', upstream: 'gateway', family: 'hidden', more: { faults: '{ error_rate: 1, error: unavailable }' } },
  'simulated-400': { kind: 'simulated', upstream: 'gateway', family: 'hidden', more: { faults: '{ error_rate: 1, error: invalid_request }' } },
  'simulated-cut': { kind: 'simulated', upstream: 'gateway', family: 'hidden', more: { faults: '{ cut_after_events: 4 }' } },
  'aimock-openai': { kind: 'openai', upstream: 'aimock', path: '/v1', family: 'aimock' },
  'aimock-anthropic': { kind: 'anthropic', upstream: 'aimock', path: '', family: 'aimock' },
  'aimock-gemini': { kind: 'gemini', upstream: 'aimock', path: '', family: 'aimock' },
  'aimock-bedrock': { kind: 'bedrock', upstream: 'aimock', path: '', family: 'aimock', more: { region: 'us-east-1' }, credential: 'aws' },
};

/** Every credential is random per run, so that one seen in the wrong place cannot be a coincidence. */
export function makeSecrets() {
  const secret = (name) => `up-${name}-${randomBytes(9).toString('hex')}`;
  const names = Object.keys(providers).filter((name) => providers[name].upstream !== 'gateway' && providers[name].credential !== 'aws');
  const bedrock = { accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`, secretAccessKey: secret('aws'), region: 'us-east-1' };
  return { ...Object.fromEntries(names.map((name) => [name, secret(name)])), bedrock };
}

const variable = (name) => `UPSTREAM_${name.toUpperCase().replaceAll('-', '_')}`;

/** The environment gatehouse reads the upstream credentials from. */
export function secretEnvironment(secrets) {
  const { bedrock, ...plain } = secrets;
  return { ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [variable(name), value])),
    UPSTREAM_AWS_ID: bedrock.accessKeyId, UPSTREAM_AWS_SECRET: bedrock.secretAccessKey };
}

function credentialLines(name, credential = 'api_key') {
  if (credential === 'aws') return ['    access_key_id: { env: UPSTREAM_AWS_ID }', '    secret_access_key: { env: UPSTREAM_AWS_SECRET }'];
  return [`    ${credential}: { env: ${variable(name)} }`];
}

function providerLines(ports) {
  return Object.entries(providers).flatMap(([name, p]) => {
    const head = [`  - name: ${name}`, `    kind: ${p.kind}`];
    const more = Object.entries(p.more ?? {}).map(([k, v]) => `    ${k}: ${v}`);
    if (p.upstream === 'gateway') return [...head, ...more];
    return [...head, `    base_url: "http://127.0.0.1:${ports[p.upstream]}${p.path}"`, ...more, ...credentialLines(name, p.credential)];
  });
}

/** Public name of a scenario at a provider; `variant` gives a row targets (and so health) of its own. */
export const publicName = (provider, scenario, variant) => (variant ? `${provider}-${scenario}.${variant}` : `${provider}-${scenario}`);

// Each row has its own failing targets: a breaker that one row opened must not fail another row's cell.
const isFaulty = (scenario) => /^(error|cut|end|garbage|wrong|hang|slow)/.test(scenario);

// The simulated provider misbehaves by its configuration, so a faulty scenario of it is a provider of its own.
const kSimulatedFaults = { slow: 'slow', 'error-429': '429', 'error-503': '503', 'error-500': '503', 'error-400': '400', 'cut-mid-stream': 'cut' };

/** The provider and the upstream's model name behind a scenario, which may carry a row after a dot. */
function placeOf(provider, scenario) {
  if (provider !== 'simulated') return [provider, upstreamName(provider, scenario)];
  const fault = kSimulatedFaults[scenario.split('.')[0]];
  return fault ? [`simulated-${fault}`, scenario] : ['simulated', scenario];
}

function modelLines(rows) {
  return Object.entries(providers).filter(([, p]) => p.family !== 'hidden').flatMap(([provider, p]) => {
    const scenarios = p.upstream === 'fake' ? scenarioNames : ['plain', 'tools', 'parallel-tools', 'structured', 'reasoning', 'length', 'filter', 'shredded', 'comments', 'images', ...scenarioNames.filter(isFaulty)];
    return scenarios.flatMap((scenario) => [undefined, ...(isFaulty(scenario) ? rows.flatMap((row) => [row, `${row}_apart`]) : [])].map((row) => {
      const [home, upstreamModel] = placeOf(provider, row ? `${scenario}.${row.replaceAll('.', '_')}` : scenario);
      return `  - { name: ${publicName(provider, scenario, row?.replaceAll('.', '_'))}, strategy: priority, targets: [ { provider: ${home}, model: "${upstreamModel}" } ] }`;
    }));
  });
}

/** What the provider itself calls the model that plays a scenario. */
export function upstreamName(provider, scenario) {
  return provider === 'bedrock' ? bedrockModel(scenario) : scenario;
}

export function writeConfiguration(file, { ports, rows, clientKey }) {
  const hash = createHash('sha256').update(clientKey).digest('hex');
  writeFileSync(file, [
    'version: 1', 'listeners:', '  - { name: public, address: 127.0.0.1, port: 0 }', 'admin: { address: 127.0.0.1, port: 0 }', 'log: { access: stdout, level: info }',
    // An abort is to reach the upstream: by default a call is seen through for its bill.
    'accounting: { drain: { at_most: 0s } }',
    'providers:', ...providerLines(ports), 'models:', ...modelLines(rows), 'pass_through: { openai: openai-plain }', 'keys:', `  - { name: test, hash: "sha256:${hash}" }`, '',
  ].join('\n'));
}

/** A child process whose stdout is JSON lines. Ends when told to, by its own pid. */
export class Child {
  #process;
  #exited;
  lines = [];
  log = '';

  constructor(command, args, env) {
    this.#process = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#exited = new Promise((resolve) => { this.#process.once('exit', (code, signal) => { this.exit = { code, signal }; resolve(); }); });
    // Whatever ends the runner ends its children, too.
    process.on('exit', () => { if (!this.exit) this.#process.kill('SIGKILL'); });
    this.#process.once('error', (e) => { this.exit = { error: e.message }; });
    this.#process.stderr.on('data', (data) => { this.log = (this.log + data).slice(-64_000); });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#read(line));
  }

  get pid() { return this.#process.pid; }

  #read(line) {
    try { this.lines.push(JSON.parse(line)); } catch { this.log = `${this.log}${line}\n`.slice(-64_000); }
    if (this.lines.length > 20_000) this.lines.splice(0, 10_000);
    this.wake?.();
  }

  /** The first line that fits, waiting for it at most until the start-up limit. */
  line(fits) { return this.#until(() => this.lines.find(fits)); }

  async #until(look) {
    const until = Date.now() + kStartMs;
    for (;;) {
      const found = look();
      if (found) return found;
      if (this.exit || Date.now() > until) throw new Error(`child did not get ready: ${JSON.stringify(this.exit ?? 'timeout')}\n${this.log.slice(-4000)}`);
      await new Promise((resolve) => { this.wake = resolve; setTimeout(resolve, 100); });
    }
  }

  /** The first match of `pattern` in what the child printed outside of JSON lines. */
  text(pattern) { return this.#until(() => pattern.exec(this.log)); }

  async stop() {
    if (this.exit) return;
    this.#process.kill('SIGTERM');
    const killer = setTimeout(() => this.#process.kill('SIGKILL'), kStopMs);
    await this.#exited;
    clearTimeout(killer);
  }
}

export async function startUpstream(secrets) {
  const child = new Child(process.execPath, [path.join(here, 'upstream/main.mjs')], { UPSTREAM_SECRETS: JSON.stringify(secrets) });
  const { port } = await child.line((l) => l.event === 'listening');
  return { child, port, origin: `http://127.0.0.1:${port}` };
}

export async function startGatehouse(binary, options, secrets) {
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-sdk-'));
  const file = path.join(folder, 'gatehouse.yaml');
  writeConfiguration(file, options);
  const child = new Child(binary, ['serve', '--config', file], secretEnvironment(secrets));
  await child.line((l) => l.event === 'ready');
  const portOf = (name) => child.lines.find((l) => l.event === 'listening' && l.listener === name)?.port;
  return { child, file, origin: `http://127.0.0.1:${portOf('public')}`, admin: `http://127.0.0.1:${portOf('admin')}`,
    async stop() { await child.stop(); rmSync(folder, { recursive: true, force: true }); } };
}

// Each provider's own names for the same figures; aimock takes those of the dialect it answers in.
const mockUsage = { usage: { prompt_tokens: 33, completion_tokens: 11, input_tokens: 33, output_tokens: 11, promptTokenCount: 33, candidatesTokenCount: 11, totalTokenCount: 44, inputTokens: 33, outputTokens: 11, totalTokens: 44 } };
const sayMock = (model, content, more = {}) => ({ match: { model }, response: { content, ...mockUsage, ...more } });

/** A tool loop of two fixtures: calls first, the answer once the results are there. */
const loopMock = (model, calls) => [
  { match: { model, hasToolResult: false }, response: { toolCalls: calls.map(([name, args]) => ({ name, arguments: JSON.stringify(args) })), ...mockUsage } },
  { match: { model, hasToolResult: true }, response: { content: kAnswerAfterTools, ...mockUsage } },
];

/** The scenarios of the fake upstream that aimock can play, told in its fixtures. */
function aimockFixtures() {
  const weather = ['get_weather', kWeatherArguments];
  return [
    { match: { model: 'plain', endpoint: 'embedding' }, response: { embedding: vectorFor('aimock') } },
    ...['plain', 'shredded', 'comments'].map((model) => sayMock(model, kPlainText)), sayMock('structured', JSON.stringify(kPerson)), sayMock('reasoning', kPlainText, { reasoning: kReasoning, reasoningSignature: kSignature }),
    sayMock('length', 'It was a dark and', { finishReason: 'length' }), sayMock('filter', 'I', { finishReason: 'content_filter' }),
    ...loopMock('tools', [weather]), ...loopMock('parallel-tools', [weather, ['get_time', kTimeArguments], ['ping', {}]]),
  ];
}

export async function startAimock() {
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-aimock-'));
  const file = path.join(folder, 'fixtures.json');
  writeFileSync(file, JSON.stringify({ fixtures: aimockFixtures() }));
  const cli = path.join(here, 'node_modules/@copilotkit/aimock/dist/cli.js');
  const child = new Child(process.execPath, [cli, '-p', '0', '-f', file, '--log-level', 'info']);
  const port = await child.text(/https?:\/\/[^:\s]+:(\d+)/);
  return { child, port: Number(port[1]), origin: `http://127.0.0.1:${port[1]}`, async stop() { await child.stop(); rmSync(folder, { recursive: true, force: true }); } };
}
