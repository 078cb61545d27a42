// Frames of application/vnd.amazon.eventstream, big-endian throughout:
//   u32 total length | u32 headers length | u32 CRC-32 of those eight bytes | headers | payload | u32 CRC-32 of all before
// A header is u8 name length, name, u8 type (7 = string), u16 value length, value.

import zlib from 'node:zlib';

// zlib.crc32 came with node 20.15; the table form serves older ones.
const table = Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let k = 0; k < 8; k++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});
const tableCrc = (bytes) => (bytes.reduce((crc, byte) => table[(crc ^ byte) & 0xff] ^ (crc >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
export const checksum = zlib.crc32 ?? tableCrc;

function encodeHeaders(headers) {
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => {
    const head = Buffer.from([name.length, ...Buffer.from(name), 7, 0, 0]);
    head.writeUInt16BE(Buffer.byteLength(value), head.length - 2);
    return [head, Buffer.from(value)];
  }));
}

export function frame(headers, payload) {
  const head = encodeHeaders(headers);
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(head.length + body.length + 16, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(checksum(prelude.subarray(0, 8)), 8);
  const all = Buffer.concat([prelude, head, body]);
  const trailer = Buffer.alloc(4);
  trailer.writeUInt32BE(checksum(all), 0);
  return Buffer.concat([all, trailer]);
}

export const eventMessage = (type, payload) => frame({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, payload);
export const exceptionMessage = (type, payload) => frame({ ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' }, payload);
