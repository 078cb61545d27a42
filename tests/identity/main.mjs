// usage: node main.mjs GATEHOUSE
// The gateway and a real OpenID provider: what is accepted, what is refused and why, keys that rotate, a provider that is down.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { forgeries } from './forgeries.mjs';
import { Gateway, eventually } from './gateway.mjs';
import { IdentityProvider, newKey } from './provider.mjs';

const binary = path.resolve(process.argv[2]);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-identity-'));
const hash = (secret) => `sha256:${crypto.createHash('sha256').update(secret).digest('hex')}`;

// An authority, a certificate for the listener, and two for clients.
function certificates() {
  const run = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  run('req', '-x509', ...ec, '-days', '2', '-subj', '/CN=ca', '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', 'ca.key', '-out', 'ca.pem');
  for (const [name, names] of [['server', 'DNS:localhost,IP:127.0.0.1'], ['billing', 'URI:spiffe://example.org/ns/prod/sa/billing'],
    ['stranger', 'URI:spiffe://example.org/ns/prod/sa/stranger'], ['nameless', 'DNS:nameless']]) {
    run('req', ...ec, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    fs.writeFileSync(path.join(folder, `${name}.ext`), `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    run('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '2', '-out', `${name}.pem`, '-extfile', `${name}.ext`);
  }
}

const configuration = (issuer) => `version: 1
listeners:
  - { name: public, address: 127.0.0.1, port: 0 }
  - { name: tls, address: 127.0.0.1, port: 0, tls: { certificate_file: server.pem, key_file: server.key, client_ca_file: ca.pem, client_certificates: optional } }
admin: { address: 127.0.0.1, port: 0, password_hash: "${hash('admin')}" }
store: { sqlite: gatehouse.db }
threads: 2
providers: [ { name: simulated, kind: simulated } ]
models: [ { name: demo-small, targets: [ { provider: simulated, model: demo-small } ] } ]
keys: [ { name: test, hash: "${hash('gh_test')}" } ]
identity:
  issuers:
    - issuer: ${issuer}
      allow_http_on_loopback: true
      organization: default
      audiences: [ "urn:gatehouse" ]
      clients: [ web, batch ]
      scopes: [ chat ]
      refresh: { min_interval: 200ms }
      introspection: { client_id: gatehouse, client_secret: "gate:house&secret", active_for: 500ms, inactive_for: 200ms, timeout: 2s }
  certificates:
    - { spiffe: "spiffe://example.org/ns/*/sa/billing", organization: default }
`;

let checks = 0;
const secrets = [];
async function expect(gateway, what, token, status, named = '') {
  secrets.push(token);
  const answer = await gateway.show(token);
  assert.equal(answer.status, status, `${what}: ${answer.status} ${answer.body}`);
  assert.ok(answer.body.includes(named), `${what}: ${answer.body}`);
  if (status === 401) assert.match(answer.challenge, /^Bearer realm="gatehouse", error="invalid_token", error_description="[^"]+"$/, what);
  ++checks;
  return answer;
}

async function downAtTheStart(gateway, provider) {
  const state = await gateway.readiness();
  assert.equal(state.status, 'degraded');
  assert.ok(state.problem.includes(provider.issuer), state.problem);
  const answer = await expect(gateway, 'a token while its issuer is down', await provider.sign('rs'), 503, 'identity provider');
  assert.equal(answer.headers['retry-after'], '5');
  assert.ok(!answer.body.includes(provider.issuer));
  await expect(gateway, 'a key meanwhile', 'gh_test', 200);
  await provider.start();
  await eventually('readiness', async () => (await gateway.readiness()).status === 'ready' || gateway.readiness());
}

async function accepted(gateway, provider) {
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    const token = await provider.issue(alg);
    assert.equal(JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).alg, alg);
    await expect(gateway, `issued, ${alg}`, token, 200);
    await expect(gateway, `issued, ${alg}, again`, token, 200);
  }
  await expect(gateway, 'a person', await provider.sign('rs'), 200);
  await expect(gateway, 'our audience last', await provider.sign('es', { claims: { aud: ['urn:a', 'urn:b', 'urn:gatehouse'] } }), 200);
  await expect(gateway, 'a little late', await provider.sign('es', { claims: { exp: Math.floor(Date.now() / 1000) - 30 } }), 200);
  const elsewhere = await gateway.show('', { 'x-api-key': await provider.sign('rs'), 'anthropic-version': '2023-06-01' });
  assert.equal(elsewhere.status, 200, elsewhere.body);
  await expect(gateway, 'without its scope', await provider.sign('rs', { claims: { scope: 'other' } }), 403, 'chat');
  const nothing = await gateway.show('', {});
  assert.equal(nothing.status, 401);
  assert.equal(nothing.challenge, 'Bearer realm="gatehouse"');
}

async function rotation(gateway, provider) {
  const old = await provider.sign('rs');
  await expect(gateway, 'before the rotation', old, 200);
  const next = await newKey('rs-2', 'RS256');
  provider.publish([next, ...provider.keys]);
  await eventually('the interval between fetches', async () => (await gateway.show(await provider.sign('rs-2'))).status === 200, 5);
  await expect(gateway, 'by the new key', await provider.sign('rs-2'), 200);
  await expect(gateway, 'by the old key, which is still published', old, 200);
  provider.publish(provider.keys.filter((key) => key.kid !== 'rs'));
  const third = await newKey('rs-3', 'RS256');
  provider.publish([third, ...provider.keys]);
  await eventually('the interval between fetches', async () => (await gateway.show(await provider.sign('rs-3'))).status === 200, 5);
  await expect(gateway, 'by the old key, which is gone', old, 401, '(kid)');
}

async function flood(gateway, provider) {
  const before = provider.requests['/jwks'];
  const [, body, signature] = (await provider.sign('es')).split('.');
  const began = Date.now();
  await Promise.all(Array.from({ length: 300 }, async (_, i) => {
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `random-${i}`, typ: 'at+jwt' })).toString('base64url');
    const answer = await gateway.show(`${header}.${body}.${signature}`);
    assert.equal(answer.status, 401, answer.body);
  }));
  const fetches = provider.requests['/jwks'] - before;
  const allowed = 1 + Math.ceil((Date.now() - began) / 200);
  assert.ok(fetches <= allowed, `${fetches} fetches of the key set for 300 unknown keys, at most ${allowed}`);
  ++checks;
}

async function opaque(gateway, provider) {
  const token = await provider.issue('opaque');
  assert.ok(!token.includes('.'));
  await expect(gateway, 'an opaque token', token, 200);
  await provider.revoke(token);
  // Each loop of the gateway remembers for itself.
  const refused = async () => (await Promise.all(Array.from({ length: 16 }, () => gateway.show(token)))).every((answer) => answer.status === 401);
  await eventually('the revocation', refused, 5);
  await expect(gateway, 'a revoked token', token, 401, 'not active');
  await expect(gateway, 'a token that never was one', crypto.randomBytes(32).toString('base64url'), 401, 'not active');
  const asked = provider.requests['/token/introspection'];
  await expect(gateway, 'a key that is not known', 'gh_app_0123456789abcdefghijklmnopqrstuv2Uqt44', 401);
  assert.equal(provider.requests['/token/introspection'], asked, 'keys of a gateway are not shown to the issuer');
}

async function clientCertificates(gateway) {
  const read = (name) => fs.readFileSync(path.join(folder, name));
  const by = async (name) => gateway.showCertificate({ ca: read('ca.pem'), ...(name && { cert: read(`${name}.pem`), key: read(`${name}.key`) }) });
  for (const [name, status] of [['billing', 200], ['stranger', 401], ['nameless', 401], ['', 401]]) {
    const answer = await by(name);
    assert.equal(answer.status, status, `certificate ${name}: ${answer.body}`);
    ++checks;
  }
}

async function downLater(gateway, provider) {
  const unknown = await provider.issue('opaque');
  const fresh = await provider.sign('es', { claims: { jti: 'later' } });
  await provider.stop();
  await expect(gateway, 'a signed token while the issuer is down', fresh, 200);
  await expect(gateway, 'an opaque token while the issuer is down', unknown, 503);
  await provider.start();
  await eventually('the issuer is back', async () => (await gateway.show(unknown)).status === 200, 5);
}

async function main() {
  certificates();
  const provider = await IdentityProvider.create();
  provider.publish([await newKey('rs', 'RS256'), await newKey('es', 'ES256'), await newKey('ps', 'PS256'), await newKey('ed', 'EdDSA')]);
  await provider.stop();
  const gateway = new Gateway(binary, folder, configuration(provider.issuer));
  try {
    await gateway.ready();
    await downAtTheStart(gateway, provider);
    await accepted(gateway, provider);
    for (const [what, token, named] of await forgeries(provider)) await expect(gateway, what, token, 401, named);
    assert.equal(Object.keys(provider.requests).filter((p) => p.includes('attacker')).length, 0);
    await opaque(gateway, provider);
    await clientCertificates(gateway);
    await rotation(gateway, provider);
    await flood(gateway, provider);
    await downLater(gateway, provider);
    const log = gateway.text();
    for (const secret of secrets) assert.ok(secret === '' || !log.includes(secret.slice(-40)), 'a token is in the log');
  } catch (error) {
    console.error(gateway.text().split('\n').slice(-15).join('\n'));
    throw error;
  } finally {
    const code = await gateway.stop();
    await provider.stop().catch(() => {});
    assert.equal(code, 0, 'gatehouse ended in order');
    fs.rmSync(folder, { recursive: true });
  }
  console.log(`identity: ${checks} checks against oidc-provider hold`);
}

await main();
