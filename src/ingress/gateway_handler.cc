#include "ingress/gateway_handler.h"

#include <exception>
#include <memory>
#include <utility>

#include "codec/json/writer.h"
#include "ingress/chat/chat_surface.h"
#include "ingress/copied_exchange.h"
#include "ingress/count/count_surface.h"
#include "ingress/embeddings/embeddings_surface.h"
#include "ingress/models/models_surface.h"
#include "ingress/pass_through/pass_through_surface.h"
#include "ingress/path.h"
#include "ingress/rerank/rerank_surface.h"
#include "ingress/session.h"

namespace gatehouse::ingress {
namespace {

using base::Error;

Error NoSuchPath(const http::RequestHead& head, std::string_view allow) {
  const std::string path(head.path().substr(0, 200));
  if (!allow.empty()) {
    return Error{.code = base::ErrorCode::kMethodNotAllowed,
                 .source = base::ErrorSource::kClient,
                 .public_message = "Use " + std::string(allow) + " for " + path + "."};
  }
  return Error{.code = base::ErrorCode::kNotFound,
               .source = base::ErrorSource::kClient,
               .public_message =
                   "There is no " + path +
                   " here. Point the SDK's base URL at this gateway as docs/clients.md shows, and check the path."};
}

net::Task<> ServeMatched(Session& session) {
  switch (session.match().endpoint) {
    case Endpoint::kChat: return chat::Serve(session);
    case Endpoint::kEmbeddings: return embeddings::Serve(session);
    case Endpoint::kCount: return count::Serve(session);
    case Endpoint::kRerank: return rerank::Serve(session);
    case Endpoint::kModels: return models::Serve(session);
    case Endpoint::kPassThrough: return pass_through::Serve(session);
  }
  return {};
}

}  // namespace

// An exception is a bug: this is the one place on the data path that catches it, so that one request fails and not the
// process.
net::Task<> GatewayHandler::Serve(http::ServerExchange& exchange) {
  std::unique_ptr<CopiedExchange> copied;
  if (const std::size_t longest = gate_->settings.longest_payload; longest != 0) {
    copied = std::make_unique<CopiedExchange>(exchange, longest, context_.payload_room);
  }
  Session session(copied ? *copied : exchange, context_, gate_);
  if (copied) session.KeepPayloads(copied->copy());
  std::string bug;
  try {
    PathResult path = MatchPath(exchange.head());
    const bool found = path.match.has_value();
    session.SetMatch(found ? *std::move(path.match) : PathMatch{.dialect = path.dialect});
    if (!found) {
      co_await session.Fail(NoSuchPath(exchange.head(), path.allow));
    } else if (co_await session.Identify()) {
      co_await ServeMatched(session);
    }
    co_return;
  } catch (const std::exception& exception) {
    bug = exception.what();
  }
  if (!session.http().started()) {
    co_await session.Fail(base::Internal("bug: " + bug));
  } else {
    session.NoteError(base::Internal("bug: " + bug));
  }
}

std::string GatewayHandler::RejectionBody(std::uint16_t status, std::string_view reason) const {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginObject().Key("error").BeginObject();
  writer.Field("message", reason).Field("type", status < 500 ? "invalid_request_error" : "server_error");
  writer.Key("code").Null().EndObject().EndObject();
  return out;
}

}  // namespace gatehouse::ingress
