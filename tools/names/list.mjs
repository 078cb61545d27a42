// usage: node tools/names/list.mjs FAKER [BENIGN.jsonl]  >data/names.txt
// Makes the lists of names and places that personal data is recognised by, from the npm package @faker-js/faker (MIT
// licence), unpacked in the folder FAKER, in the languages listed here. A name that is a word of some language too (it
// stands in lower case in three or more texts of BENIGN, rows with `text` and `label`) is marked with ~.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

const [folder, benign] = process.argv.slice(2);
const { allLocales } = await import(path.resolve(folder, 'dist/index.js'));

const LOCALES = ['en', 'en_US', 'en_GB', 'en_AU', 'en_CA', 'en_IN', 'de', 'de_AT', 'de_CH', 'fr', 'fr_BE', 'fr_CH', 'es', 'es_MX',
  'it', 'pl', 'nl', 'nl_BE', 'pt_PT', 'pt_BR', 'sv', 'da', 'nb_NO', 'fi', 'cs_CZ', 'hu', 'tr'];
const COUNTRIES = ['en', 'de', 'fr', 'es', 'it', 'pl', 'nl', 'pt_PT'];
// Lists this long hold places that nobody takes for a name of a place alone.
const CITIES = ['en', 'en_CA', 'de', 'de_AT', 'de_CH', 'fr', 'es', 'it', 'pl', 'pt_PT', 'da', 'nb_NO', 'fi'];

const strings = (value) => (value == null ? [] : Array.isArray(value) ? value : Object.values(value).flatMap(strings))
  .map((entry) => (typeof entry === 'string' ? entry : entry.value));
const flags = new Map();
function add(words, flag, accept) {
  for (const word of words) {
    if (!accept.test(word)) continue;
    flags.set(word, new Set([...(flags.get(word) ?? []), flag]));
  }
}

const NAME = /^\p{Lu}[\p{Ll}]+([-'’]\p{Lu}?\p{Ll}+)*$/u;
const PLACE = /^\p{Lu}[\p{L}.'’-]+( \p{Lu}[\p{L}.'’-]+){0,2}$/u;
for (const name of LOCALES) {
  const { person = {} } = allLocales[name];
  add(strings(person.first_name), 'g', NAME);
  add(strings(person.last_name), 's', NAME);
}
for (const name of CITIES) add(strings(allLocales[name].location.city_name), 'p', PLACE);
for (const name of COUNTRIES) add(strings(allLocales[name].location.country), 'c', PLACE);
add(strings(allLocales.en.location.state), 'p', PLACE);

if (benign) {
  const lower = new Map();
  for (const word of flags.keys()) lower.set(word.toLowerCase(), word);
  const texts = new Map();
  for await (const line of readline.createInterface({ input: fs.createReadStream(benign) })) {
    const row = JSON.parse(line);
    if (row.label !== 0) continue;
    for (const word of new Set(row.text.match(/(?<![\p{L}@/.#_-])\p{Ll}{2,}(?![\p{L}@/_-])/gu) ?? [])) {
      if (lower.has(word)) texts.set(word, (texts.get(word) ?? 0) + 1);
    }
  }
  for (const [word, times] of texts) if (times >= 3) flags.get(lower.get(word)).add('~');
}
const lines = [...flags].map(([word, set]) => `${word}\t${[...set].sort().join('')}`).sort((a, b) => (a < b ? -1 : 1));
process.stdout.write(lines.join('\n') + '\n');
