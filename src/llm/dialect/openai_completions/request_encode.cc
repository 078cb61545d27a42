#include <algorithm>
#include <string>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/openai_completions/request.h"

namespace gatehouse::llm::dialect::openai_completions {
namespace {

using codec::json::Writer;

constexpr std::string_view kTarget = "OpenAI completions";

struct Output {
  Writer& writer;
  const ChatRequest& request;
  std::vector<Loss>& losses;

  bool own() const { return request.origin == DialectId::kOpenAiCompletions; }
  void Lose(Loss::Kind kind, std::string field, std::string_view what) const {
    losses.push_back({kind, std::move(field), common::NoEquivalent(kTarget, what)});
  }
  template <class T>
  void Optional(std::string_view name, const std::optional<T>& value) const {
    if (value) writer.Field(name, *value);
  }
};

void WriteOwnPrompt(const Output& out, const Message& message) {
  const auto* tokens = message.blocks.empty() ? nullptr : std::get_if<OpaqueBlock>(&message.blocks.front());
  tokens != nullptr ? out.writer.Raw(tokens->json) : out.writer.String(common::JoinText(message.blocks));
}

// A conversation of one question, with or without a system prompt, is a prompt; anything longer is not.
void WriteForeignPrompt(const Output& out) {
  std::string prompt;
  std::size_t questions = 0;
  for (const Message& message : out.request.messages) {
    const bool system = message.role == Role::kSystem || message.role == Role::kDeveloper;
    if (!system) ++questions;
    const bool carried = message.role != Role::kAssistant && questions <= 1 && common::IsPlainText(message.blocks);
    if (!carried) {
      out.Lose(Loss::Kind::kContent, message.source, "a conversation of several turns, or of more than text");
      continue;
    }
    if (!prompt.empty()) prompt += "\n\n";
    prompt += common::JoinText(message.blocks, system ? "\n\n" : "");
  }
  out.writer.String(prompt);
}

void WritePrompt(const Output& out) {
  out.writer.Key("prompt");
  if (!out.own()) return WriteForeignPrompt(out);
  const auto& messages = out.request.messages;
  if (messages.size() == 1) return WriteOwnPrompt(out, messages.front());
  out.writer.BeginArray();
  for (const Message& message : messages) WriteOwnPrompt(out, message);
  out.writer.EndArray();
}

void WriteLogprobs(const Output& out) {
  if (out.request.logprobs == true || out.request.top_logprobs) {
    out.writer.Field("logprobs", out.request.top_logprobs.value_or(0));
  }
}

void WriteStream(const Output& out, const EncodeOptions& options) {
  if (!out.request.stream) return;
  out.writer.Field("stream", true);
  if (options.stream_usage == EncodeOptions::StreamUsage::kUnasked) return;
  out.writer.Key("stream_options").BeginObject().Field("include_usage", true).EndObject();
}

void LoseTheRest(const Output& out) {
  const ChatRequest& r = out.request;
  std::size_t index = 0;
  for (const Tool& tool : r.tools) out.Lose(Loss::Kind::kContent, "tools[" + std::to_string(index++) + "]", tool.name);
  if (r.top_k) out.Lose(Loss::Kind::kParameter, "top_k", "top_k");
  if (r.response_format && r.response_format->kind != ResponseFormat::Kind::kText) {
    out.Lose(Loss::Kind::kParameter, "response_format", "response_format");
  }
  if (r.reasoning) out.Lose(Loss::Kind::kParameter, "reasoning", "reasoning");
  if (!r.verbosity.empty()) out.Lose(Loss::Kind::kParameter, "verbosity", "verbosity");
  if (!r.metadata.empty() && r.metadata != "{}") out.Lose(Loss::Kind::kHint, "metadata", "metadata");
  if (!r.service_tier.empty()) out.Lose(Loss::Kind::kHint, "service_tier", "service_tier");
  if (!r.prompt_cache_key.empty()) out.Lose(Loss::Kind::kHint, "prompt_cache_key", "prompt_cache_key");
  common::NoteCacheMarks(r, "OpenAI", out.losses);
}

void WriteExtras(const Output& out) {
  if (!out.own()) return common::AddForeignExtras(out.request, kTarget, out.losses);
  for (const ExtraField& field : out.request.extra) {
    if (!field.name.starts_with("stream_options.")) out.writer.RawField(field.name, field.json);
  }
}

}  // namespace

base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) {
  EncodedRequest encoded;
  Writer writer(encoded.body);
  const Output out{writer, request, encoded.losses};
  writer.BeginObject().Field("model", options.model.empty() ? std::string_view(request.model) : options.model);
  WritePrompt(out);
  out.Optional("max_tokens", request.max_output_tokens);
  out.Optional("temperature", request.temperature);
  out.Optional("top_p", request.top_p);
  out.Optional("n", request.choices);
  WriteLogprobs(out);
  if (!request.stop.empty()) {
    writer.Key("stop").BeginArray();
    for (const std::string& text : request.stop) writer.String(text);
    writer.EndArray();
  }
  out.Optional("presence_penalty", request.presence_penalty);
  out.Optional("frequency_penalty", request.frequency_penalty);
  if (!request.logit_bias.empty()) writer.RawField("logit_bias", request.logit_bias);
  out.Optional("seed", request.seed);
  if (!request.user.empty()) writer.Field("user", request.user);
  WriteStream(out, options);
  WriteExtras(out);
  writer.EndObject();
  LoseTheRest(out);
  return encoded;
}

}  // namespace gatehouse::llm::dialect::openai_completions
