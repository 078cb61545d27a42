// usage: node golden_counts.mjs > ../../tests/golden/token/counts.jsonl
// Texts in many scripts and shapes with what the pinned gpt-tokenizer makes of them: for each encoding the number of tokens
// and the CRC-32 of their ranks as little-endian 32-bit numbers. One JSON object per line.
import {crc32} from 'node:zlib';
import * as cl100k from 'gpt-tokenizer/encoding/cl100k_base';
import * as o200k from 'gpt-tokenizer/encoding/o200k_base';

const handmade = [
  '', ' ', '  ', '\n', '\r\n', ' \n ', '\n\n\n', '\t\tx', 'a', 'a b', ' a', 'a ', 'a  b', 'a   ', 'a\n  ', 'a \n\n b', '\n x',
  'The gate is closed at night, and the book is kept by the guard.',
  "I'm sure they've said it's fine; we'll see what you'd do, DON'T YOU? THEY'RE OK. IT'S", "don't Don'T dOn't 'tis 'S",
  'HTTPServer parseJSONBody camelCaseName snake_case_name SCREAMING_CASE x1y22z333 McDonald iPhone eBay',
  'ÀÉÎÕÜ naïve café Ångström façade cœur Straße İstanbul ıllık Ǆ ǅ ǆ ŉ',
  'Der Wächter schließt das Tor um 22:30 Uhr; 1.234,56 € sind fällig.',
  'Le gardien ferme la porte à vingt-deux heures, n’est-ce pas ?',
  'El guardián cierra la puerta. ¿Quién llama? ¡Nadie!',
  'Сторож закрывает ворота в десять часов вечера.', 'Ο φύλακας κλείνει την πύλη στις δέκα.',
  '守衛は夜十時に門を閉めます。だれですか?', '门卫在晚上十点关门。谁在敲门?', '문지기는 밤 열 시에 문을 닫습니다.',
  'الحارس يغلق البوابة في العاشرة مساءً.', 'השומר סוגר את השער בעשר בלילה.', 'द्वारपाल रात दस बजे द्वार बंद करता है।',
  'ผู้เฝ้าประตูปิดประตูตอนสี่ทุ่ม', 'Người gác cổng đóng cửa lúc mười giờ tối.', 'მცველი კეტავს ჭიშკარს', 'Պահակը փակում է դարպասը',
  'வாயிற்காவலர் கதவை மூடுகிறார்', 'প্রহরী রাতে ফটক বন্ধ করে', 'ዘበኛው በሩን ይዘጋል', 'ᏣᎳᎩ ꮳꮃꭹ', 'ǅungla', '𝔤𝔞𝔱𝔢 𝟙𝟚𝟛 𐐀𐐨',
  '😀 👍🏽 👨‍👩‍👧‍👦 🇩🇪 ❤️ ☂', 'e\u0301 \u0301x \u0301', 'A\u0301B\u0301c', 'あAB いCd', 'ABCあ', 'ʰA ªb', '\u200b\u200d\u2060', '½ ² ₃ Ⅷ ① ٣٤٥ ९९९९',
  '0 12 123 1234 12345 3.14159 1,000,000 0xDEADBEEF 1e-10 v1.2.3', '!!! ??? ... --- *** === /// // /* */ <!-- --> ))) ]]} "\'`',
  'a/b/c //x\n/y ?/\n/', 'x!\n\ny.\r\nz;\n', '\u00a0x\u00a0\u00a0y \u3000z\u2003\u2003', 'a\u2028b\u2029c\vd\fe',
  '{"model":"gpt-4o","messages":[{"role":"user","content":"Hi\\n"}],"temperature":0.7}',
  'def gate(guard: Guard | None = None) -> bool:\n    """Close it."""\n    if guard is None:\n        return False\n\n    return guard.close(at="22:30")\n',
  'for (std::size_t i = 0; i < text.size(); ++i) {\n\tout.push_back(static_cast<char>(text[i] ^ 0x5C));\n}\n',
  'SELECT name, SUM(cost) AS total\n  FROM ledger\n WHERE day >= \'2026-01-01\'\n GROUP BY name\nHAVING SUM(cost) > 100;',
  '# Title\n\n- item one\n  - nested\n\n```sh\ncurl -s http://127.0.0.1:8080/v1/models | jq .\n```\n\n| a | b |\n|---|---|\n',
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  '<|endoftext|> <|im_start|>user<|im_end|>', 'https://example.org/a/b?c=d&e=%20f#g user@example.org',
  'a'.repeat(1000), 'ab'.repeat(700), ' '.repeat(300) + 'x', '\n'.repeat(200), '='.repeat(333), '字'.repeat(500), '🙂'.repeat(200),
  'no separators here '.replaceAll(' ', '').repeat(80), '\t'.repeat(65), '1'.repeat(1000), 'é'.repeat(400), "'".repeat(100),
];

// A generator of its own, so that the texts are the same on every machine.
let state = 0x12345678;
function random(limit) {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
  return (state ^ (state >>> 13)) % limit;
}
const atoms = [
  ...'abcXYZ019 \n\r\t\'"/.,!?-_({})', ' ', '  ', '\n\n', '\r\n', "'s", "'RE", "'Ll", 'the', ' The', 'ing', 'tion', 'é', 'É', 'ß', 'ǅ', 'ʰ', 'ª', '\u0301',
  '中', '文', 'あ', 'ア', '한', 'ж', 'Ж', 'α', 'Ω', 'ا', 'א', 'क', '्', 'ท', '่', '٣', '½', 'Ⅷ', '😀', '🏽', '\u200d', '\u00a0', '\u3000', '\u2028', '€', '—',
];
const generated = Array.from({length: 400}, () => Array.from({length: 1 + random(40)}, () => atoms[random(atoms.length)]).join(''));

function summary(ranks) {
  const bytes = Buffer.alloc(ranks.length * 4);
  ranks.forEach((rank, i) => bytes.writeUInt32LE(rank, i * 4));
  return [ranks.length, crc32(bytes)];
}

const plain = {disallowedSpecial: new Set()};
for (const text of [...handmade, ...generated]) {
  const line = {text, o200k_base: summary(o200k.encode(text, plain)), cl100k_base: summary(cl100k.encode(text, plain))};
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
