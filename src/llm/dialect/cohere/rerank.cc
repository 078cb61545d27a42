#include <string>
#include <string_view>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/cohere/cohere.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::cohere {
namespace {

using codec::json::Value;
using codec::json::Writer;
using common::Field;
using common::Node;

// A document is a text, or (as in v1) an object with one.
base::Status ReadDocuments(const Node& node, RerankRequest& request) {
  GH_CHECK_OK(common::RequireArray(node));
  std::size_t index = 0;
  for (const auto element : node.value()) {
    const auto document = node.Element(element.value, index++);
    const auto nested = document["text"];
    GH_TRY(const auto text, common::RequireString(element.value.IsObject() ? nested : document));
    request.documents.emplace_back(text);
  }
  return base::Ok();
}

constexpr Field<RerankRequest> kFields[] = {
    {"model", [](const Node& n, RerankRequest& r) { return common::Read(n, r.model); }},
    {"query", [](const Node& n, RerankRequest& r) { return common::Read(n, r.query); }},
    {"documents", ReadDocuments},
    {"top_n", [](const Node& n, RerankRequest& r) { return common::Read(n, r.top_n); }},
};

}  // namespace

base::Result<RerankRequest> DecodeRerank(Value body) {
  const Node root(body);
  RerankRequest request;
  GH_CHECK_OK(common::ReadFields<RerankRequest>(root, kFields, request, &request.extra));
  if (request.model.empty()) return common::WrongType(root["model"], "a string");
  if (!root["query"].present()) return common::WrongType(root["query"], "a string");
  if (request.documents.empty()) return common::WrongType(root["documents"], "an array of texts");
  return request;
}

EncodedRequest EncodeRerank(const RerankRequest& request, const EncodeOptions& options) {
  EncodedRequest encoded;
  Writer writer(encoded.body);
  writer.BeginObject().Field("model", options.model).Field("query", request.query).Key("documents").BeginArray();
  for (const auto& document : request.documents) writer.String(document);
  writer.EndArray();
  if (request.top_n) writer.Field("top_n", *request.top_n);
  for (const auto& extra : request.extra) writer.RawField(extra.name, extra.json);
  writer.EndObject();
  return encoded;
}

base::Result<RerankAnswer> DecodeRerankAnswer(std::string_view body) {
  codec::json::Document document;
  if (!document.Parse(body).ok()) return common::BadUpstream("an answer that is not JSON");
  const auto root = document.root();
  if (!root["results"].IsArray()) return common::BadUpstream("a ranking without results");
  RerankAnswer answer;
  answer.id = std::string(root["id"].string());
  for (const auto result : root["results"]) {
    const auto relevance = result.value["relevance_score"].AsNumber();
    if (!relevance) return common::BadUpstream("a result without relevance_score");
    answer.items.push_back({static_cast<std::uint32_t>(common::Count(result.value["index"])), *relevance});
  }
  const auto units = root["meta"]["billed_units"];
  if (units.IsObject()) {
    answer.usage.server_tool_calls = common::Count(units["search_units"]);
    answer.usage.source = UsageSource::kProvider;
  }
  return answer;
}

std::string EncodeRerankAnswer(const RerankAnswer& answer) {
  std::string body;
  Writer writer(body);
  writer.BeginObject();
  if (!answer.id.empty()) writer.Field("id", answer.id);
  writer.Key("results").BeginArray();
  for (const auto& item : answer.items) {
    writer.BeginObject().Field("index", item.index).Field("relevance_score", item.relevance).EndObject();
  }
  writer.EndArray().Key("meta").BeginObject().Key("api_version").BeginObject().Field("version", "2").EndObject();
  writer.Key("billed_units").BeginObject().Field("search_units", answer.usage.server_tool_calls).EndObject();
  writer.EndObject().EndObject();
  return body;
}

ErrorReply EncodeError(const base::Error& error, std::string_view request_id) {
  ErrorReply reply{.status = common::StatusFor(error), .body = {}};
  Writer writer(reply.body);
  writer.BeginObject();
  if (!request_id.empty()) writer.Field("id", request_id);
  writer.Field("message", error.public_message).EndObject();
  return reply;
}

base::Error DecodeError(std::uint16_t status, std::string_view body) {
  codec::json::Document document;
  const bool parsed = document.Parse(body).ok();
  const auto message = parsed ? document.root()["message"].string() : std::string_view();
  std::optional<base::ErrorCode> code;
  if (message.contains("too many tokens")) code = base::ErrorCode::kContextLength;
  if (status == 498) code = base::ErrorCode::kContentFiltered;  // "blocked input or output"
  return common::ToError({.status = status,
                          .code = code,
                          .type = {},
                          .message = message,
                          .param = {},
                          .body = body,
                          .retry_after_seconds = std::nullopt});
}

}  // namespace gatehouse::llm::dialect::cohere
