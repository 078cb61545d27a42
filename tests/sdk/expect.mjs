// Assertions that say what they compared. A failed one is the cell's failure text, so the values are
// printed short and whole.

import { isDeepStrictEqual } from 'node:util';

export class Mismatch extends Error {}

const show = (value) => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
};

export function equal(what, got, expected) {
  if (!isDeepStrictEqual(got, expected)) throw new Mismatch(`${what}: expected ${show(expected)}, got ${show(got)}`);
}

export function truth(what, value, detail = '') {
  if (!value) throw new Mismatch(detail === '' ? what : `${what}: ${show(detail)}`);
}

export function oneOf(what, got, allowed) {
  if (!allowed.includes(got)) throw new Mismatch(`${what}: expected one of ${show(allowed)}, got ${show(got)}`);
}

export function parseJson(what, text) {
  try { return JSON.parse(text); } catch (e) { throw new Mismatch(`${what}: not JSON (${e.message}): ${show(text)}`); }
}

/** Runs every named check, so that one failure does not hide the next; throws all of them as one. */
export async function all(checks) {
  const failures = [];
  for (const [name, check] of Object.entries(checks)) {
    try { await check(); } catch (e) { failures.push(`${name}: ${e.message}`); }
  }
  if (failures.length) throw new Mismatch(failures.join('\n'));
}
