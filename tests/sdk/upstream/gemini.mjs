// Gemini Developer API and Vertex: generateContent, streamGenerateContent (server-sent events or a
// JSON array), countTokens, embedContent, batchEmbedContents, models. Request bodies are protobuf
// JSON in the real service, so a field it does not know is an error.

import * as c from './check.mjs';
import { inputTotal, kSignature, scenarioNames, usageAs, vectorFor } from './scenarios.mjs';
import { dataFrame, freshId, sendJson, sendStream, sseHeaders, withNoise } from './wire.mjs';

// The service takes its own signatures, and one word that stands for a call made by another model.
export const kForeignCall = 'skip_thought_signature_validator';
const mark = { thought: c.boolean, thoughtSignature: c.oneOf(kSignature, kForeignCall), videoMetadata: c.any, mediaResolution: c.any };
const blob = c.record({ mimeType: c.matching(/^[a-z]+\/[a-z0-9.+-]+$/), data: c.base64 }, { displayName: c.string });
const part = c.keyed({
  text: c.string, inlineData: blob, fileData: c.record({ fileUri: c.string }, { mimeType: c.string, displayName: c.string }),
  functionCall: c.record({ name: c.filled }, { id: c.string, args: c.plainObject }),
  functionResponse: c.record({ name: c.filled, response: plainResponse }, { id: c.string, parts: c.any }),
  executableCode: c.any, codeExecutionResult: c.any,
}, mark);
const content = c.record({ parts: c.list(part, { min: 1 }) }, { role: c.oneOf('user', 'model', 'function') });
const instruction = c.record({ parts: c.list(part, { min: 1 }) }, { role: c.string });

// A `$ref` inside a function response is taken for a media reference and refused.
function plainResponse(value, path) {
  c.plainObject(value, path);
  const walk = (v) => {
    if (v === null || typeof v !== 'object') return;
    if ('$ref' in v || '$defs' in v) c.refuse(path, 'function response contains an unresolvable $ref');
    Object.values(v).forEach(walk);
  };
  walk(value);
}

/** `parameters` and `responseSchema` take the OpenAPI subset only; real JSON Schema has its own field. */
const kSchemaTypes = ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL'];
const typeWord = c.oneOf(...kSchemaTypes, ...kSchemaTypes.map((t) => t.toLowerCase()));
const schema = (value, path) => c.record({}, {
  type: typeWord, format: c.string, title: c.string, description: c.string, nullable: c.boolean, enum: c.list(c.string), maxItems: c.any, minItems: c.any,
  properties: (v, p) => { c.plainObject(v, p); Object.entries(v).forEach(([k, s]) => schema(s, `${p}.${k}`)); }, required: c.list(c.string),
  minProperties: c.any, maxProperties: c.any, minLength: c.any, maxLength: c.any, pattern: c.string, example: c.any, anyOf: c.list((v, p) => schema(v, p)),
  propertyOrdering: c.list(c.string), default: c.any, items: (v, p) => schema(v, p), minimum: c.number, maximum: c.number,
})(value, path);

const declaration = c.record({ name: c.matching(/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/) }, {
  description: c.string, parameters: schema, parametersJsonSchema: c.plainObject, response: schema, responseJsonSchema: c.plainObject, behavior: c.any });
const tool = c.record({}, { functionDeclarations: c.list(declaration, { min: 1 }), googleSearch: c.any, codeExecution: c.any, urlContext: c.any });
const toolConfig = c.record({}, { functionCallingConfig: c.record({}, {
  mode: c.oneOf('AUTO', 'ANY', 'NONE', 'VALIDATED'), allowedFunctionNames: c.list(c.string), streamFunctionCallArguments: c.boolean }), retrievalConfig: c.any });
