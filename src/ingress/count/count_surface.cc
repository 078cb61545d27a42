#include "ingress/count/count_surface.h"

#include <string>
#include <utility>

#include "llm/operation.h"

namespace gatehouse::ingress::count {
namespace {

base::Result<pipeline::CountCall> DecodeCall(const PathMatch& match, std::unique_ptr<const pipeline::JsonBody> body) {
  const llm::CountDialect* dialect = llm::FindCountDialect(match.dialect);
  if (dialect == nullptr) return base::Internal("no count dialect " + std::string(llm::ToString(match.dialect)));
  const llm::RequestPath path{.model = match.model, .version = match.version};
  auto request = dialect->DecodeRequest(body->root(), path);
  if (!request.ok()) return std::move(request).TakeFailure();
  return pipeline::CountCall{.dialect = match.dialect,
                             .body = std::move(body),
                             .request = std::make_unique<llm::ChatRequest>(std::move(request).value()),
                             .version = match.version};
}

}  // namespace

net::Task<> Serve(Session& session) {
  auto reply = co_await RunJson(session, &DecodeCall);
  if (!reply) co_return;
  const auto& answer = *std::get_if<pipeline::CountReply>(&reply->answer);
  const llm::CountDialect& dialect = *llm::FindCountDialect(session.match().dialect);
  if (answer.source == pipeline::CountReply::Source::kLocal) {
    session.exchange().warnings.emplace_back("token count is an estimate of the gateway: the provider offers none");
  }
  co_await session.Respond(session.NewHead(200, "application/json", &*reply),
                           dialect.EncodeAnswer(answer.input_tokens));
}

}  // namespace gatehouse::ingress::count
