// A gatehouse process under test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export async function eventually(what, check, seconds = 15) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await check();
    if (seen === true) return;
    if (Date.now() > until) throw new Error(`${what}: still ${JSON.stringify(seen)} after ${seconds} s`);
    await pause(50);
  }
}

function ask(options, secure) {
  return new Promise((done, failed) => {
    const request = (secure ? https : http).request({ host: '127.0.0.1', agent: false, ...options }, (response) => {
      let body = '';
      response.on('data', (piece) => { body += piece; });
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, body }));
    });
    request.on('error', failed);
    request.end();
  });
}

export class Gateway {
  #process;

  constructor(binary, folder, configuration) {
    this.log = path.join(folder, 'gatehouse.log');
    const file = path.join(folder, 'gatehouse.yaml');
    fs.writeFileSync(file, configuration);
    const output = fs.openSync(this.log, 'w');
    this.#process = spawn(binary, ['serve', '--config', file], { cwd: folder, stdio: ['ignore', output, output] });
  }

  text() {
    return fs.readFileSync(this.log, 'utf8');
  }
  async ready() {
    await eventually('gatehouse starts', () => this.#process.exitCode === null ? /"ready"/.test(this.text()) : this.text());
    this.ports = Object.fromEntries([...this.text().matchAll(/"listener":"(\w+)","address":"[^"]+","port":(\d+)/g)].map((m) => [m[1], Number(m[2])]));
  }
  async stop() {
    this.#process.kill('SIGTERM');
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
    return this.#process.exitCode;
  }

  // What the gateway says to whoever shows this token.
  async show(token, headers = { authorization: `Bearer ${token}` }) {
    const answer = await ask({ port: this.ports.public, path: '/v1/models', headers });
    return { status: answer.status, challenge: answer.headers['www-authenticate'] ?? '', body: answer.body, headers: answer.headers };
  }
  // The same over TLS, by a certificate or without one.
  async showCertificate(tls) {
    return ask({ port: this.ports.tls, path: '/v1/models', ...tls }, 'secure');
  }
  async readiness() {
    const answer = await ask({ port: this.ports.admin, path: '/readyz' });
    return { status: answer.status, ...JSON.parse(answer.body) };
  }
}
