// usage: node unicode_classes.mjs > ../../src/llm/token/unicode_classes.cc
// Writes the character classes of the token patterns, taken from the Unicode tables of this Node, as runs of code points.
//
// A run is a class (3 bits) and a length. Its first character holds the class, whether more characters follow, and the two
// low bits of length - 1; each further character holds whether more follow and five bits. All in the alphabet of base64.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const classes = [
  [0, /[^]/u],                 // other; the last pattern that matches wins
  [1, /[\p{Lu}\p{Lt}]/u],      // kUpper
  [2, /\p{Ll}/u],              // kLower
  [3, /[\p{Lm}\p{Lo}]/u],      // kCaseless
  [4, /\p{M}/u],               // kMark
  [5, /\p{N}/u],               // kNumber
  [6, /\p{White_Space}/u],     // kSpace
];

function classOf(codePoint) {
  if (codePoint >= 0xd800 && codePoint < 0xe000) return 0;
  const text = String.fromCodePoint(codePoint);
  return classes.findLast(([, pattern]) => pattern.test(text))[0];
}

function encodeRun(kind, length) {
  let rest = length - 1;
  let value = (kind << 3) | (rest & 3);
  rest >>>= 2;
  let out = '';
  for (let first = true; ; first = false) {
    const more = rest > 0;
    out += alphabet[value | (more ? (first ? 4 : 32) : 0)];
    if (!more) return out;
    value = rest & 31;
    rest >>>= 5;
  }
}

let encoded = '';
for (let start = 0; start < 0x110000;) {
  const kind = classOf(start);
  let end = start + 1;
  while (end < 0x110000 && classOf(end) === kind) ++end;
  encoded += encodeRun(kind, end - start);
  start = end;
}

const lines = encoded.match(/.{1,112}/g).map((line) => `    "${line}"`).join('\n');
process.stdout.write(`// Written by tools/tokenizer/unicode_classes.mjs from Unicode ${process.versions.unicode}: change that, not this.
#include "llm/token/unicode_classes.h"

namespace gatehouse::llm::token {

// clang-format off
const std::string_view kEncodedClassRuns =
${lines};
// clang-format on

}  // namespace gatehouse::llm::token
`);
