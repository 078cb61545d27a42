// One LangChain.js agent loop with tools: `createAgent` over ChatOpenAI. The agent itself decides when to
// call a tool, runs it and sends the result back, so the row has only the tool cases.

import { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import * as expect from '../expect.mjs';

const agentOf = (model, ask, ran) => createAgent({
  model, systemPrompt: ask.system,
  tools: ask.tools.map((t) => tool(async (args) => {
    ran.push({ name: t.name, args });
    return ask.answers[t.name];
  }, { name: t.name, description: t.description, schema: t.schema })),
});

const input = (ask) => ({ messages: [{ role: 'user', content: ask.turns[0].user }] });

function outcome(messages, ran) {
  const last = messages.at(-1);
  expect.equal('the loop ends with an assistant message', last.getType(), 'ai');
  return { text: last.text, ran, kinds: messages.map((m) => m.getType()) };
}

export const langchain = {
  name: 'langchain.agent', dialect: 'openai', operation: 'chat', direct: ['openai', 'compatible', 'aimock-openai'],
  client: ({ origin, key, provider, model }) => new ChatOpenAI({ model, apiKey: key, maxRetries: 0, timeout: 20_000, streamUsage: true,
    configuration: { baseURL: `${origin}${provider === 'compatible' ? '/compatible' : ''}/v1` } }),

  async run(client, ask) {
    const ran = [];
    const state = await agentOf(client, ask, ran).invoke(input(ask));
    return outcome(state.messages, ran);
  },

  /** The same loop with every model call streamed; also counts the message fragments that arrived. */
  async runStreamed(client, ask) {
    const ran = [];
    let fragments = 0;
    let messages = [];
    for await (const [mode, value] of await agentOf(client, ask, ran).stream(input(ask), { streamMode: ['messages', 'values'] })) {
      if (mode === 'messages') fragments++;
      else messages = value.messages;
    }
    return { ...outcome(messages, ran), fragments };
  },
};