const generationConfig = c.record({}, {
  temperature: c.between(0, 2), topP: c.between(0, 1), topK: c.number, candidateCount: c.positive, maxOutputTokens: c.positive, stopSequences: c.list(c.string, { max: 5 }),
  responseLogprobs: c.boolean, logprobs: c.natural, presencePenalty: c.number, frequencyPenalty: c.number, seed: c.natural,
  responseMimeType: c.oneOf('text/plain', 'application/json', 'text/x.enum'), responseSchema: schema, responseJsonSchema: c.plainObject, responseModalities: c.any,
  mediaResolution: c.any, speechConfig: c.any, imageConfig: c.any,
  thinkingConfig: c.record({}, { includeThoughts: c.boolean, thinkingBudget: c.number, thinkingLevel: c.oneOf('MINIMAL', 'LOW', 'MEDIUM', 'HIGH') }),
});
const request = c.record({ contents: c.list(content, { min: 1 }) }, {
  systemInstruction: instruction, tools: c.list(tool), toolConfig, safetySettings: c.any, generationConfig, cachedContent: c.any, labels: c.any, serviceTier: c.any,
});

const callsOf = (turn) => (turn?.role === 'model' ? turn.parts.filter((p) => p.functionCall).map((p) => p.functionCall) : []);

function checkFunctionTurns(contents, needsSignature) {
  contents.forEach((turn, i) => {
    const asked = callsOf(contents[i - 1]);
    const answers = turn.parts.filter((p) => p.functionResponse).map((p) => p.functionResponse);
    if (asked.length !== answers.length) {
      c.refuse(`contents[${i}]`, 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.');
    }
    answers.forEach((a) => {
      if (!asked.some((call) => call.name === a.name)) c.refuse(`contents[${i}]`, `function response name ${a.name} was not called`);
    });
    const first = turn.role === 'model' ? turn.parts.find((p) => p.functionCall) : undefined;
    if (needsSignature && first && !first.thoughtSignature) {
      c.refuse(`contents[${i}]`, `Function call is missing a thought_signature in functionCall parts: ${first.functionCall.name}`);
    }
  });
  if (callsOf(contents.at(-1)).length) c.refuse('contents', 'the last turn is a function call without its response');
}

export function checkGenerate(body, { needsSignature }) {
  request(body, '');
  checkFunctionTurns(body.contents, needsSignature);
  const config = body.generationConfig ?? {};
  if ((config.responseSchema || config.responseJsonSchema) && config.responseMimeType !== 'application/json') {
    c.refuse('generationConfig', 'a response schema needs responseMimeType application/json');
  }
  if (config.responseSchema && config.responseJsonSchema) c.refuse('generationConfig', 'set one response schema, not two');
}

export const generateAnswered = (body) => body.contents.at(-1).parts.some((p) => p.functionResponse);

const finishWord = { stop: 'STOP', tools: 'STOP', length: 'MAX_TOKENS', filter: 'SAFETY' };
const usageOf = (script) => {
  const u = usageAs('gemini', script.usage);
  return { promptTokenCount: inputTotal(u), cachedContentTokenCount: u.read, candidatesTokenCount: u.text, thoughtsTokenCount: u.reasoning,
    totalTokenCount: inputTotal(u) + u.text + u.reasoning, promptTokensDetails: [{ modality: 'TEXT', tokenCount: inputTotal(u) }] };
};

function functionParts(script) {
  return script.calls.map((call, i) => ({
    functionCall: { name: call.name, args: call.value }, ...(script.signed && i === 0 ? { thoughtSignature: kSignature } : {}),
  }));
}

function parts(script) {
  const out = [];
  if (script.reasoning.length) out.push({ text: script.reasoning.join(''), thought: true });
  if (script.text.length) out.push({ text: script.text.join(''), ...(script.reasoning.length ? { thoughtSignature: kSignature } : {}) });
  return [...out, ...functionParts(script)];
}

const answer = (script, model, turn, finishReason, responseId = freshId('up-response-')) => ({
  candidates: [{ content: { role: 'model', parts: turn }, index: 0, ...(finishReason ? { finishReason } : {}) }],
  usageMetadata: usageOf(script), modelVersion: `${model}-001`, responseId,
});

/** One part per chunk; calls arrive whole and all in one chunk; the end carries an empty text part. */
function chunks(script, model) {
  const turns = [
    ...script.reasoning.map((text) => [{ text, thought: true }]),
    ...script.text.map((text, i) => [{ text, ...(script.reasoning.length && i === 0 ? { thoughtSignature: kSignature } : {}) }]),
  ];
  if (script.calls.length) turns.push(functionParts(script)); else turns.push([{ text: '' }]);
  const responseId = freshId('up-response-');
  const out = turns.map((turn, i) => answer(script, model, turn, i === turns.length - 1 ? finishWord[script.finish] : null, responseId));
  out.slice(0, -1).forEach((chunk) => { delete chunk.usageMetadata.candidatesTokenCount; chunk.usageMetadata.totalTokenCount = chunk.usageMetadata.promptTokenCount; });
  return out;
}

const kMidStreamError = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };

