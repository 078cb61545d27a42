#include "providers/common/request_body.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "codec/json/splice.h"
#include "codec/json/writer.h"
#include "llm/output_limit.h"

namespace gatehouse::providers::common {
namespace {

namespace json = codec::json;

std::string Quoted(std::string_view text) {
  std::string out;
  json::AppendQuoted(out, text);
  return out;
}

bool ReportsUsageOnRequest(llm::DialectId dialect) {
  return dialect == llm::DialectId::kOpenAiChat || dialect == llm::DialectId::kOpenAiCompletions;
}

// The edits that ask an OpenAI-like upstream for its usage chunk.
void AskForUsage(json::Value root, std::vector<json::MemberChange>& changes, std::vector<json::Edit>& edits) {
  const json::Value options = root["stream_options"];
  if (options.IsObject()) {
    const json::MemberChange include{.name = "include_usage", .json = "true"};
    auto inner = json::ChangeMembers(options, {&include, 1});
    edits.insert(edits.end(), std::make_move_iterator(inner.begin()), std::make_move_iterator(inner.end()));
    return;
  }
  changes.push_back({.name = "stream_options", .json = R"({"include_usage":true})"});
}

PreparedBody Splice(const pipeline::ChatCall& call, const Vendor& vendor, const pipeline::CallContext& context) {
  PreparedBody prepared{.dialect = call.dialect, .body = {}};
  const json::Value root = call.body->root();
  std::vector<json::MemberChange> changes;
  changes.reserve(3);  // as many as there can be
  std::vector<json::Edit> edits;
  if (vendor.ModelInBody() && root["model"].string() != context.model) {
    changes.push_back({.name = "model", .json = Quoted(context.model)});
  }
  if (call.delivery == llm::Delivery::kStream && ReportsUsageOnRequest(call.dialect) && !call.request->stream_usage) {
    AskForUsage(root, changes, edits);
    prepared.usage_frame = PreparedBody::UsageFrame::kOurs;
  }
  if (call.output_limit) {
    auto limit = llm::LimitOutput(call.dialect, root, *call.output_limit, vendor.Options(context).max_tokens_field);
    std::ranges::move(limit.members, std::back_inserter(changes));
    std::ranges::move(limit.edits, std::back_inserter(edits));
  }
  if (!changes.empty()) {
    auto outer = json::ChangeMembers(root, changes);
    if (edits.empty()) edits.swap(outer);
    edits.insert(edits.end(), std::make_move_iterator(outer.begin()), std::make_move_iterator(outer.end()));
  }
  prepared.body = edits.empty() ? call.body->text() : json::Apply(call.body->text(), edits);
  return prepared;
}

}  // namespace

base::Result<PreparedBody> PrepareChat(pipeline::Exchange& exchange, const pipeline::ChatCall& call,
                                       const Vendor& vendor, const pipeline::CallContext& context) {
  const llm::DialectId dialect = vendor.ChatDialectFor(call.dialect);
  if (dialect == call.dialect && call.body_is_current) return Splice(call, vendor, context);

  const llm::ChatDialect* codec = llm::FindChatDialect(dialect);
  if (codec == nullptr) return base::Internal("no chat dialect " + std::string(llm::ToString(dialect)));
  llm::EncodeOptions options = vendor.Options(context);
  if (!options.default_max_output_tokens) options.default_max_output_tokens = context.default_max_output_tokens;
  GH_TRY(llm::EncodedRequest encoded, codec->EncodeRequest(*call.request, options));
  GH_CHECK_OK(llm::JudgeLosses(encoded.losses, context.losses, llm::ToString(dialect)));
  for (const llm::Loss& loss : encoded.losses)
    exchange.warnings.push_back("dropped " + loss.field + ": " + loss.reason);

  PreparedBody prepared{.dialect = dialect, .body = std::move(encoded.body)};
  // The encoder always asks OpenAI-like upstreams for usage; a translated stream has no raw frames to hide it from.
  return prepared;
}

std::string WithModel(const pipeline::JsonBody& body, std::string_view model) {
  return json::WithMember(body.text(), body.root(), "model", Quoted(model));
}

}  // namespace gatehouse::providers::common
