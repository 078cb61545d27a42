// usage: node build_tables.mjs [OUTPUT_FOLDER]
// Builds the token tables (docs/formats/token_table.md) from the vocabularies of the pinned gpt-tokenizer package.
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const output = process.argv[2] ?? join(here, '../../build/share/gatehouse');
const headerSize = 72;

export function hash(bytes) {
  let h = (0x9e3779b9 ^ bytes.length) >>> 0;
  for (let i = 0; i < bytes.length; i += 4) {
    const word = bytes[i] | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    h = Math.imul(h ^ word, 0x85ebca6b) >>> 0;
    h = (h ^ (h >>> 15)) >>> 0;
  }
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

function readVocabulary(path) {
  return readFileSync(path, 'ascii').trimEnd().split('\n').map((line) => {
    const [token, rank] = line.split(' ');
    return {bytes: Buffer.from(token, 'base64'), rank: Number(rank)};
  });
}

function buildTable(name, vocabulary) {
  let slotCount = 1;
  while (slotCount < vocabulary.length * 2) slotCount *= 2;
  const blob = Buffer.concat(vocabulary.map(({bytes}) => bytes));
  const longest = vocabulary.reduce((most, {bytes}) => Math.max(most, bytes.length), 0);
  if (blob.length >= 2 ** 24 || longest >= 2 ** 8 || vocabulary.some(({rank}) => rank >= 2 ** 20)) {
    throw new Error(`${name} does not fit the format`);
  }
  const slots = Buffer.alloc(slotCount * 8, 0xff);
  let offset = 0;
  for (const {bytes, rank} of vocabulary) {
    const h = hash(bytes);
    let slot = h & (slotCount - 1);
    while (slots.readUInt32LE(slot * 8) !== 0xffffffff) slot = (slot + 1) & (slotCount - 1);
    slots.writeUInt32LE((offset | (bytes.length << 24)) >>> 0, slot * 8);
    slots.writeUInt32LE(((rank | ((h >>> 20) << 20)) >>> 0), slot * 8 + 4);
    offset += bytes.length;
  }
  const header = Buffer.alloc(headerSize);
  header.write('GHTOKEN1', 0, 'ascii');
  header.writeUInt32LE(vocabulary.length, 40);
  header.writeUInt32LE(slotCount, 44);
  header.writeUInt32LE(longest, 48);
  header.writeUInt32LE(blob.length, 52);
  header.write(name, 56, 16, 'ascii');
  const file = Buffer.concat([header, slots, blob]);
  createHash('sha256').update(file.subarray(40)).digest().copy(file, 8);
  return file;
}

mkdirSync(output, {recursive: true});
for (const name of ['o200k_base', 'cl100k_base']) {
  const file = buildTable(name, readVocabulary(join(here, `node_modules/gpt-tokenizer/data/${name}.tiktoken`)));
  const path = join(output, `${name}.ghtok`);
  writeFileSync(`${path}.new`, file);
  renameSync(`${path}.new`, path);
  console.log(`${path}: ${file.length} bytes`);
}
