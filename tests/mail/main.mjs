// usage: node main.mjs GATEHOUSE
// The gateway tells alerts by mail through a real server: over STARTTLS, TLS and in clear, with a password or without one;
// what the server refuses, puts off or hides behind a wrong certificate.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Gateway, eventually } from '../identity/gateway.mjs';
import { MailServer } from './server.mjs';

const binary = path.resolve(process.argv[2]);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-mail-'));
const hash = (secret) => `sha256:${crypto.createHash('sha256').update(secret).digest('hex')}`;
let checks = 0;
const check = (truth, what) => { assert.ok(truth, what); ++checks; };

function certificates() {
  const run = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  for (const authority of ['ca', 'other']) {
    run('req', '-x509', ...ec, '-subj', `/CN=${authority}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', `${authority}.key`, '-out', `${authority}.pem`);
  }
  run('req', ...ec, '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr');
  fs.writeFileSync(path.join(folder, 'server.ext'), 'subjectAltName=DNS:localhost\n');
  run('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-out', 'server.pem', '-extfile', 'server.ext');
  return { key: fs.readFileSync(path.join(folder, 'server.key')), cert: fs.readFileSync(path.join(folder, 'server.pem')) };
}

const tls = certificates();
const main = await MailServer.create({ ...tls, authMethods: ['PLAIN', 'LOGIN'] });
const strict = await MailServer.create({ ...tls, secure: true, authMethods: ['LOGIN'] });
const plain = await MailServer.create({ authOptional: true, hideSTARTTLS: true, disabledCommands: ['AUTH', 'STARTTLS'] });

process.env.MAIL_PASSWORD = 'mail-password'; // the gateway inherits it
const people = 'from: gatehouse@example.com, to: [ ops@example.com, second@example.com ]';
const login = 'username: gatehouse, password: { env: MAIL_PASSWORD }';
const channel = (name, server, more) => `{ name: ${name}, kind: smtp, host: localhost, port: ${server.port}, ${people}, ${more} }`;
const gateway = new Gateway(binary, folder, `version: 1
listeners: [ { name: public, address: 127.0.0.1, port: 0 } ]
admin: { address: 127.0.0.1, port: 0, password_hash: "${hash('admin')}" }
store: { sqlite: gatehouse.db }
providers: [ { name: simulated, kind: simulated } ]
models: [ { name: demo-small, targets: [ { provider: simulated, model: demo-small } ] } ]
prices: { unknown: default, default: { input: 1, output: 10 } }
keys: [ { name: test, hash: "${hash('gh_test')}", organization: acme } ]
budgets: [ { node: acme, name: daily, requests: 4, per: day, alerts: [ 50, 75 ] } ]
alerts:
  channels:
    - ${channel('starttls', main, `ca_file: ca.pem, hello: gateway.test, ${login}`)}
    - ${channel('tls', strict, `security: tls, ca_file: ca.pem, ${login}`)}
    - ${channel('plain', plain, 'security: none')}
    - ${channel('plain-starttls', plain, 'ca_file: ca.pem')}
    - ${channel('stranger', main, `ca_file: other.pem, ${login}`)}
    - ${channel('stranger-tls', strict, `security: tls, ca_file: other.pem, ${login}`)}
    - ${channel('wrong-password', main, 'ca_file: ca.pem, username: gatehouse, password: wrong-secret')}
    - ${channel('hasty', plain, 'security: none, step_timeout: 300ms')}
  routes: [ { to: [ starttls ], node: acme } ]
`);

const authorization = `Basic ${Buffer.from('admin:admin').toString('base64')}`;
async function admin(method, where) {
  const answer = await fetch(`http://127.0.0.1:${gateway.ports.admin}/admin/v1/${where}`, { method, headers: { authorization } });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.ok(!/mail-password|wrong-secret/.test(text), `a password is shown: ${text}`);
  return JSON.parse(text);
}
const test = (name) => admin('POST', `alerts/channels/${name}/test`);
async function request(status = 200) {
  const answer = await fetch(`http://127.0.0.1:${gateway.ports.public}/v1/chat/completions`, {
    method: 'POST', headers: { authorization: 'Bearer gh_test', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo-small', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }),
  });
  assert.equal(answer.status, status, await answer.text());
}
const told = async (kind, step) => (await admin('GET', 'alerts')).items.find((one) => one.kind === kind && (!step || one.facts.step_percent === step));
const delivery = async (kind, step) => (await told(kind, step))?.deliveries.find((one) => one.channel === 'starttls');

async function everyWayIn() {
  for (const [name, server, user, secure] of [['starttls', main, 'gatehouse by PLAIN', true], ['tls', strict, 'gatehouse by LOGIN', true], ['plain', plain, undefined, false]]) {
    const before = server.mails.length;
    assert.deepEqual(await test(name), { delivered: true, said: '250 2.0.0 queued' }, name);
    assert.equal(server.mails.length, before + 1, name);
    const got = server.mails.at(-1);
    assert.deepEqual([got.user || undefined, Boolean(got.secure)], [user, secure], name);
    assert.deepEqual(got.to, ['ops@example.com', 'second@example.com']);
    check(got.from === 'gatehouse@example.com', name);
  }
  const { mail, raw, hello } = main.mails.at(-1);
  assert.equal(hello, 'gateway.test');
  assert.equal(mail.subject, '[gatehouse] Gatehouse: a test');
  assert.match(mail.text, /This is a test of the channel 'starttls', asked for by owner\./);
  assert.match(mail.messageId, /^<alert_\d+@example\.com>$/);
  assert.equal(mail.headers.get('auto-submitted'), 'auto-generated');
  assert.deepEqual(mail.to.value.map((one) => one.address), ['ops@example.com', 'second@example.com']);
  check(Math.abs(mail.date - Date.now()) < 60_000, 'its date');
  check(raw.split('\r\n').every((line) => line.length <= 78 && /^[\x20-\x7e]*$/.test(line)), 'lines');
}

async function nothingWithoutTrust() {
  const before = main.mails.length + strict.mails.length + plain.mails.length;
  for (const name of ['stranger', 'stranger-tls']) {
    const answer = await test(name);
    check(!answer.delivered && /certificate verify failed/.test(answer.said), `${name}: ${answer.said}`);
  }
  assert.deepEqual(await test('plain-starttls'), { delivered: false, said: 'the server does not offer STARTTLS' });
  const wrong = await test('wrong-password');
  check(!wrong.delivered && wrong.said === 'AUTH: 535 5.7.8 no: [...]', wrong.said);
  assert.equal(main.mails.length + strict.mails.length + plain.mails.length, before);
}

async function aServerThatHangs() {
  plain.hangs = true;
  const began = Date.now();
  assert.deepEqual(await test('hasty'), { delivered: false, said: 'greeting: read timed out' });
  plain.hangs = false;
  check(Date.now() - began < 5000, 'it took its time');
}

// Each step of the budget is an alert.
async function refusedForOneAndPutOffForTheOther() {
  main.refuse = { 'ops@example.com': '450 4.2.0 greylisted', 'second@example.com': '450 4.2.0 greylisted' };
  await request();
  await request(); // 50 %
  await eventually('the first attempt', async () => (await delivery('budget.threshold', '50'))?.attempts >= 1);
  await eventually('what it came to', async () => /not yet for ops@example\.com: 450 4\.2\.0 greylisted/.test((await delivery('budget.threshold', '50')).said));
  main.refuse = { 'second@example.com': '550 5.1.1 no such user' };
  await eventually('the next attempt', async () => (await delivery('budget.threshold', '50')).state === 'delivered' || delivery('budget.threshold', '50'), 30);
  const done = await delivery('budget.threshold', '50');
  assert.equal(done.said, '250 2.0.0 queued; refused for second@example.com: 550 5.1.1 no such user');
  const { mail, to } = main.mails.at(-1);
  assert.deepEqual(to, ['ops@example.com']);
  assert.equal(mail.subject, "[gatehouse] 50 % of the budget 'daily' of acme is spent");
  check(mail.messageId === `<${(await told('budget.threshold', '50')).id}@example.com>`, mail.messageId);
  check(/^budget: daily$/m.test(mail.text) && /^spent: 2$/m.test(mail.text), mail.text);
}

async function givenUpWhereItIsRefused() {
  const before = main.mails.length;
  main.refuse = { data: '554 5.6.0 not here' };
  await request(); // 75 %
  await eventually('the end', async () => (await delivery('budget.threshold', '75'))?.state === 'failed' || delivery('budget.threshold', '75'));
  const { said, attempts } = await delivery('budget.threshold', '75');
  assert.deepEqual([said, attempts], ['554 5.6.0 not here', 1]);
  assert.equal(main.mails.length, before);
  main.refuse = {};
  await request();
  await request(429);
  await eventually('the last alert', async () => (await delivery('budget.used_up'))?.state === 'delivered' || delivery('budget.used_up'));
  const { mail, raw } = main.mails.at(-1);
  assert.equal(mail.subject, "[gatehouse] CRITICAL: The budget 'daily' of acme is used up");
  check(raw.includes('\r\nImportance: high\r\n'), raw);
}

let failed = true;
try {
  await gateway.ready();
  for (const story of [everyWayIn, nothingWithoutTrust, aServerThatHangs, refusedForOneAndPutOffForTheOther, givenUpWhereItIsRefused]) {
    await story();
    console.log(`ok     ${story.name}`);
  }
  const channels = (await admin('GET', 'alerts/channels')).items;
  check(channels.find((one) => one.channel === 'starttls').target === `localhost:${main.port}`, 'target');
  failed = false;
} finally {
  const code = await gateway.stop();
  await Promise.all([main, strict, plain].map((server) => server.stop()));
  const log = gateway.text();
  if (failed) console.error(log.slice(-6000));
  assert.ok(!/mail-password|wrong-secret/.test(log), 'a password is in the log');
  assert.equal(code, 0, log.slice(-4000));
  fs.rmSync(folder, { recursive: true, force: true });
}
console.log(`${checks} checks and those within them passed`);
