#include "features/guard/request_change.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "llm/dialect.h"
#include "llm/operation.h"

namespace gatehouse::features::guard {
namespace {

using base::Status;
using pipeline::JsonBody;

// What stages decided about the old request holds for the new one.
void Keep(const pipeline::ChatCall& call, llm::ChatRequest& fresh) {
  const llm::ChatRequest& old = *call.request;
  fresh.max_output_tokens = old.max_output_tokens;
  if (call.body_is_current) return;
  std::erase_if(fresh.tools, [&](const llm::Tool& tool) {
    return std::ranges::find(old.tools, tool.name, &llm::Tool::name) == old.tools.end();
  });
  fresh.tool_choice = old.tool_choice;
  fresh.parallel_tool_calls = old.parallel_tool_calls;
}

}  // namespace

Status ChangeBody(pipeline::ChatCall& call, std::string body) {
  GH_TRY(auto parsed, JsonBody::Parse(std::move(body)));
  const llm::ChatDialect* dialect = llm::FindChatDialect(call.dialect);
  const llm::RequestPath path{.model = call.request->model, .delivery = call.delivery, .version = call.version};
  GH_TRY(llm::ChatRequest fresh, dialect->DecodeRequest(parsed->root(), path));
  Keep(call, fresh);
  call.body = std::move(parsed);
  *call.request = std::move(fresh);
  return base::Ok();
}

Status ChangeBody(pipeline::EmbeddingCall& call, std::string body) {
  GH_TRY(auto parsed, JsonBody::Parse(std::move(body)));
  const std::string model = call.request.model;
  const llm::RequestPath path{.model = model, .version = {}};
  GH_TRY(call.request, llm::FindEmbeddingDialect(call.dialect)->DecodeRequest(parsed->root(), path));
  call.body = std::move(parsed);
  return base::Ok();
}

Status ChangeBody(pipeline::CountCall& call, std::string body) {
  GH_TRY(auto parsed, JsonBody::Parse(std::move(body)));
  const llm::RequestPath path{.model = call.request->model, .version = call.version};
  GH_TRY(llm::ChatRequest fresh, llm::FindCountDialect(call.dialect)->DecodeRequest(parsed->root(), path));
  call.body = std::move(parsed);
  *call.request = std::move(fresh);
  return base::Ok();
}

Status ChangeBody(pipeline::RerankCall& call, std::string body) {
  GH_TRY(auto parsed, JsonBody::Parse(std::move(body)));
  call.request.query = parsed->root()["query"].string();
  call.request.documents.clear();
  for (const auto element : parsed->root()["documents"]) call.request.documents.emplace_back(element.value.string());
  call.body = std::move(parsed);
  return base::Ok();
}

}  // namespace gatehouse::features::guard
