// Tokens that must be refused, each with what the refusal must name. `p` is the provider whose key `rs` (RSA) and `es` (P-256) are published.
import crypto from 'node:crypto';
import * as jose from 'jose';
import { newKey } from './provider.mjs';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

function claimsOf(p, more = {}) {
  return { iss: p.issuer, aud: 'urn:gatehouse', sub: 'mallory', iat: now(), exp: now() + 300, scope: 'chat', ...more };
}

function unsigned(p, alg, signature = '') {
  return `${encode({ alg, kid: 'rs', typ: 'at+jwt' })}.${encode(claimsOf(p))}.${signature}`;
}

function hmac(p, secret) {
  const text = `${encode({ alg: 'HS256', kid: 'rs', typ: 'at+jwt' })}.${encode(claimsOf(p))}`;
  return `${text}.${crypto.createHmac('sha256', secret).update(text).digest('base64url')}`;
}

async function byKey(p, jwk, header) {
  const bytes = new TextEncoder().encode(JSON.stringify(claimsOf(p)));
  return new jose.CompactSign(bytes).setProtectedHeader({ alg: jwk.alg, typ: 'at+jwt', ...header }).sign(await jose.importJWK(jwk, jwk.alg));
}

// Signed properly over a header or claims that no library would write.
async function raw(p, headerText, claimsText) {
  const key = crypto.createPrivateKey({ key: p.keys.find((k) => k.kid === 'rs'), format: 'jwk' });
  const text = `${encode(headerText)}.${encode(claimsText)}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

export async function forgeries(p) {
  const publicJwk = (kid) => {
    const { kty, n, e, crv, x, y } = p.keys.find((key) => key.kid === kid);
    return JSON.parse(JSON.stringify({ kty, n, e, crv, x, y, kid }));
  };
  const rsaKey = crypto.createPublicKey({ key: publicJwk('rs'), format: 'jwk' });
  const mine = await newKey('rs', 'RS256');
  const mineEs = await newKey('rs', 'ES256');
  const minePublic = { kty: mine.kty, n: mine.n, e: mine.e };
  const good = await p.sign('rs');
  const header = '{"alg":"RS256","kid":"rs","typ":"at+jwt"}';
  const [head, body, signature] = good.split('.');
  const claims = (more, without) => p.sign('rs', { claims: more, without });
  return [
    ...['none', 'None', 'NONE', 'nOnE'].map((alg) => [`alg ${alg}`, unsigned(p, alg, 'AAAA'), 'alg is none']),
    ['alg none, no signature', unsigned(p, 'none'), 'not signed'],
    ['HS256 with the RSA key as PEM', hmac(p, rsaKey.export({ type: 'spki', format: 'pem' })), '(alg)'],
    ['HS256 with the RSA key as PKCS 1 PEM', hmac(p, rsaKey.export({ type: 'pkcs1', format: 'pem' })), '(alg)'],
    ['HS256 with the RSA key as DER', hmac(p, rsaKey.export({ type: 'spki', format: 'der' })), '(alg)'],
    ['HS256 with the key as JWK', hmac(p, JSON.stringify(publicJwk('rs'))), '(alg)'],
    ['HS256 with no secret', hmac(p, ''), '(alg)'],
    ['RS256 with the id of the elliptic key', await byKey(p, mine, { kid: 'es' }), '(alg, kid)'],
    ['ES256 with the id of the RSA key', await byKey(p, mineEs, { kid: 'rs' }), '(alg, kid)'],
    ['RS256 that is not pinned: RS512', await byKey(p, { ...mine, alg: 'RS512' }, { kid: 'rs' }), '(alg)'],
    ['another key with the same id', await byKey(p, mine, { kid: 'rs' }), 'signature'],
    ['an embedded key', await byKey(p, mine, { kid: 'rs', jwk: minePublic }), 'signature'],
    ['an embedded key without id', await byKey(p, mine, { jwk: minePublic }), 'signature'],
    ['a linked key set', await byKey(p, mine, { kid: 'mine', jku: `${p.issuer}/attacker/keys` }), '(kid)'],
    ['a linked certificate', await byKey(p, mine, { kid: 'mine', x5u: `${p.issuer}/attacker/cert` }), '(kid)'],
    ['an embedded certificate', await byKey(p, mine, { kid: 'rs', x5c: ['MIIBszCCAVmgAwIBAgIUZ'] }), 'signature'],
    ['a key id that is a path', await byKey(p, mine, { kid: '../../../../../../dev/null' }), '(kid)'],
    ['a key id that is SQL', await byKey(p, mine, { kid: "x' UNION SELECT 'k" }), '(kid)'],
    ['a key id that is no text', await raw(p, '{"alg":"RS256","kid":["rs"],"typ":"at+jwt"}', JSON.stringify(claimsOf(p))), '(kid)'],
    ['two algorithms', await raw(p, '{"alg":"RS256","alg":"RS256","kid":"rs","typ":"at+jwt"}', JSON.stringify(claimsOf(p))), 'header'],
    ['crit', await raw(p, '{"alg":"RS256","kid":"rs","typ":"at+jwt","crit":["exp"]}', JSON.stringify(claimsOf(p))), '(crit)'],
    ['an unencoded payload', await raw(p, '{"alg":"RS256","kid":"rs","typ":"at+jwt","b64":false}', JSON.stringify(claimsOf(p))), '(b64)'],
    ['a nested token', await raw(p, '{"alg":"RS256","kid":"rs","typ":"at+jwt","cty":"JWT"}', good), '(cty)'],
    ['claims that are a token', await raw(p, header, good), 'claims'],
    ['claims that are a list', await raw(p, header, '[]'), 'claims'],
    ['two subjects', await raw(p, header, JSON.stringify(claimsOf(p)).replace('{', '{"sub":"root",')), 'claims'],
    ['another issuer', await claims({ iss: 'https://login.example.com' }), 'not accepted here (iss)'],
    ['the issuer with a slash', await claims({ iss: `${p.issuer}/` }), 'not accepted here (iss)'],
    ['no issuer', await claims({}, ['iss']), '(iss)'],
    ['another audience', await claims({ aud: 'urn:other' }), '(aud)'],
    ['other audiences', await claims({ aud: ['urn:other', 'urn:gatehouse2'] }), '(aud)'],
    ['no audience', await claims({}, ['aud']), '(aud)'],
    ['no end', await claims({}, ['exp']), '(exp)'],
    ['an end that is text', await claims({ exp: String(now() + 300) }), '(exp)'],
    ['an end that is a fraction', await claims({ exp: now() + 300.5 }), '(exp)'],
    ['an end beyond numbers', await raw(p, header, JSON.stringify(claimsOf(p)).replace(/"exp":\d+/, '"exp":1e400')), '(exp)'],
    ['an end that is over', await claims({ iat: now() - 7200, exp: now() - 3600 }), 'expired'],
    ['an end too far', await claims({ exp: now() + 10 * 365 * 86400 }), 'longer'],
    ['a begin ahead', await claims({ nbf: now() + 3600 }), '(nbf)'],
    ['issued tomorrow', await claims({ iat: now() + 86400, exp: now() + 86700 }), '(iat)'],
    ['a client that may not', await claims({ client_id: 'stranger' }), '(client_id)'],
    ['an authorized party that may not', await claims({ azp: 'stranger' }), '(azp)'],
    ['bound to a certificate', await claims({ cnf: { 'x5t#S256': 'x' } }), '(cnf)'],
    ['an ID token', await p.sign('rs', { header: { typ: 'JWT' }, claims: { aud: 'urn:gatehouse', nonce: 'n' } }), '(typ)'],
    ['a logout token', await p.sign('rs', { header: { typ: 'logout+jwt' }, claims: { events: {} } }), '(typ)'],
    ['no type', await raw(p, '{"alg":"RS256","kid":"rs"}', JSON.stringify(claimsOf(p))), '(typ)'],
    ['no key id with two keys', await byKey(p, await newKey('x', 'RS256'), {}), 'signature'],
    ['padding', `${head}.${body}.${signature}==`, 'base64url'],
    ['plain base64', `${head}.${body}.${signature.slice(0, -2)}+/`, 'base64url'],
    ['a blank inside', `${head}.${body.slice(0, 8)} ${body.slice(8)}.${signature}`, 'base64url'],
    ['four parts', `${good}.x`, 'not active'],
    ['five parts', `${good}.x.y`, 'encrypted'],
    ['a changed character', `${head}.${body.slice(0, -4)}AAAA.${signature}`, 'token'],
    ['a cut signature', good.slice(0, -4), 'token'],
    ['more than 16 KiB', await claims({ filler: 'x'.repeat(20000) }), '16 KiB'],
  ];
}
