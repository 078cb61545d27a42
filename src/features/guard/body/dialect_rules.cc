#include "features/guard/body/dialect_rules.h"

#include <array>

namespace gatehouse::features::guard {
namespace {

using enum Content;

// https://platform.openai.com/docs/api-reference/chat, /completions, /embeddings
constexpr std::array kOpenAiChatRequest = {
    TextRule{"model", kTerm},
    TextRule{"messages.*", kText, Voice::kByRole},
    TextRule{"messages.*.role", kTerm},
    TextRule{"messages.*.content.*.type", kTerm},
    TextRule{"messages.*.content.*.image_url", kMedia},
    TextRule{"messages.*.content.*.image_url.url", kMedia},
    TextRule{"messages.*.content.*.image_url.detail", kTerm},
    TextRule{"messages.*.content.*.input_audio.data", kMedia},
    TextRule{"messages.*.content.*.input_audio.format", kTerm},
    TextRule{"messages.*.content.*.file.file_data", kMedia},
    TextRule{"messages.*.content.*.file.file_id", kTerm},
    TextRule{"messages.*.content.*.file", kText, Voice::kDocument},
    TextRule{"messages.*.tool_call_id", kTerm},
    TextRule{"messages.*.tool_calls", kText, Voice::kToolArguments},
    TextRule{"messages.*.tool_calls.*.id", kTerm},
    TextRule{"messages.*.tool_calls.*.type", kTerm},
    TextRule{"messages.*.tool_calls.*.function.arguments", kJson},
    TextRule{"messages.*.tool_calls.*.custom.input"},
    TextRule{"messages.*.function_call", kText, Voice::kToolArguments},
    TextRule{"messages.*.function_call.arguments", kJson},
    TextRule{"messages.*.reasoning_details.*.data", kEncrypted},
    TextRule{"messages.*.reasoning_details.*.signature", kTerm},
    TextRule{"messages.*.reasoning_details.*.text", kSealed},
    TextRule{"tools", kFree, Voice::kToolDescriptor},
    TextRule{"tools.*.type", kTerm},
    TextRule{"functions", kFree, Voice::kToolDescriptor},
    TextRule{"tool_choice", kTerm},
    TextRule{"response_format", kFree, Voice::kToolDescriptor},
    TextRule{"response_format.type", kTerm},
    TextRule{"prediction.content"},
    TextRule{"prompt"},
    TextRule{"suffix"},
    TextRule{"input"},
    TextRule{"encoding_format", kTerm},
    TextRule{"reasoning_effort", kTerm},
    TextRule{"service_tier", kTerm},
    TextRule{"verbosity", kTerm},
    TextRule{"modalities", kTerm},
    TextRule{"stream_options", kTerm},
    TextRule{"stop"},
    // A reranking asks the same way whoever serves it.
    TextRule{"query"},
    TextRule{"documents", kFree, Voice::kDocument},
};

// What an answer and each of its frames have around what is said.
constexpr std::array kOpenAiChatEnvelope = {
    TextRule{"id", kTerm},
    TextRule{"object", kTerm},
    TextRule{"created", kTerm},
    TextRule{"model", kTerm},
    TextRule{"usage", kTerm},
    TextRule{"x_groq", kTerm},
    TextRule{"timings", kTerm},
    TextRule{"obfuscation", kTerm},
    TextRule{"service_tier", kTerm},
    TextRule{"system_fingerprint", kTerm},
    TextRule{"prompt_filter_results", kTerm},
    TextRule{"choices.*.finish_reason", kTerm},
    TextRule{"choices.*.native_finish_reason", kTerm},
    TextRule{"choices.*.content_filter_results", kTerm},
    TextRule{"choices.*.logprobs", kTerm},
};

// What is said, whole or as a delta.
constexpr std::array kOpenAiChatMessage = {
    TextRule{"role", kTerm},
    TextRule{"tool_calls", kText, Voice::kToolArguments},
    TextRule{"tool_calls.*.id", kTerm},
    TextRule{"tool_calls.*.type", kTerm},
    TextRule{"tool_calls.*.function.arguments", kJson},
    TextRule{"function_call", kText, Voice::kToolArguments},
    TextRule{"function_call.arguments", kJson},
    TextRule{"audio.data", kMedia},
    TextRule{"audio.id", kTerm},
    TextRule{"images.*.image_url.url", kMedia},
    TextRule{"images.*.type", kTerm},
    TextRule{"reasoning_details.*.data", kEncrypted},
    TextRule{"reasoning_details.*.signature", kTerm},
    TextRule{"reasoning_details.*.text", kSealed},
};

constexpr std::array kOpenAiChatDeltas = {
    TextRule{"text", kDelta},
    TextRule{"delta.content", kDelta},
    TextRule{"delta.refusal", kDelta},
    TextRule{"delta.reasoning", kDelta},
    TextRule{"delta.reasoning_content", kDelta},
    TextRule{"delta.tool_calls.*.function.arguments", kDelta},
    TextRule{"delta.tool_calls.*.custom.input", kDelta},
    TextRule{"delta.function_call.arguments", kDelta},
};

// https://platform.openai.com/docs/api-reference/responses
constexpr std::array kOpenAiResponsesRequest = {
    TextRule{"model", kTerm},
    TextRule{"instructions", kText, Voice::kSystem},
    TextRule{"input"},
    TextRule{"input.*", kText, Voice::kByRole},
    TextRule{"input.*.type", kTerm},
    TextRule{"input.*.role", kTerm},
    TextRule{"input.*.id", kTerm},
    TextRule{"input.*.status", kTerm},
    TextRule{"input.*.phase", kTerm},
    TextRule{"input.*.call_id", kTerm},
    TextRule{"input.*.content.*.type", kTerm},
    TextRule{"input.*.content.*.image_url", kMedia},
    TextRule{"input.*.content.*.detail", kTerm},
    TextRule{"input.*.content.*.file_id", kTerm},
    TextRule{"input.*.content.*.file_data", kMedia},
    TextRule{"input.*.content.*.filename", kText, Voice::kDocument},
    TextRule{"input.*.arguments", kJson, Voice::kToolArguments},
    TextRule{"input.*.input", kText, Voice::kToolArguments},
    TextRule{"input.*.action", kFree, Voice::kToolArguments},
    TextRule{"input.*.output", kFree, Voice::kToolResult},
    TextRule{"input.*.output.*", kFree},
    TextRule{"input.*.output.*.type", kTerm},
    TextRule{"input.*.output.*.image_url", kMedia},
    TextRule{"input.*.output.*.file_data", kMedia},
    TextRule{"input.*.output.*.file_id", kTerm},
    TextRule{"input.*.results", kFree, Voice::kToolResult},
    TextRule{"input.*.result", kMedia},
    TextRule{"input.*.summary", kText, Voice::kAssistant},
    TextRule{"input.*.summary.*.type", kTerm},
    TextRule{"input.*.encrypted_content", kEncrypted},
    TextRule{"tools", kFree, Voice::kToolDescriptor},
    TextRule{"tools.*.type", kTerm},
    TextRule{"tool_choice", kTerm},
    TextRule{"text", kFree, Voice::kToolDescriptor},
    TextRule{"text.verbosity", kTerm},
    TextRule{"text.format.type", kTerm},
    TextRule{"include", kTerm},
    TextRule{"truncation", kTerm},
    TextRule{"service_tier", kTerm},
    TextRule{"previous_response_id", kTerm},
    TextRule{"reasoning", kTerm},
    TextRule{"prompt.id", kTerm},
};

constexpr std::array kOpenAiResponsesEnvelope = {
    TextRule{"id", kTerm},
    TextRule{"object", kTerm},
    TextRule{"created_at", kTerm},
    TextRule{"completed_at", kTerm},
    TextRule{"status", kTerm},
    TextRule{"model", kTerm},
    TextRule{"usage", kTerm},
    TextRule{"service_tier", kTerm},
    TextRule{"previous_response_id", kTerm},
    TextRule{"truncation", kTerm},
    TextRule{"reasoning", kTerm},
    // What the request said comes back; it was looked at when it went out.
    TextRule{"instructions", kTerm},
    TextRule{"tools", kTerm},
    TextRule{"tool_choice", kTerm},
    TextRule{"text", kTerm},
    TextRule{"metadata", kTerm},
    TextRule{"prompt", kTerm},
};

constexpr std::array kOpenAiResponsesItem = {
    TextRule{"type", kTerm},
    TextRule{"id", kTerm},
    TextRule{"status", kTerm},
    TextRule{"phase", kTerm},
    TextRule{"role", kTerm},
    TextRule{"call_id", kTerm},
    TextRule{"content.*.type", kTerm},
    TextRule{"content.*.logprobs", kTerm},
    TextRule{"summary.*.type", kTerm},
    TextRule{"arguments", kJson, Voice::kToolArguments},
    TextRule{"input", kText, Voice::kToolArguments},
    TextRule{"action", kFree, Voice::kToolArguments},
    TextRule{"result", kMedia},
    TextRule{"encrypted_content", kEncrypted},
};

// A frame has its type, and a piece of a text, the whole of one, a part, an item, or the answer so far.
constexpr std::array kOpenAiResponsesFrame = {
    TextRule{"type", kTerm},
    TextRule{"item_id", kTerm},
    TextRule{"obfuscation", kTerm},
    TextRule{"logprobs", kTerm},
    TextRule{"delta", kDelta},
    TextRule{"arguments", kJson, Voice::kToolArguments},
    TextRule{"input", kText, Voice::kToolArguments},
    TextRule{"partial_image_b64", kMedia},
    TextRule{"part.type", kTerm},
    TextRule{"part.logprobs", kTerm},
};

// https://docs.anthropic.com/en/api/messages
constexpr std::array kAnthropicRequest = {
    TextRule{"model", kTerm},
    TextRule{"system", kText, Voice::kSystem},
    TextRule{"system.*.type", kTerm},
    TextRule{"system.*.cache_control", kTerm},
    TextRule{"messages.*", kText, Voice::kByRole},
    TextRule{"messages.*.role", kTerm},
    TextRule{"messages.*.content.*", kText, Voice::kByType},
    TextRule{"messages.*.content.*.type", kTerm},
    TextRule{"messages.*.content.*.id", kTerm},
    TextRule{"messages.*.content.*.tool_use_id", kTerm},
    TextRule{"messages.*.content.*.cache_control", kTerm},
    TextRule{"messages.*.content.*.signature", kTerm},
    TextRule{"messages.*.content.*.thinking", kSealed},
    TextRule{"messages.*.content.*.data", kEncrypted},
    TextRule{"messages.*.content.*.input", kFree, Voice::kToolArguments},
    TextRule{"messages.*.content.*.source.type", kTerm},
    TextRule{"messages.*.content.*.source.media_type", kTerm},
    TextRule{"messages.*.content.*.source.data", kMedia},
    TextRule{"messages.*.content.*.source.url", kMedia},
    TextRule{"messages.*.content.*.source.file_id", kTerm},
    TextRule{"messages.*.content.*.source.content.*.type", kTerm},
    TextRule{"messages.*.content.*.content.*.type", kTerm},
    TextRule{"messages.*.content.*.content.*.source.type", kTerm},
    TextRule{"messages.*.content.*.content.*.source.media_type", kTerm},
    TextRule{"messages.*.content.*.content.*.source.data", kMedia},
    TextRule{"messages.*.content.*.content.*.encrypted_content", kEncrypted},
    TextRule{"messages.*.content.*.content.encrypted_content", kEncrypted},
    TextRule{"messages.*.content.*.citations.*.encrypted_index", kEncrypted},
    TextRule{"messages.*.content.*.citations.*.type", kTerm},
    TextRule{"tools", kFree, Voice::kToolDescriptor},
    TextRule{"tools.*.type", kTerm},
    TextRule{"tools.*.cache_control", kTerm},
    TextRule{"tool_choice", kTerm},
    TextRule{"output_config", kFree, Voice::kToolDescriptor},
    TextRule{"output_config.effort", kTerm},
    TextRule{"output_config.format.type", kTerm},
    TextRule{"thinking", kTerm},
    TextRule{"service_tier", kTerm},
    TextRule{"cache_control", kTerm},
    TextRule{"container", kTerm},
};

constexpr std::array kAnthropicEnvelope = {
    TextRule{"id", kTerm},          TextRule{"type", kTerm},  TextRule{"role", kTerm},      TextRule{"model", kTerm},
    TextRule{"stop_reason", kTerm}, TextRule{"usage", kTerm}, TextRule{"container", kTerm},
};

constexpr std::array kAnthropicBlock = {
    TextRule{"", kText, Voice::kByType},
    TextRule{"type", kTerm},
    TextRule{"id", kTerm},
    TextRule{"tool_use_id", kTerm},
    TextRule{"signature", kTerm},
    TextRule{"thinking", kSealed},
    TextRule{"data", kEncrypted},
    TextRule{"input", kFree, Voice::kToolArguments},
    TextRule{"content.*.type", kTerm},
    TextRule{"content.*.encrypted_content", kEncrypted},
    TextRule{"citations.*.type", kTerm},
    TextRule{"citations.*.encrypted_index", kEncrypted},
};

constexpr std::array kAnthropicFrame = {
    TextRule{"type", kTerm},
    TextRule{"usage", kTerm},
    TextRule{"delta.type", kTerm},
    TextRule{"delta.text", kDelta},
    TextRule{"delta.thinking", kDelta},
    TextRule{"delta.partial_json", kDelta},
    TextRule{"delta.signature", kTerm},
    TextRule{"delta.stop_reason", kTerm},
    TextRule{"delta.container", kTerm},
    TextRule{"delta.citation.type", kTerm},
    TextRule{"delta.citation.encrypted_index", kEncrypted},
};

// https://ai.google.dev/api/generate-content, /embeddings
constexpr std::array kGeminiRequest = {
    TextRule{"model", kTerm},
    TextRule{"systemInstruction", kText, Voice::kSystem},
    TextRule{"system_instruction", kText, Voice::kSystem},
    TextRule{"systemInstruction.role", kTerm},
    TextRule{"contents.*", kText, Voice::kByRole},
    TextRule{"contents.*.role", kTerm},
    TextRule{"contents.*.parts.*.thoughtSignature", kTerm},
    TextRule{"contents.*.parts.*.inlineData.data", kMedia},
    TextRule{"contents.*.parts.*.inlineData.mimeType", kTerm},
    TextRule{"contents.*.parts.*.inline_data.data", kMedia},
    TextRule{"contents.*.parts.*.inline_data.mime_type", kTerm},
    TextRule{"contents.*.parts.*.fileData.mimeType", kTerm},
    TextRule{"contents.*.parts.*.fileData.fileUri", kMedia},
    TextRule{"contents.*.parts.*.functionCall", kFree, Voice::kToolArguments},
    TextRule{"contents.*.parts.*.functionCall.id", kTerm},
    TextRule{"contents.*.parts.*.functionResponse", kFree, Voice::kToolResult},
    TextRule{"contents.*.parts.*.functionResponse.id", kTerm},
    TextRule{"contents.*.parts.*.functionResponse.parts.*.inlineData.data", kMedia},
    TextRule{"contents.*.parts.*.toolResponse", kFree, Voice::kToolResult},
    TextRule{"contents.*.parts.*.codeExecutionResult", kFree, Voice::kToolResult},
    TextRule{"tools", kFree, Voice::kToolDescriptor},
    TextRule{"toolConfig", kTerm},
    TextRule{"safetySettings", kTerm},
    TextRule{"cachedContent", kTerm},
    TextRule{"generationConfig.responseSchema", kFree, Voice::kToolDescriptor},
    TextRule{"generationConfig.responseJsonSchema", kFree, Voice::kToolDescriptor},
    TextRule{"generationConfig.responseMimeType", kTerm},
    TextRule{"generationConfig.responseModalities", kTerm},
    TextRule{"content"},
    TextRule{"content.role", kTerm},
    TextRule{"title", kText, Voice::kDocument},
    TextRule{"taskType", kTerm},
    TextRule{"requests.*.model", kTerm},
    TextRule{"requests.*.taskType", kTerm},
    TextRule{"requests.*.title", kText, Voice::kDocument},
    TextRule{"requests.*.content.role", kTerm},
};

constexpr std::array kGeminiAnswer = {
    TextRule{"responseId", kTerm},
    TextRule{"modelVersion", kTerm},
    TextRule{"usageMetadata", kTerm},
    TextRule{"candidates.*.finishReason", kTerm},
    TextRule{"candidates.*.safetyRatings", kTerm},
    TextRule{"candidates.*.logprobsResult", kTerm},
    TextRule{"candidates.*.content.role", kTerm},
    TextRule{"candidates.*.content.parts.*.text"},
    TextRule{"candidates.*.content.parts.*.thoughtSignature", kTerm},
    TextRule{"candidates.*.content.parts.*.inlineData.data", kMedia},
    TextRule{"candidates.*.content.parts.*.inlineData.mimeType", kTerm},
    TextRule{"candidates.*.content.parts.*.functionCall", kFree, Voice::kToolArguments},
    TextRule{"candidates.*.content.parts.*.functionCall.id", kTerm},
};

// A frame is an answer, of which only its texts go on in the next.
constexpr std::array kGeminiDeltas = {
    TextRule{"candidates.*.content.parts.*.text", kDelta},
};

// https://docs.cohere.com/reference/rerank
constexpr std::array kCohereRanking = {
    TextRule{"id", kTerm},
    TextRule{"meta", kTerm},
    TextRule{"results.*.document", kFree, Voice::kDocument},
};

using Parts = std::vector<RulePart>;

Parts OpenAiChat(BodyKind kind) {
  switch (kind) {
    case BodyKind::kRequest: return {{"", kOpenAiChatRequest}};
    case BodyKind::kAnswer: return {{"", kOpenAiChatEnvelope}, {"choices.*.message", kOpenAiChatMessage}};
    case BodyKind::kFrame:
      return {{"", kOpenAiChatEnvelope}, {"choices.*.delta", kOpenAiChatMessage}, {"choices.*", kOpenAiChatDeltas}};
  }
  return {};
}

Parts OpenAiResponses(BodyKind kind) {
  switch (kind) {
    case BodyKind::kRequest: return {{"", kOpenAiResponsesRequest}};
    case BodyKind::kAnswer: return {{"", kOpenAiResponsesEnvelope}, {"output.*", kOpenAiResponsesItem}};
    case BodyKind::kFrame:
      return {{"", kOpenAiResponsesFrame},
              {"item", kOpenAiResponsesItem},
              {"response", kOpenAiResponsesEnvelope},
              {"response.output.*", kOpenAiResponsesItem}};
  }
  return {};
}

Parts Anthropic(BodyKind kind) {
  switch (kind) {
    case BodyKind::kRequest: return {{"", kAnthropicRequest}};
    case BodyKind::kAnswer: return {{"", kAnthropicEnvelope}, {"content.*", kAnthropicBlock}};
    case BodyKind::kFrame:
      return {{"", kAnthropicFrame}, {"message", kAnthropicEnvelope}, {"content_block", kAnthropicBlock}};
  }
  return {};
}

Parts Gemini(BodyKind kind) {
  switch (kind) {
    case BodyKind::kRequest: return {{"", kGeminiRequest}};
    case BodyKind::kAnswer: return {{"", kGeminiAnswer}};
    case BodyKind::kFrame: return {{"", kGeminiAnswer}, {"", kGeminiDeltas}};
  }
  return {};
}

}  // namespace

std::vector<RulePart> RulesOf(llm::DialectId dialect, BodyKind kind) {
  switch (dialect) {
    case llm::DialectId::kOpenAiChat:
    case llm::DialectId::kOpenAiCompletions: return OpenAiChat(kind);
    case llm::DialectId::kOpenAiResponses: return OpenAiResponses(kind);
    case llm::DialectId::kAnthropic: return Anthropic(kind);
    case llm::DialectId::kGemini: return Gemini(kind);
    case llm::DialectId::kBedrock: return {};
    case llm::DialectId::kCohere:  // what reranking asks: the surface's own words
      return kind == BodyKind::kRequest ? OpenAiChat(kind) : Parts{{"", kCohereRanking}};
  }
  return {};
}

}  // namespace gatehouse::features::guard
