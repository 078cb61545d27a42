#include "ingress/rerank/rerank_surface.h"

#include <string>
#include <utility>

namespace gatehouse::ingress::rerank {
namespace {

// Everything else in the body is checked by the provider, whose format it is.
base::Result<pipeline::RerankCall> DecodeCall(const PathMatch&, std::unique_ptr<const pipeline::JsonBody> body) {
  const auto root = body->root();
  if (!root["model"].IsString())
    return base::InvalidRequest("`model` must be a string naming the rerank model.", "model");
  if (!root["query"].IsString()) return base::InvalidRequest("`query` must be a string.", "query");
  if (!root["documents"].IsArray())
    return base::InvalidRequest("`documents` must be an array of strings.", "documents");
  llm::RerankRequest request{
      .model = std::string(root["model"].string()), .query = std::string(root["query"].string()), .documents = {}};
  for (const auto element : root["documents"]) request.documents.emplace_back(element.value.string());
  return pipeline::RerankCall{.body = std::move(body), .request = std::move(request)};
}

}  // namespace

net::Task<> Serve(Session& session) {
  auto reply = co_await RunJson(session, &DecodeCall);
  if (!reply) co_return;
  auto& answer = *std::get_if<pipeline::RerankReply>(&reply->answer);
  session.exchange().outcome.usage = answer.answer.usage;
  co_await session.Respond(session.NewHead(200, "application/json", &*reply), answer.raw);
}

}  // namespace gatehouse::ingress::rerank
