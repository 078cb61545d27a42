// Writing answers: whole JSON bodies, paced or broken streams, and refusals. Works on HTTP/1.1 and
// HTTP/2 responses of node alike.

import { setTimeout as pause } from 'node:timers/promises';

let lastId = 0;
/** Ids of answers never repeat: clients merge messages of one id. */
export const freshId = (prefix) => `${prefix}${(++lastId).toString(36).padStart(6, '0')}`;

export const rateHeaders = {
  'x-ratelimit-limit-requests': '500', 'x-ratelimit-remaining-requests': '499', 'x-ratelimit-reset-requests': '120ms',
  'x-ratelimit-limit-tokens': '30000', 'x-ratelimit-remaining-tokens': '29958', 'x-ratelimit-reset-tokens': '6m0s',
};

export function sendJson(res, status, body, headers = {}) {
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  res.end(bytes);
}

export function sendHtml(res) {
  res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  res.end('<!doctype html><title>Sign in</title><p>A captive portal, not a model.</p>');
}

const destroy = (res) => {
  if (res.stream?.close) res.stream.close(2); // HTTP/2: INTERNAL_ERROR
  else res.socket?.resetAndDestroy?.() ?? res.destroy();
};

async function write(res, bytes, shredded) {
  if (res.gone || res.writableEnded) return;
  if (!shredded) {
    if (!res.write(bytes)) await drained(res);
    return;
  }
  for (let i = 0; i < bytes.length; i++) {
    res.write(bytes.subarray(i, i + 1));
    // Giving the loop a turn now and then makes the kernel send several small segments.
    if (i % 16 === 0) await pause(0);
  }
}

const drained = (res) => new Promise((resolve) => {
  res.once('drain', resolve);
  res.once('close', resolve);
});

/**
 * Sends `frames` (Buffers or strings) as one streamed body.
 * `script.pace` waits between frames, `script.broken` ends the stream in the stated way after some
 * frames, `script.shape` 'shredded' writes single bytes. `errorFrame` renders a mid-stream error.
 */
export async function sendStream(res, script, frames, { headers, errorFrame, garbage }) {
  res.writeHead(200, headers);
  const { broken, pace } = script;
  let sent = 0;
  for (const frame of frames) {
    if (res.gone) return;
    if (broken && sent === broken.after) return breakOff(res, broken.how, errorFrame, garbage);
    await write(res, Buffer.from(frame), script.shape === 'shredded');
    sent++;
    if (pace) await pause(pace);
  }
  res.end();
}

async function breakOff(res, how, errorFrame, garbage) {
  res.broken = true;
  await pause(20); // lets the good frames leave first: the fault is in the middle, not at the start
  if (how === 'reset') return destroy(res);
  if (how === 'error') res.write(Buffer.from(errorFrame));
  if (how === 'garbage') res.write(Buffer.from(garbage));
  res.end();
}

export const sseHeaders = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
export const dataFrame = (value, end = '\n\n') => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}${end}`;
export const eventFrame = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

/** Puts a frame of `noise` before each frame, for scenario `comments`. */
export const withNoise = (frames, noise) => frames.flatMap((frame) => [noise, frame]);
