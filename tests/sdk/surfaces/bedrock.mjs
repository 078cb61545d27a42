// Converse and ConverseStream by the AWS SDK, over HTTP/2 (its default) and HTTP/1.1. Bedrock is not a
// surface of the gateway: this row runs in --direct only, where it proves the fake upstream's event-stream
// frames, checksums and signature check against the real client.

import { BedrockRuntimeClient, BedrockRuntimeServiceException, ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import * as expect from '../expect.mjs';

const finishWord = { end_turn: 'stop', tool_use: 'tools', max_tokens: 'length', content_filtered: 'filter' };
const errorName = { 400: 'ValidationException', 403: 'UnrecognizedClientException', 404: 'ResourceNotFoundException', 429: 'ThrottlingException', 500: 'InternalServerException', 503: 'ServiceUnavailableException' };

function describeError(e) {
  const status = e.$metadata?.httpStatusCode;
  return { status, rightClass: e instanceof BedrockRuntimeServiceException && e.name === errorName[status], requestId: e.$metadata?.requestId ?? null, message: e.message, shaped: e.message !== 'UnknownError' };
}

const toMessages = (turns) => turns.map((turn) => {
  if (turn.answer) return turn.answer.replay;
  if (turn.results) return { role: 'user', content: turn.results.map((r) => ({ toolResult: { toolUseId: r.call.id, content: [{ text: r.text }], ...(r.isError ? { status: 'error' } : {}) } })) };
  const images = (turn.images ?? []).map((data) => ({ image: { format: 'png', source: { bytes: Buffer.from(data, 'base64') } } }));
  return { role: 'user', content: [{ text: turn.user }, ...images] };
});

const toolChoice = (choice) => (choice.name ? { tool: { name: choice.name } } : choice === 'required' ? { any: {} } : { auto: {} });

const toParams = (ask) => ({
  modelId: ask.model, messages: toMessages(ask.turns),
  ...(ask.system ? { system: [{ text: ask.system }] } : {}), ...(ask.maxTokens ? { inferenceConfig: { maxTokens: ask.maxTokens } } : {}),
  ...(ask.effort ? { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2048 } } } : {}),
  ...(ask.tools ? { toolConfig: { tools: ask.tools.map((t) => ({ toolSpec: { name: t.name, description: t.description, inputSchema: { json: t.schema } } })), ...(ask.toolChoice ? { toolChoice: toolChoice(ask.toolChoice) } : {}) } } : {}),
  ...(ask.schema ? { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { name: 'person', schema: JSON.stringify(ask.schema) } } } } } : {}),
});

function usageFrom({ inputTokens, outputTokens, cacheReadInputTokens: read = 0, cacheWriteInputTokens: write = 0 }) {
  return { input: inputTokens + read + write, read, write, output: outputTokens, reasoning: 0 };
}

function answerFrom(content, stopReason, usage, more) {
  const thought = content.find((b) => b.reasoningContent)?.reasoningContent.reasoningText;
  return { text: content.map((b) => b.text ?? '').join(''), reasoning: thought?.text ?? '', signature: thought?.signature ?? null,
    calls: content.filter((b) => b.toolUse).map(({ toolUse: t }) => ({ id: t.toolUseId, name: t.name, args: t.input })), finish: finishWord[stopReason], usage: usageFrom(usage),
    replay: { role: 'assistant', content }, ...more };
}

async function whole(client, ask, signal) {
  const r = await client.send(new ConverseCommand(toParams(ask)), { abortSignal: signal });
  return answerFrom(r.output.message.content, r.stopReason, r.usage, { requestId: r.$metadata.requestId });
}

const openBlock = (start) => (start?.toolUse ? { toolUse: { ...start.toolUse, input: '' } } : {});

function applyDelta(block, delta) {
  if (delta.text !== undefined) block.text = (block.text ?? '') + delta.text;
  if (delta.toolUse) block.toolUse.input += delta.toolUse.input;
  if (delta.reasoningContent) {
    const thought = (block.reasoningContent ??= { reasoningText: { text: '' } }).reasoningText;
    thought.text += delta.reasoningContent.text ?? '';
    if (delta.reasoningContent.signature) thought.signature = delta.reasoningContent.signature;
  }
  return delta.text ?? delta.reasoningContent?.text ?? '';
}

async function* streamed(client, ask, signal) {
  const r = await client.send(new ConverseStreamCommand(toParams(ask)), { abortSignal: signal });
  const content = [];
  let stopReason = null;
  let usage = null;
  for await (const event of r.stream) {
    if (event.contentBlockStart) content[event.contentBlockStart.contentBlockIndex] = openBlock(event.contentBlockStart.start);
    if (event.contentBlockDelta) yield applyDelta(content[event.contentBlockDelta.contentBlockIndex] ??= {}, event.contentBlockDelta.delta);
    if (event.messageStop) stopReason = event.messageStop.stopReason;
    if (event.metadata) usage = event.metadata.usage;
  }
  expect.truth('messageStop and metadata arrived', stopReason && usage);
  for (const block of content) if (block.toolUse) block.toolUse.input = block.toolUse.input ? JSON.parse(block.toolUse.input) : {};
  return answerFrom(content, stopReason, usage, { requestId: r.$metadata.requestId });
}

const row = (name, direct, more) => ({
  name, dialect: 'bedrock', operation: 'converse', direct, directOnly: true, whole, streamed, describeError, toolErrors: true, untapped: true, wrongKeyStatus: 403,
  reads: { cacheWrite: true, reasoningTokens: true, signature: true },
  client: ({ origin, key }) => new BedrockRuntimeClient({ endpoint: origin, region: 'us-east-1', maxAttempts: 1, ...more(),
    credentials: typeof key === 'string' ? { accessKeyId: 'AKIAWRONG', secretAccessKey: key } : key }),
});

export const bedrockH2 = row('bedrock.h2c', ['bedrock'], () => ({}));
export const bedrockH1 = row('bedrock.http1', ['bedrock', 'aimock-bedrock'], () => ({ requestHandler: new NodeHttpHandler() }));
