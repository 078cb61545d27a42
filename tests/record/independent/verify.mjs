// Verifies proofs of the gateway with sigstore's verifier of Merkle proofs and Node's Ed25519.
// usage: verify.mjs VKEY PROOF.tlog-proof...
import { createPublicKey, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
// The package does not export this part of it by name.
const { verifyMerkleInclusion } = require(join(dirname(require.resolve('@sigstore/verify')), 'tlog/merkle.js'));

const [, , vkey, ...files] = process.argv;
// SubjectPublicKeyInfo of an Ed25519 key is this and its 32 bytes (RFC 8410).
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');
const keyBytes = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
const key = createPublicKey({ key: Buffer.concat([spkiHead, keyBytes]), format: 'der', type: 'spki' });

function mustFail(action, what) {
  try {
    action();
  } catch {
    return;
  }
  throw new Error(`${what} was taken for right`);
}

for (const file of files) {
  const text = readFileSync(file, 'utf8');
  const at = text.indexOf('\n\n');
  const [, extra, index, ...hashes] = text.slice(0, at).split('\n');
  const note = text.slice(at + 2);
  const body = note.slice(0, note.indexOf('\n\n') + 1);
  const signature = Buffer.from(note.trimEnd().split(' ').at(-1), 'base64').subarray(4);
  if (!verify(null, Buffer.from(body), key, signature)) throw new Error(`${file}: the signature is wrong`);
  if (verify(null, Buffer.from(body.replace('\n', ' \n')), key, signature)) throw new Error('a wrong text was signed');
  const [, size, root] = body.split('\n');
  const head = { logSize: BigInt(size), logHash: Buffer.from(root, 'base64') };
  const entry = {
    canonicalizedBody: Buffer.from(extra.slice('extra '.length), 'base64'),
    inclusionProof: { logIndex: index.slice('index '.length), hashes: hashes.map((h) => Buffer.from(h, 'base64')) },
  };
  verifyMerkleInclusion(entry, head);
  const changed = { ...entry, canonicalizedBody: Buffer.concat([entry.canonicalizedBody, Buffer.from(' ')]) };
  mustFail(() => verifyMerkleInclusion(changed, head), `${file} with another entry`);
}
console.log(`sigstore: ${files.length} proofs, and as many of changed entries refused`);
