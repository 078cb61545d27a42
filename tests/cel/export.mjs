// usage: node export.mjs OUT.json
// Writes the conformance cases of @bufbuild/cel-spec as one JSON array. A case that needs what the dialect leaves out gets
// the reason in `skip`; the runner counts it under that reason.
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const { tests } = require("@bufbuild/cel-spec/testdata/conformance.js");

// Whole files that are about protocol buffers.
const MESSAGE_FILES = {
  dynamic: "protobuf messages: well-known types and wrappers",
  enums: "protobuf enums",
  proto2: "protobuf messages: proto2",
  proto2_ext: "protobuf messages: proto2 extensions",
  proto3: "protobuf messages: proto3",
  wrappers: "protobuf messages: wrappers",
};
const KNOWN_MESSAGES = /type\.googleapis\.com\/google\.protobuf\.(Duration|Timestamp)$/;
const MESSAGE_NAMES = /\b(Nested)?TestAllTypes\b|google\.protobuf\.(?!(Timestamp|Duration)\b)\w+|proto[23]\.\w/;

// What the types and values of a case mention, anywhere.
function mentionsMessage(value) {
  if (Array.isArray(value)) return value.some(mentionsMessage);
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(([key, inner]) => {
    if (key === "@type") return !KNOWN_MESSAGES.test(inner);
    if (key === "messageType") return !/^google\.protobuf\.(Duration|Timestamp)$/.test(inner);
    if (key === "wrapper" || key === "wellKnown" || key === "enumValue") return true;
    return mentionsMessage(inner);
  });
}

function reasonToSkip(file, original) {
  if (MESSAGE_FILES[file]) return MESSAGE_FILES[file];
  if (/\bcel\.(block|index|iterVar)\b/.test(original.expr)) return "cel.block: what optimisers write, not people";
  const { name, expr, description, ...rest } = original;
  if (MESSAGE_NAMES.test(expr) || mentionsMessage(rest)) return "protobuf messages: in other groups";
  return undefined;
}

const cases = [];
function walk(suite, path) {
  for (const test of suite.tests ?? []) {
    const { evalError, description, ...original } = test.original;
    cases.push({
      ...original,
      file: path[0],
      group: path.join("/"),
      fails: evalError !== undefined,
      type: test.type,
      skip: reasonToSkip(path[0], test.original),
    });
  }
  for (const inner of suite.suites ?? []) walk(inner, [...path, inner.name]);
}
walk(tests, []);
writeFileSync(process.argv[2], JSON.stringify(cases));
console.log(`${cases.length} cases, ${cases.filter((c) => c.skip).length} of them outside the dialect`);
