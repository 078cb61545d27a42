// Strict shape checks for what a provider receives. A check is a function (value, path) that throws
// a Refusal; combinators build larger ones. Providers differ in how they word and wrap a refusal, so
// a Refusal carries only the facts and each dialect writes its own error body.

export class Refusal extends Error {
  constructor(status, message, { kind = 'invalid', path = null, headers = {}, code = null } = {}) {
    super(message);
    Object.assign(this, { status, kind, path, headers, code });
  }
}

export const refuse = (path, message) => {
  throw new Refusal(400, `${path}: ${message}`, { path });
};

const typed = (name, test) => (value, path) => {
  if (!test(value)) refuse(path, `expected ${name}, got ${JSON.stringify(value)?.slice(0, 80)}`);
};

export const any = () => {};
export const string = typed('a string', (v) => typeof v === 'string');
export const filled = typed('a non-empty string', (v) => typeof v === 'string' && v.trim() !== '');
export const number = typed('a number', (v) => typeof v === 'number');
export const natural = typed('a non-negative integer', (v) => Number.isInteger(v) && v >= 0);
export const positive = typed('a positive integer', (v) => Number.isInteger(v) && v > 0);
export const boolean = typed('a boolean', (v) => typeof v === 'boolean');
export const plainObject = typed('an object', (v) => v !== null && typeof v === 'object' && !Array.isArray(v));
export const base64 = typed('base64 data', (v) => typeof v === 'string' && v !== ''
  && Buffer.from(v, 'base64').toString('base64') === v);
export const jsonText = typed('JSON text', (v) => {
  try { return typeof v === 'string' && (v === '' || JSON.parse(v) !== undefined); } catch { return false; }
});

export const oneOf = (...values) => typed(`one of ${values.join(', ')}`, (v) => values.includes(v));
export const matching = (pattern) => typed(`text matching ${pattern}`, (v) => typeof v === 'string' && pattern.test(v));
export const nullable = (check) => (value, path) => { if (value !== null) check(value, path); };

export const between = (low, high) => typed(`a number from ${low} to ${high}`,
  (v) => typeof v === 'number' && v >= low && v <= high);

export const list = (check, { min = 0, max = Infinity } = {}) => (value, path) => {
  if (!Array.isArray(value)) refuse(path, 'expected an array');
  if (value.length < min || value.length > max) refuse(path, `array length ${value.length} is out of range`);
  value.forEach((item, i) => check(item, `${path}[${i}]`));
};

/** First alternative that fits decides; when none fits, the last refusal is thrown. */
export const either = (...checks) => (value, path) => {
  let last;
  for (const check of checks) {
    try { return check(value, path); } catch (e) { if (!(e instanceof Refusal)) throw e; last = e; }
  }
  throw last;
};

/** An object with exactly these fields: `required` must be there, anything unnamed is refused. */
export const record = (required, optional = {}) => (value, path) => {
  plainObject(value, path);
  const at = (name) => (path ? `${path}.${name}` : name);
  for (const name of Object.keys(required)) {
    if (!(name in value)) refuse(at(name), 'field required');
  }
  for (const [name, field] of Object.entries(value)) {
    const check = required[name] ?? optional[name];
    if (!check) refuse(at(name), 'unknown field: extra inputs are not permitted');
    check(field, at(name));
  }
};

/** A tagged union: the value's `tag` field picks the check. */
export const tagged = (tag, variants) => (value, path) => {
  plainObject(value, path);
  const check = variants[value[tag]];
  if (!check) refuse(`${path}.${tag}`, `unknown ${tag} ${JSON.stringify(value[tag])}`);
  check(value, path);
};

/** A union by key: exactly one of the variants' keys is present (plus the shared optional fields). */
export const keyed = (variants, shared = {}) => (value, path) => {
  plainObject(value, path);
  const present = Object.keys(variants).filter((name) => name in value);
  if (present.length !== 1) refuse(path, `exactly one of ${Object.keys(variants).join(', ')} must be set`);
  record({ [present[0]]: variants[present[0]] }, shared)(value, path);
};
