// Verifies AWS Signature Version 4 of a received request (service `bedrock`), from the raw path: the
// canonical path encodes the already encoded path once more, as every service but S3 does.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from './check.mjs';

const hex = (bytes) => createHash('sha256').update(bytes).digest('hex');
const mac = (key, text) => createHmac('sha256', key).update(text).digest();
const escape = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (ch) => `%${ch.charCodeAt(0).toString(16).toUpperCase()}`);

const deny = (message, type) => {
  throw new Refusal(403, message, { kind: 'permission', code: type });
};

const kHeader = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

function canonicalQuery(query) {
  return query.split('&').filter(Boolean).map((pair) => {
    const [name, value = ''] = pair.split('=');
    return `${escape(decodeURIComponent(name))}=${escape(decodeURIComponent(value))}`;
  }).sort().join('&');
}

const canonicalPath = (path) => path.split('/').map(escape).join('/');

function canonicalRequest(request, names, bodyHash) {
  const [path, query = ''] = request.url.split('?');
  const lines = names.map((name) => {
    const value = request.headers[name] ?? (name === 'host' ? request.headers[':authority'] : undefined);
    if (value === undefined) deny(`signed header ${name} is missing`, 'InvalidSignatureException');
    return `${name}:${String(value).trim().replace(/ +/g, ' ')}\n`;
  });
  return [request.method, canonicalPath(path), canonicalQuery(query), lines.join(''), names.join(';'), bodyHash].join('\n');
}

/** Throws a Refusal unless `request` ({method, url, headers}, body bytes) is signed with `credentials`. */
export function verifySignature(request, body, { accessKeyId, secretAccessKey, region }) {
  const match = kHeader.exec(request.headers.authorization ?? '');
  if (!match) deny('Missing or malformed AWS4-HMAC-SHA256 authorization', 'MissingAuthenticationTokenException');
  const [, keyId, day, scopeRegion, service, signed, signature] = match;
  if (keyId !== accessKeyId) deny('The security token included in the request is invalid', 'UnrecognizedClientException');
  if (service !== 'bedrock' || scopeRegion !== region) deny(`Credential should be scoped to ${region}/bedrock, not ${scopeRegion}/${service}`, 'InvalidSignatureException');
  const names = signed.split(';');
  const signsHost = names.includes('host') || names.includes(':authority'); // the latter is what HTTP/2 clients send
  if (!signsHost || !names.includes('x-amz-date')) deny('host and x-amz-date must be signed', 'InvalidSignatureException');
  const stamp = request.headers['x-amz-date'];
  if (!stamp?.startsWith(day)) deny('Date in Credential scope does not match x-amz-date', 'InvalidSignatureException');
  checkAge(stamp);
  const bodyHash = hex(body);
  const claimed = request.headers['x-amz-content-sha256'];
  if (claimed !== undefined && claimed !== bodyHash) deny('x-amz-content-sha256 does not match the body', 'InvalidSignatureException');
  const scope = `${day}/${region}/bedrock/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, hex(canonicalRequest(request, names, bodyHash))].join('\n');
  const key = [day, region, 'bedrock', 'aws4_request'].reduce(mac, `AWS4${secretAccessKey}`);
  if (!timingSafeEqual(mac(key, toSign), Buffer.from(signature, 'hex'))) {
    deny('The request signature we calculated does not match the signature you provided', 'InvalidSignatureException');
  }
}

function checkAge(stamp) {
  const time = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - time) < 5 * 60_000)) deny('Signature expired', 'InvalidSignatureException');
}