export function sendGenerate(res, script, model, { stream, sse }) {
  if (!stream) return sendJson(res, 200, answer(script, model, parts(script), finishWord[script.finish]), { 'server-timing': 'gfet4t7; dur=12' });
  const body = chunks(script, model);
  if (!sse) return sendJson(res, 200, body);
  const frames = body.map((chunk) => dataFrame(chunk, '\r\n\r\n'));
  return sendStream(res, script, script.shape === 'comments' ? withNoise(frames, ': ping\r\n\r\n') : frames,
    { headers: sseHeaders, errorFrame: dataFrame(kMidStreamError, '\r\n\r\n'), garbage: 'data: {"candidates":[{"cont\r\n\r\n' });
}

const nested = c.record({ model: c.string, contents: c.list(content, { min: 1 }) }, { systemInstruction: instruction, tools: c.any, toolConfig: c.any, generationConfig: c.any, safetySettings: c.any, cachedContent: c.any });
export function checkCount(body, { vertex }) {
  if (vertex) c.record({ contents: c.list(content) }, { systemInstruction: instruction, tools: c.list(tool), generationConfig, model: c.any })(body, '');
  else c.record({}, { contents: c.list(content, { min: 1 }), generateContentRequest: nested })(body, '');
}

const embedRequest = c.record({ content }, { model: c.string, taskType: c.string, title: c.string, outputDimensionality: c.positive, autoTruncate: c.any, embedContentConfig: c.any });
export const checkEmbed = (body) => embedRequest(body, '');
export const checkBatchEmbed = (body) => c.record({ requests: c.list(c.record({ model: c.matching(/^models\//), content },
  { taskType: c.string, title: c.string, outputDimensionality: c.positive, embedContentConfig: c.any }), { min: 1 }) })(body, '');
const textOf = (value) => value.parts.map((p) => p.text).join('');
export const embedOne = (body) => ({ values: vectorFor(textOf(body.content), body.outputDimensionality ?? body.embedContentConfig?.outputDimensionality) });

export const modelList = () => ({ models: scenarioNames.map((name) => ({ name: `models/${name}`, displayName: name, inputTokenLimit: 1000000,
  outputTokenLimit: 65536, supportedGenerationMethods: ['generateContent', 'countTokens'] })) });

const statusWord = { invalid: 'INVALID_ARGUMENT', authentication: 'UNAUTHENTICATED', permission: 'PERMISSION_DENIED', not_found: 'NOT_FOUND',
  rate_limit: 'RESOURCE_EXHAUSTED', server: 'INTERNAL', overloaded: 'UNAVAILABLE' };
export const errorBody = (e) => ({ error: { code: e.status, message: e.message, status: statusWord[e.kind] ?? 'UNKNOWN',
  ...(e.status === 429 ? { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${e.retryAfter}s` }] } : {}) } });
export const errorHeaders = () => ({});
