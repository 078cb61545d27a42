#include <string>
#include <utility>

#include "llm/dialect/common/fields.h"
#include "llm/dialect/openai_completions/request.h"

namespace gatehouse::llm::dialect::openai_completions {
namespace {

using base::Ok;
using base::Status;
using codec::json::Value;
using common::Field;
using common::Node;
using common::Read;

constexpr std::size_t kMaxPrompts = 2048;

// What only this API has a word for: kept for it, refused by the others.
OpaqueBlock Own(std::string type, Value value) {
  return {DialectId::kOpenAiCompletions, std::move(type), std::string(value.raw())};
}

Message Prompt(const Node& node, Block block) {
  Message message;
  message.source = node.path();
  message.blocks.push_back(std::move(block));
  return message;
}

bool IsTokens(Value array) { return array.IsArray() && !array.empty() && array.at(0).IsNumber(); }

Status AddPrompt(const Node& node, ChatRequest& request) {
  if (node.value().IsString()) {
    request.messages.push_back(Prompt(node, TextBlock{.text = std::string(node.value().string())}));
  } else if (IsTokens(node.value())) {
    request.messages.push_back(Prompt(node, Own("token_ids", node.value())));
  } else {
    return common::WrongType(node, "a string or an array of token ids");
  }
  return Ok();
}

// A string, an array of strings, an array of token ids, or an array of such arrays. Several prompts get an answer each,
// which no chat has: the further ones carry a mark that other dialects refuse.
Status DecodePrompt(const Node& node, ChatRequest& request) {
  const Value prompt = node.value();
  if (!prompt.IsArray() || IsTokens(prompt)) return AddPrompt(node, request);
  if (prompt.empty()) return common::Invalid(node, "must hold at least one prompt");
  if (prompt.size() > kMaxPrompts) return common::Invalid(node, "holds more than 2048 prompts");
  std::size_t index = 0;
  for (const auto element : prompt) {
    const Node child = node.Element(element.value, index++);
    GH_CHECK_OK(AddPrompt(child, request));
    if (index > 1) request.messages.back().blocks.emplace_back(Own("further prompt", Value()));
  }
  return Ok();
}

Status DecodeLogprobs(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(Read(node, request.top_logprobs));
  if (request.top_logprobs) request.logprobs = true;
  return Ok();
}

// Extra fields that say what is so without them are not worth a warning.
bool SaysNothing(Value value) {
  return value.IsNull() || value.AsBool() == false || (value.IsString() && value.string().empty());
}

Status KeepUnless(const Node& node, std::string_view default_number, ChatRequest& request) {
  if (SaysNothing(node.value()) || node.value().raw() == default_number) return Ok();
  request.extra.push_back({std::string(node.key()), std::string(node.value().raw())});
  return Ok();
}

Status DecodeStreamOptions(const Node& node, ChatRequest& request) {
  if (!node.present()) return Ok();
  constexpr Field<ChatRequest> kFields[] = {
      {"include_usage", [](const Node& n, ChatRequest& r) { return Read(n, r.stream_usage); }},
      {"include_obfuscation", [](const Node&, ChatRequest&) { return Ok(); }},
  };
  return common::ReadFields<ChatRequest>(node, kFields, request, &request.extra, "stream_options.");
}

constexpr Field<ChatRequest> kFields[] = {
    {"model", [](const Node& n, ChatRequest& r) { return Read(n, r.model); }},
    {"prompt", DecodePrompt},
    {"max_tokens", [](const Node& n, ChatRequest& r) { return Read(n, r.max_output_tokens); }},
    {"temperature", [](const Node& n, ChatRequest& r) { return Read(n, r.temperature); }},
    {"top_p", [](const Node& n, ChatRequest& r) { return Read(n, r.top_p); }},
    {"n", [](const Node& n, ChatRequest& r) { return Read(n, r.choices); }},
    {"stream", [](const Node& n, ChatRequest& r) { return Read(n, r.stream); }},
    {"stream_options", DecodeStreamOptions},
    {"logprobs", DecodeLogprobs},
    {"stop", [](const Node& n, ChatRequest& r) { return common::ReadStrings(n, r.stop); }},
    {"presence_penalty", [](const Node& n, ChatRequest& r) { return Read(n, r.presence_penalty); }},
    {"frequency_penalty", [](const Node& n, ChatRequest& r) { return Read(n, r.frequency_penalty); }},
    {"logit_bias", [](const Node& n, ChatRequest& r) { return common::ReadRawObject(n, r.logit_bias); }},
    {"seed", [](const Node& n, ChatRequest& r) { return Read(n, r.seed); }},
    {"user", [](const Node& n, ChatRequest& r) { return Read(n, r.user); }},
    {"best_of", [](const Node& n, ChatRequest& r) { return KeepUnless(n, "1", r); }},
    {"echo", [](const Node& n, ChatRequest& r) { return KeepUnless(n, "false", r); }},
    {"suffix", [](const Node& n, ChatRequest& r) { return KeepUnless(n, "null", r); }},
};

}  // namespace

base::Result<ChatRequest> DecodeRequest(Value body, const RequestPath& path) {
  const Node root(body);
  ChatRequest request;
  request.origin = DialectId::kOpenAiCompletions;
  GH_CHECK_OK(common::ReadFields<ChatRequest>(root, kFields, request, &request.extra));
  if (!path.model.empty()) request.model = path.model;
  if (request.model.empty()) return common::Invalid(root["model"], "is required");
  if (request.messages.empty()) return common::Invalid(root["prompt"], "is required");
  return request;
}

}  // namespace gatehouse::llm::dialect::openai_completions
