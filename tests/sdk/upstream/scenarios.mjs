// What the model "says", provider-neutral. The upstream model's name picks the scenario; anything
// after the first dot in that name is ignored, so `error-429.a` and `error-429.b` are two models with
// separate health and the same behaviour. Each dialect renders a script in its own wire format.
//
// A script: { text: [fragment], reasoning: [fragment], calls: [{ name, args: [fragment of JSON] }],
//   finish: stop|tools|length|filter, usage, shape, pace (ms between frames), failure, broken }.

export const kSignature = 'EqQBCkYIBxgCKkD7Zx9+sig/of/the/fake/upstream==';
export const kWeatherArguments = { city: 'Zürich 🌧', unit: 'celsius' };
export const kTimeArguments = { zone: 'Europe/Zurich' };
export const kPerson = { name: 'Ada "Countess" Lovelace', age: 36 };
export const kPlainText = 'The gate is open — come in, Zürich 🏰.';
export const kAnswerAfterTools = 'It is 7 degrees and raining in Zürich.';
export const kReasoning = 'First count the stones, then answer.';
export const kImageText = 'A single red pixel.';
export const kRetryAfterSeconds = 7;

const usage = (fresh, read, write, text, reasoning = 0) => ({ fresh, read, write, text, reasoning });

// Cuts text after every `size` code points, so that no fragment splits a character.
const cut = (text, size) => text.match(new RegExp(`[^]{1,${size}}`, 'gu')) ?? [];

const say = (text, more = {}) => ({
  text: cut(text, 9), reasoning: [], calls: [], finish: 'stop', usage: usage(21, 7, 5, 11), shape: 'normal', pace: 0, ...more,
});

const call = (name, args, size = 8) => ({ name, args: cut(JSON.stringify(args), size), value: args });

const callWeather = () => [call('get_weather', kWeatherArguments)];
// The third call has no arguments at all: in a stream nothing but its start and stop may be seen.
const callThree = () => [call('get_weather', kWeatherArguments), call('get_time', kTimeArguments), { name: 'ping', args: [], value: {} }];

const toolLoop = (calls, more = {}) => ({ answered }) => (answered
  ? say(kAnswerAfterTools, { usage: usage(60, 40, 0, 12) })
  : say('', { text: [], calls: calls(), finish: 'tools', usage: usage(41, 9, 0, 17), ...more }));

const failure = (status, kind, message) => () => say('', { failure: { status, kind, message } });

// Long enough that in every dialect some text lies before the fault and some would follow it.
const broken = (how) => () => say(kPlainText.repeat(6), { broken: { after: 9, how } });

const table = {
  plain: () => say(kPlainText),
  images: () => say(kImageText, { usage: usage(300, 0, 0, 6) }),
  structured: () => say(JSON.stringify(kPerson), { usage: usage(50, 0, 0, 14) }),
  reasoning: () => say(kPlainText, { reasoning: cut(kReasoning, 10), usage: usage(30, 0, 0, 9, 13) }),
  length: () => say('It was a dark and', { finish: 'length' }),
  filter: () => say('I', { finish: 'filter' }),
  tools: toolLoop(callWeather),
  'parallel-tools': toolLoop(callThree),
  'text-then-tools': toolLoop(callThree, { text: ['Let me look. '] }),
  'reasoning-tools': toolLoop(callWeather, { reasoning: cut(kReasoning, 10), usage: usage(41, 9, 0, 17, 13) }),
  'signed-tools': toolLoop(callWeather, { signed: true }),

  // Odd but seen in the field; each names the pitfall it stands for.
  'whole-arguments': toolLoop(callThree, { shape: 'whole-arguments' }),          // 1: all arguments in one chunk
  'text-and-tool': toolLoop(callWeather, { text: ['Looking. '], shape: 'text-and-tool' }), // 2: one chunk holds both
  'unnumbered-tools': toolLoop(callThree, { shape: 'unnumbered' }),            // 3: fragments without a usable index
  'finish-early': () => say(kPlainText, { shape: 'finish-early' }),              // 19: finish before the last text
  'empty-choices': () => say(kPlainText, { shape: 'empty-choices' }),            // 20: Azure's filter chunks
  'reasoning-alias': () => say(kPlainText, {                                     // 21: `reasoning`, not `reasoning_content`
    reasoning: cut(kReasoning, 10), usage: usage(30, 0, 0, 9, 13), shape: 'reasoning-alias' }),
  shredded: () => say(kPlainText, { shape: 'shredded' }),                        // every byte in its own write
  comments: () => say(kPlainText, { shape: 'comments' }),                        // keep-alive comments and pings between frames

  slow: () => say('', { text: Array.from({ length: 300 }, (_, i) => `word${i} `), pace: 100 }),
  hang: () => say(kPlainText, { hang: true }),
  'error-400': failure(400, 'invalid', 'the fake upstream refuses this on purpose'),
  'error-401': failure(401, 'authentication', 'the fake upstream does not know this key'),
  'error-403': failure(403, 'permission', 'the fake upstream forbids this'),
  'error-404': failure(404, 'not_found', 'the fake upstream has no such model'),
  'error-429': failure(429, 'rate_limit', 'the fake upstream is rate limited'),
  'error-500': failure(500, 'server', 'the fake upstream failed'),
  'error-503': failure(503, 'overloaded', 'the fake upstream is overloaded'),
  'error-mid-stream': broken('error'),
  'cut-mid-stream': broken('reset'),
  'end-mid-stream': broken('end'),
  'garbage-sse': broken('garbage'),
  'wrong-type': () => say(kPlainText, { html: true }),
};

// On Bedrock the id tells whose model it is, and with that which fields it takes; the colon has to be escaped in the path.
const kBedrockPrefix = 'us.anthropic.claude-sonnet-4-5.';
export const bedrockModel = (scenario) => `${kBedrockPrefix}${scenario}:0`;
export const scenarioOf = (model) => (model.startsWith(kBedrockPrefix) ? model.slice(kBedrockPrefix.length) : model).split(/[.:]/)[0];
export const scenarioNames = Object.keys(table);

/** The script for this request, or null when no such model exists. */
export const scriptFor = (model, facts) => table[scenarioOf(model)]?.(facts) ?? null;

/** Usage as this provider family can express it: a bucket that it has no field for is folded away. */
export const usageAs = (family, u) => {
  switch (family) {
    case 'gemini': case 'compatible': return { ...u, write: 0 };
    case 'bedrock': return { ...u, text: u.text + u.reasoning, reasoning: 0 };
    default: return u;
  }
};
export const inputTotal = (u) => u.fresh + u.read + u.write;
export const outputTotal = (u) => u.text + u.reasoning;

const kDimensions = 8;
/** A deterministic vector of exactly representable floats, so that it survives float32 unchanged. */
export const vectorFor = (text, dimensions = kDimensions) => {
  let state = 17;
  for (const byte of Buffer.from(text)) state = (state * 31 + byte) % 65521;
  return Array.from({ length: dimensions }, (_, i) => (((state * (i + 3)) % 512) - 256) / 256);
};
