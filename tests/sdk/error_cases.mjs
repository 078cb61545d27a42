// The error cell: every way to fail, as the SDK's user sees it.

import { drain } from './cases.mjs';
import * as expect from './expect.mjs';

async function failureOf(what, body) {
  let result;
  try { result = await body(); } catch (e) { return e; }
  throw new expect.Mismatch(`${what}: expected an error, got ${JSON.stringify(result)?.slice(0, 200)}`);
}

/** Checks one refused request: status, error class, shape, request id, and that nothing of the upstream's leaks. */
export async function refused(x, status, { client = x.client, ask, run, retryable }) {
  const error = await failureOf(`status ${status}`, () => (run ? run(client) : x.surface.whole(client, ask)));
  if (error instanceof expect.Mismatch) throw error;
  const facts = x.surface.describeError(error);
  if (typeof status === 'number') expect.equal(`status (${String(error.message).slice(0, 160)})`, facts.status, status);
  else expect.truth(`status ${status.what}`, status.fits(facts.status), `${facts.status} ${error.message}`);
  expect.truth('the SDK raised the class for this status', facts.rightClass, error.constructor?.name);
  expect.truth('the body has the dialect\'s error shape', facts.shaped, error.message);
  if (!x.gateway) return facts;
  expect.truth('the error carries a request id', facts.requestId);
  const text = `${facts.message}`;
  for (const leak of [...Object.values(x.secrets).flatMap((s) => (typeof s === 'string' ? s : Object.values(s).filter((v) => v !== 'us-east-1'))), '127.0.0.1', x.clientKey]) {
    expect.truth('the message leaks nothing', !text.includes(leak), text);
  }
  if (retryable === false) expect.equal('x-should-retry after the gateway gave up', facts.shouldRetry, 'false');
  return facts;
}

export const serverError = { what: '5xx', fits: (s) => s >= 500 };

export async function rateLimited(x, how) {
  const facts = await refused(x, 429, { ...how, retryable: false });
  // Bedrock names no time.
  if (x.gateway && x.family !== 'bedrock') expect.truth('retry-after is passed on', Number(facts.retryAfter) > 0, facts.retryAfter);
}

export async function refusals(x, how) {
  const of = (scenario) => how(scenario);
  const checks = {
    'upstream 429': () => rateLimited(x, of('error-429')),
    'upstream 500': () => refused(x, serverError, { ...of('error-500'), retryable: false }),
    'upstream 503': () => refused(x, serverError, { ...of('error-503'), retryable: false }),
    'upstream 400': () => refused(x, 400, of('error-400')),
    'unknown model': () => refused(x, 404, of('no-such-model')),
    'wrong key': () => refused(x, x.surface.wrongKeyStatus ?? 401, { ...of('plain'), client: x.badClient() }),
  };
  if (x.gateway) checks['upstream sends a web page'] = () => refused(x, serverError, of('wrong-type'));
  // A wrong upstream credential is the operator's fault: the caller's own key was fine.
  if (x.gateway) checks['upstream 401'] = () => refused(x, serverError, of('error-401'));
  await expect.all(checks);
}

/** A stream that breaks must end in an error of the SDK, never in a clean finish. */
export async function broken(x, scenario) {
  let pieces = 0;
  const error = await failureOf(scenario, () => drain(x.surface.streamed(x.client, x.ask(scenario)), () => { pieces++; }));
  if (x.gateway) expect.truth('the stream ended in the dialect\'s own error', x.surface.isNativeError(error), `${error?.name ?? typeof error}: ${error?.message ?? JSON.stringify(error)}`);
  expect.truth('what came before the fault was delivered', pieces > 0, pieces);
}

export async function error(x) {
  // A model of its own: a target that has just been rate limited is left alone for a while.
  const streamed = (scenario) => ({ run: (client) => drain(x.surface.streamed(client, x.ask(scenario, { apart: true }))) });
  const checks = {
    whole: () => refusals(x, (scenario) => ({ ask: x.ask(scenario) })),
    'stream: upstream 429': () => rateLimited(x, streamed('error-429')),
    'stream: upstream 500': () => refused(x, serverError, { ...streamed('error-500'), retryable: false }),
    'mid-stream error event': () => broken(x, 'error-mid-stream'),
    'mid-stream reset': () => broken(x, 'cut-mid-stream'),
  };
  if (x.gateway) {
    checks['mid-stream end of file'] = () => broken(x, 'end-mid-stream');
    checks['mid-stream garbage'] = () => broken(x, 'garbage-sse');
  }
  await expect.all(checks);
}
