// Reads a request that the upstream journal holds back into the neutral form, whatever dialect it is in,
// so that one assertion serves every pair: { system, turns, tools, toolChoice, maxTokens, effort, schema, stream }.
// A turn is { role, text, images, calls, results }; consecutive turns of one role are merged.

const turn = (role) => ({ role, text: '', images: [], calls: [], results: [], reasoning: [] });

class Conversation {
  system = '';
  turns = [];
  #last(role) {
    if (this.turns.at(-1)?.role !== role) this.turns.push(turn(role));
    return this.turns.at(-1);
  }
  text(role, text) { this.#last(role).text += text; }
  image(role, data) { this.#last(role).images.push(data); }
  call(id, name, args) { this.#last('assistant').calls.push({ id, name, args }); }
  result(id, text, more = {}) { this.#last('user').results.push({ id, text, ...more }); }
  reasoning(text, signature) { this.#last('assistant').reasoning.push({ text, signature }); }
}

const parts = (content, textType = 'text') => (typeof content === 'string' ? [{ type: textType, text: content }] : content ?? []);
const flat = (content) => parts(content).map((p) => p.text ?? '').join('');
const fromDataUrl = (url) => /^data:[^;]+;base64,(.*)$/.exec(url)?.[1] ?? url;
const parse = (text) => (text === '' ? {} : JSON.parse(text));

/** Schema words that only differ in spelling between dialects are brought to JSON Schema's. */
function plainSchema(schema) {
  if (Array.isArray(schema)) return schema.map(plainSchema);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(Object.entries(schema).filter(([k]) => k !== 'propertyOrdering')
    .map(([k, v]) => [k, k === 'type' && typeof v === 'string' ? v.toLowerCase() : plainSchema(v)]));
}

const openaiChoice = (c) => (c?.type ? { name: c.function?.name ?? c.name } : c);

function readChat(body) {
  const c = new Conversation();
  for (const m of body.messages) {
    if (m.role === 'system' || m.role === 'developer') c.system += flat(m.content);
    else if (m.role === 'tool') c.result(m.tool_call_id, flat(m.content));
    else {
      for (const p of parts(m.content)) {
        if (p.type === 'text') c.text(m.role, p.text);
        if (p.type === 'image_url') c.image(m.role, fromDataUrl(p.image_url.url));
      }
      for (const t of m.tool_calls ?? []) c.call(t.id, t.function.name, parse(t.function.arguments));
    }
  }
  return { ...c, tools: body.tools?.map((t) => ({ name: t.function.name, description: t.function.description, schema: t.function.parameters })), toolChoice: openaiChoice(body.tool_choice),
    maxTokens: body.max_completion_tokens ?? body.max_tokens, effort: body.reasoning_effort !== undefined, schema: body.response_format?.json_schema?.schema, stream: body.stream === true };
}

function readResponses(body) {
  const c = new Conversation();
  c.system = body.instructions ?? '';
  for (const item of parts(body.input, 'input_text')) {
    if (item.type === 'function_call') c.call(item.call_id, item.name, parse(item.arguments));
    else if (item.type === 'function_call_output') c.result(item.call_id, flat(item.output));
    else if (item.type === 'reasoning') c.reasoning((item.summary ?? []).map((s) => s.text).join(''), item.encrypted_content);
    else if (item.type === 'input_text') c.text('user', item.text);
    else if (item.role === 'system' || item.role === 'developer') c.system += flat(item.content);
    else {
      for (const p of parts(item.content)) {
        if (p.image_url) c.image(item.role, fromDataUrl(p.image_url));
        else c.text(item.role, p.text ?? '');
      }
    }
  }
  return { ...c, tools: body.tools?.map((t) => ({ name: t.name, description: t.description, schema: t.parameters })), toolChoice: openaiChoice(body.tool_choice),
    maxTokens: body.max_output_tokens, effort: body.reasoning?.effort !== undefined && body.reasoning.effort !== null, schema: body.text?.format?.schema, stream: body.stream === true };
}

const anthropicChoice = (c) => (c?.type === 'tool' ? { name: c.name } : c && ({ any: 'required' }[c.type] ?? c.type));

function readMessages(body) {
  const c = new Conversation();
  c.system = flat(body.system);
  for (const m of body.messages) {
    if (m.role === 'system') { c.system += flat(m.content); continue; }
    for (const b of parts(m.content)) {
      if (b.type === 'text') c.text(m.role, b.text);
      if (b.type === 'image') c.image(m.role, b.source.data ?? b.source.url);
      if (b.type === 'tool_use') c.call(b.id, b.name, b.input);
      if (b.type === 'tool_result') c.result(b.tool_use_id, flat(b.content), b.is_error ? { isError: true } : {});
      if (b.type === 'thinking') c.reasoning(b.thinking, b.signature);
    }
  }
  return { ...c, tools: body.tools?.map((t) => ({ name: t.name, description: t.description, schema: t.input_schema })), toolChoice: anthropicChoice(body.tool_choice), maxTokens: body.max_tokens,
    effort: (body.thinking !== undefined && body.thinking.type !== 'disabled') || body.output_config?.effort !== undefined, schema: body.output_config?.format?.schema, stream: body.stream === true };
}

function geminiChoice(config) {
  if (!config) return undefined;
  if (config.allowedFunctionNames?.length === 1) return { name: config.allowedFunctionNames[0] };
  return { ANY: 'required', AUTO: 'auto', NONE: 'none', VALIDATED: 'auto' }[config.mode];
}

// A function response is an object; which key the text sits under is the sender's choice.
const responseText = (response) => {
  const values = Object.values(response);
  return values.length === 1 && typeof values[0] === 'string' ? values[0] : JSON.stringify(response);
};

function readGenerate(body, entry) {
  const c = new Conversation();
  c.system = flat(body.systemInstruction?.parts);
  for (const m of body.contents) {
    const role = m.role === 'model' ? 'assistant' : 'user';
    for (const p of m.parts) {
      if (p.thought) c.reasoning(p.text, p.thoughtSignature);
      else if (p.text !== undefined) c.text(role, p.text);
      if (p.inlineData) c.image(role, p.inlineData.data);
      if (p.functionCall) c.call(p.functionCall.id ?? null, p.functionCall.name, p.functionCall.args ?? {});
      if (p.functionResponse) c.result(p.functionResponse.id ?? null, responseText(p.functionResponse.response), { name: p.functionResponse.name, ...('error' in p.functionResponse.response ? { isError: true } : {}) });
    }
  }
  const config = body.generationConfig ?? {};
  const tools = body.tools?.flatMap((t) => t.functionDeclarations ?? []).map((t) => ({ name: t.name, description: t.description, schema: t.parametersJsonSchema ?? plainSchema(t.parameters) }));
  return { ...c, tools, toolChoice: geminiChoice(body.toolConfig?.functionCallingConfig), maxTokens: config.maxOutputTokens, effort: config.thinkingConfig !== undefined,
    schema: config.responseJsonSchema ?? plainSchema(config.responseSchema), stream: entry.url.includes(':streamGenerateContent') };
}

function bedrockChoice(c) {
  if (!c) return undefined;
  return c.tool ? { name: c.tool.name } : c.any ? 'required' : 'auto';
}

function readConverse(body, entry) {
  const c = new Conversation();
  c.system = (body.system ?? []).map((s) => s.text ?? '').join('');
  for (const m of body.messages) {
    for (const b of m.content) {
      if (b.text !== undefined) c.text(m.role, b.text);
      if (b.image) c.image(m.role, b.image.source.bytes);
      if (b.toolUse) c.call(b.toolUse.toolUseId, b.toolUse.name, b.toolUse.input);
      if (b.toolResult) c.result(b.toolResult.toolUseId, b.toolResult.content.map((x) => x.text ?? JSON.stringify(x.json)).join(''), b.toolResult.status === 'error' ? { isError: true } : {});
      if (b.reasoningContent) c.reasoning(b.reasoningContent.reasoningText?.text, b.reasoningContent.reasoningText?.signature);
    }
  }
  const extra = body.additionalModelRequestFields ?? {};
  const format = body.outputConfig?.textFormat?.structure?.jsonSchema?.schema;
  return { ...c, tools: body.toolConfig?.tools.filter((t) => t.toolSpec).map(({ toolSpec: t }) => ({ name: t.name, description: t.description, schema: t.inputSchema.json })),
    toolChoice: bedrockChoice(body.toolConfig?.toolChoice), maxTokens: body.inferenceConfig?.maxTokens,
    effort: extra.thinking !== undefined || extra.reasoning_effort !== undefined || body.outputConfig?.effort !== undefined, schema: format && JSON.parse(format), stream: entry.url.endsWith('/converse-stream') };
}

const readers = {
  chat: readChat, responses: readResponses, messages: readMessages, generateContent: readGenerate, streamGenerateContent: readGenerate, converse: readConverse, 'converse-stream': readConverse,
};

/** The neutral view of a journal entry. Throws when the entry is not a chat request. */
export const read = (entry) => readers[entry.operation](JSON.parse(entry.body), entry);
export const isChat = (entry) => entry.operation in readers;
