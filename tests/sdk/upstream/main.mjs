// Runs the fake upstream alone: `node upstream/main.mjs [--port N]`. Credentials come from
// UPSTREAM_SECRETS (JSON, see server.mjs); the ready line is {"event":"listening","port":N}.

import { parseArgs } from 'node:util';
import { Upstream } from './server.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const upstream = new Upstream(JSON.parse(process.env.UPSTREAM_SECRETS ?? '{}'));
const port = await upstream.listen(Number(values.port));
console.log(JSON.stringify({ event: 'listening', address: '127.0.0.1', port }));
// The parent owns this process: when its end of the pipe closes, there is nobody left to serve.
process.stdin.resume().on('end', () => process.exit(0));
process.on('SIGTERM', () => upstream.close().then(() => process.exit(0)));
