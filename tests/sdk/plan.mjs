// Which cells exist. A cell that cannot exist has its reason here; there is no third kind.

import * as cases from './cases.mjs';
import { error } from './error_cases.mjs';
import { simulatedAgentCases, simulatedCases, simulatedCompletionCases } from './simulated_cases.mjs';
import * as small from './small_cases.mjs';
import { aiAnthropic, aiOpenai, aiOpenaiChat } from './surfaces/ai_sdk.mjs';
import { messages } from './surfaces/anthropic.mjs';
import { bedrockH1, bedrockH2 } from './surfaces/bedrock.mjs';
import { geminiV1, geminiV1beta, vertexV1beta1 } from './surfaces/gemini.mjs';
import { langchain } from './surfaces/langchain.mjs';
import { azureChat, chat } from './surfaces/openai_chat.mjs';
import { responses } from './surfaces/openai_responses.mjs';
import { azureEmbeddings, azureOpaque, completions, embeddings, modelLists, opaque, rerank } from './surfaces/small.mjs';
import { providers } from './topology.mjs';

export const caseNames = ['plain', 'stream', 'tools', 'tools-stream', 'parallel-tools', 'images', 'reasoning', 'structured', 'error', 'abort', 'odd'];

const conversation = {
  plain: cases.plain, stream: cases.stream, tools: cases.tools, 'tools-stream': cases.toolsStream, 'parallel-tools': cases.parallelTools,
  images: cases.images, reasoning: cases.reasoning, structured: cases.structured, error, abort: cases.abort, odd: cases.odd,
};

const chatOnly = (surface) => ({ surface, cases: conversation, simulated: simulatedCases, missing: {} });
const noField = 'a legacy completion request is one prompt: the format has no field for this';
const noConversation = 'an embedding request is text in, numbers out: the format has no field for this';
const noRerankField = 'a rerank request is a query and documents: the format has no field for this';
const listOnly = 'a model list has no request body';
const loopOnly = 'this row is the agent loop; its single calls are the openai.chat row by the same package';
const missingAll = (reason, present) => Object.fromEntries(caseNames.filter((name) => !present.includes(name)).map((name) => [name, reason]));
const opaqueRow = (surface) => ({ surface, cases: small.opaqueCases, missing: missingAll('images, audio and files are passed through: there is no conversation in them', ['plain', 'error', 'abort']) });
const listRow = (kind, direct) => ({ surface: { name: `models.${kind}`, direct, client: () => null, lists: true }, cases: small.modelCases(modelLists[kind]), missing: missingAll(listOnly, ['plain']) });
const geminiEmbed = (surface) => ({ surface: { ...surface, name: `${surface.name}.embed`, embeds: true }, cases: small.geminiEmbeddingCases, missing: {
  ...missingAll(noConversation, ['plain', 'error', 'abort']), error: 'the error path is the one of the generate rows of this surface', abort: 'this SDK\'s embedContent takes no abort signal' } });
const embedRow = (surface) => ({ surface: { ...surface, embeds: true }, cases: small.embeddingCases, missing: missingAll(noConversation, ['plain', 'error', 'abort']) });

export const rows = [
  ...[chat, azureChat, responses, messages, geminiV1, geminiV1beta, vertexV1beta1, aiOpenai, aiOpenaiChat, aiAnthropic, bedrockH2, bedrockH1].map(chatOnly),
  { surface: langchain, cases: small.agentCases, simulated: simulatedAgentCases, missing: missingAll(loopOnly, ['tools', 'tools-stream', 'parallel-tools']) },
  { surface: completions, cases: { ...small.completionCases, abort: cases.abort }, simulated: simulatedCompletionCases, missing: missingAll(noField, ['plain', 'stream', 'error', 'abort']) },
  embedRow(embeddings), embedRow(azureEmbeddings), geminiEmbed(geminiV1), geminiEmbed(geminiV1beta),
  { surface: rerank, cases: small.rerankCases, missing: missingAll(noRerankField, ['plain', 'error', 'abort']) },
  opaqueRow(opaque), opaqueRow(azureOpaque),
  listRow('openai', ['openai', 'compatible']), listRow('anthropic', ['anthropic']), listRow('gemini.v1', ['gemini']), listRow('gemini.v1beta', ['gemini']),
];

const kNoEmbeddings = {
  anthropic: 'Anthropic has no embeddings', 'aimock-anthropic': 'Anthropic has no embeddings',
  bedrock: 'Converse, the Bedrock operation the gateway speaks, has no embeddings', 'aimock-bedrock': 'Converse, the Bedrock operation the gateway speaks, has no embeddings',
  'aimock-gemini': 'aimock 1.43.0 has no batchEmbedContents',
};
const kCohereChat = 'the Cohere provider is for embed and rerank; it has no chat endpoint in the gateway';
const kSimulatedGaps = { odd: 'the simulated provider is inside the gateway: it has no wire format to be odd in' };

// aimock gives breadth (a second, independent opinion of each wire format); these are beyond it.
const kAimockGaps = {
  images: 'aimock does not look at images; the fake upstream checks them byte for byte',
  odd: 'odd shapes are the fake upstream\'s part',
  abort: 'aimock keeps no record of how a connection ended; the fake upstream does',
  error: 'aimock has one error shape for all providers and no error events; the fake upstream has each',
};

// The gateway passes same-dialect bytes on as they are, and with them what aimock 1.43.0 gets wrong.
const kAimockFlaws = [
  ['aimock-openai', (surface) => surface.operation === 'responses', null, 'aimock\'s Responses ids and events deviate (no sequence_number), and same-dialect bytes are passed on'],
  ['aimock-openai', (surface) => surface === completions, null, 'aimock has no legacy completions'],
  ['aimock-openai', (surface) => surface.operation === 'chat', 'reasoning', 'aimock\'s reasoning stream begins without a role, and same-dialect bytes are passed on'],
  ['aimock-gemini', (surface) => surface.dialect === 'gemini', null, 'aimock\'s Gemini answers lack responseId and end tool calls with a word of its own, and same-dialect bytes are passed on'],
  ['aimock-bedrock', (surface) => !surface.directOnly, 'reasoning', 'aimock cannot be asked for a model id with a colon, and unless the id names Claude Bedrock takes no reasoning fields'],
];
const aimockFlaw = (surface, provider, name) => kAimockFlaws.find(([who, fits, only]) => who === provider && fits(surface) && (only ?? name) === name)?.[3];

/** Why this cell cannot exist, or null when it must pass. */
export function reasonAgainst(row, provider, name) {
  const { family } = providers[provider];
  if (row.missing[name]) return row.missing[name];
  if (row.surface.lists) return null;
  if (row.surface.opaque) return row.surface.direct.includes(provider) ? null : 'passed through as it is, so only a provider that has this very path can answer';
  if (row.surface.reranks) return family === 'cohere' ? null : 'of the providers, only Cohere has a rerank endpoint';
  if (row.surface.embeds) return kNoEmbeddings[provider] ?? (family === 'aimock' && name !== 'plain' ? 'the fake upstream row of this format covers it' : null) ?? (family === 'simulated' && name !== 'plain' ? 'the simulated provider embeds at once and without faults' : null);
  if (family === 'cohere') return kCohereChat;
  if (family === 'aimock') return kAimockGaps[name] ?? aimockFlaw(row.surface, provider, name) ?? null;
  if (family === 'simulated') return kSimulatedGaps[name] ?? null;
  return null;
}
