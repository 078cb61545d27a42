#include "ingress/embeddings/embeddings_surface.h"

#include <string>
#include <utility>

#include "llm/operation.h"

namespace gatehouse::ingress::embeddings {
namespace {

base::Result<pipeline::EmbeddingCall> DecodeCall(const PathMatch& match,
                                                 std::unique_ptr<const pipeline::JsonBody> body) {
  const llm::EmbeddingDialect* dialect = llm::FindEmbeddingDialect(match.dialect);
  if (dialect == nullptr) return base::Internal("no embedding dialect " + std::string(llm::ToString(match.dialect)));
  const llm::RequestPath path{.model = match.model, .version = match.version};
  GH_TRY(llm::EmbeddingRequest request, dialect->DecodeRequest(body->root(), path));
  return pipeline::EmbeddingCall{.dialect = match.dialect, .body = std::move(body), .request = std::move(request)};
}

// The upstream's own bytes where it speaks the client's dialect.
std::string BodyFor(const pipeline::EmbeddingCall& call, pipeline::EmbeddingReply& reply) {
  if (reply.dialect == call.dialect && !reply.raw.empty()) return std::move(reply.raw);
  return llm::FindEmbeddingDialect(call.dialect)->EncodeAnswer(reply.answer, call.request);
}

}  // namespace

net::Task<> Serve(Session& session) {
  auto reply = co_await RunJson(session, &DecodeCall);
  if (!reply) co_return;
  auto& answer = *std::get_if<pipeline::EmbeddingReply>(&reply->answer);
  session.exchange().outcome.usage = answer.answer.usage;
  std::string text = BodyFor(*std::get_if<pipeline::EmbeddingCall>(&session.exchange().operation), answer);
  co_await session.Respond(session.NewHead(200, "application/json", &*reply), text);
}

}  // namespace gatehouse::ingress::embeddings
