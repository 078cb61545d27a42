// Prints the matrix: one block per surface, one line per provider, no empty cell.

import { caseNames } from './plan.mjs';

const kWidth = 8;
const shortName = { plain: 'plain', stream: 'stream', tools: 'tools', 'tools-stream': 'tools~', 'parallel-tools': 'parallel', images: 'images', reasoning: 'reason', structured: 'struct', error: 'error', abort: 'abort', odd: 'odd' };

const groupBy = (items, key) => {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
};

/** Reasons are written out once, under the block, and named by a letter in its cells. */
class Footnotes {
  #letters = new Map();
  letter(reason) {
    if (!this.#letters.has(reason)) this.#letters.set(reason, String.fromCharCode(97 + this.#letters.size));
    return `(${this.#letters.get(reason)})`;
  }
  lines() { return [...this.#letters].map(([reason, letter]) => `    (${letter}) ${reason}`); }
}

function printBlock(surface, cells) {
  const notes = new Footnotes();
  const head = caseNames.map((name) => shortName[name].padEnd(kWidth)).join(' ');
  console.log(`\n${surface.padEnd(22)}${head}`);
  for (const [provider, line] of groupBy(cells, (c) => c.provider)) {
    const shown = caseNames.map((name) => {
      const cell = line.find((c) => c.case === name);
      if (!cell) return '·'.padEnd(kWidth); // left out by --only
      return (cell.state === 'none' ? notes.letter(cell.why) : cell.state === 'ok' ? 'ok' : 'FAIL').padEnd(kWidth);
    });
    console.log(`  ${provider.padEnd(20)}${shown.join(' ')}`);
  }
  notes.lines().forEach((line) => console.log(line));
}

function printFailures(failed) {
  if (!failed.length) return;
  console.log(`\nfailures (${failed.length}):`);
  for (const f of failed) {
    console.log(`- ${f.surface}/${f.provider}/${f.case} (${f.ms} ms)`);
    String(f.why).split('\n').slice(0, 24).forEach((line) => console.log(`    ${line.slice(0, 900)}`));
    f.journal.slice(0, 3).forEach((e) => console.log(`    upstream: ${e.method} ${e.url} ${e.end}${e.refusal ? ` refused: ${e.refusal}` : ''}`));
  }
}

/** Returns true when every cell that exists passed. */
export function printMatrix(results, { seconds, direct }) {
  for (const [surface, cells] of groupBy(results, (r) => r.surface)) printBlock(surface, cells);
  const run = results.filter((r) => r.state !== 'none');
  const failed = run.filter((r) => r.state === 'failed');
  printFailures(failed);
  const passed = run.length - failed.length;
  const holds = failed.length === 0 && run.length > 0;
  console.log(`\n${results.length - run.length} cells cannot exist, for the reasons above; ${seconds.toFixed(1)} s`);
  console.log(`sdk-matrix${direct ? '-direct' : ''}: ${passed}/${run.length} cells (bar all) ${holds ? 'holds' : 'falls short'}`);
  return holds;
}
