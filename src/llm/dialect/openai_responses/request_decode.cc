#include <utility>

#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/openai_responses/items.h"
#include "llm/dialect/openai_responses/request.h"
#include "llm/dialect/openai_responses/settings.h"
#include "llm/dialect/openai_responses/words.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using base::Status;
using common::Field;
using common::Node;
using common::Read;

Status ReadInstructions(const Node& node, ChatRequest& request) {
  std::string text;
  GH_CHECK_OK(Read(node, text));
  if (text.empty()) return base::Ok();
  Message message{.role = Role::kSystem,
                  .blocks = {TextBlock{.text = std::move(text)}},
                  .name = {},
                  .source = std::string(kInstructions)};
  request.messages.insert(request.messages.begin(), std::move(message));
  return base::Ok();
}

Status ReadUser(const Node& node, ChatRequest& request) {
  return request.user.empty() ? Read(node, request.user) : base::Ok();
}

Status ReadSafetyIdentifier(const Node& node, ChatRequest& request) {
  std::string id;
  GH_CHECK_OK(Read(node, id));
  if (!id.empty()) request.user = std::move(id);
  return base::Ok();
}

Status ReadStreamOptions(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  return common::ReadFields<ChatRequest>(node, {}, request, &request.extra, "stream_options.");
}

constexpr Field<ChatRequest> kFields[] = {
    {"model", [](const Node& n, ChatRequest& r) { return Read(n, r.model); }},
    {"input", [](const Node& n, ChatRequest& r) { return DecodeInput(n, r.messages); }},
    {"instructions", ReadInstructions},
    {"max_output_tokens", [](const Node& n, ChatRequest& r) { return Read(n, r.max_output_tokens); }},
    {"tools", ReadTools},
    {"tool_choice", ReadToolChoice},
    {"parallel_tool_calls", [](const Node& n, ChatRequest& r) { return Read(n, r.parallel_tool_calls); }},
    {"reasoning", ReadReasoning},
    {"text", ReadText},
    {"temperature", [](const Node& n, ChatRequest& r) { return Read(n, r.temperature); }},
    {"top_p", [](const Node& n, ChatRequest& r) { return Read(n, r.top_p); }},
    {"top_logprobs", [](const Node& n, ChatRequest& r) { return Read(n, r.top_logprobs); }},
    {"metadata", [](const Node& n, ChatRequest& r) { return common::ReadRawObject(n, r.metadata); }},
    {"prompt_cache_key", [](const Node& n, ChatRequest& r) { return Read(n, r.prompt_cache_key); }},
    {"service_tier", [](const Node& n, ChatRequest& r) { return Read(n, r.service_tier); }},
    {"user", ReadUser},
    {"safety_identifier", ReadSafetyIdentifier},
    {"stream", [](const Node& n, ChatRequest& r) { return Read(n, r.stream); }},
    {"stream_options", ReadStreamOptions},
};

}  // namespace

base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) {
  const Node root(body);
  ChatRequest request{.origin = DialectId::kOpenAiResponses, .model = {}, .messages = {}};
  GH_CHECK_OK(common::ReadFields<ChatRequest>(root, kFields, request, &request.extra));
  if (!path.model.empty()) request.model = path.model;
  if (request.model.empty()) GH_CHECK_OK(common::RequireString(root["model"]));
  request.stream_usage = request.stream;
  common::FillToolNames(request.messages);
  return request;
}

}  // namespace gatehouse::llm::dialect::openai_responses
