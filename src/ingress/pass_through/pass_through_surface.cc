#include "ingress/pass_through/pass_through_surface.h"

#include <string>
#include <utility>

#include "codec/json/document.h"

namespace gatehouse::ingress::pass_through {
namespace {

using pipeline::ExchangeEnd;

bool IsJson(std::string_view content_type) { return content_type.starts_with("application/json"); }

std::string ModelOf(const std::string& body, std::string_view content_type) {
  if (!IsJson(content_type)) return {};
  codec::json::Document document;
  if (!document.Parse(body).ok()) return {};
  return std::string(document.root()["model"].string());
}

pipeline::PassThroughCall NewCall(const Session& session, std::string body) {
  const auto& head = session.head();
  pipeline::PassThroughCall call{.method = head.method,
                                 .path = session.match().upstream_path,
                                 .content_type = std::string(head.headers.Find("content-type").value_or("")),
                                 .accept = std::string(head.headers.Find("accept").value_or("")),
                                 .body = std::move(body)};
  call.model = session.match().model.empty() ? ModelOf(call.body, call.content_type) : session.match().model;
  return call;
}

std::string RouteOf(const Session& session, const pipeline::PassThroughCall& call) {
  if (!call.model.empty()) return call.model;
  const auto& settings = session.gate().settings;
  return session.match().dialect == llm::DialectId::kAnthropic ? settings.pass_through_anthropic
                                                               : settings.pass_through_openai;
}

base::Error NoRoute() {
  return base::Error{.code = base::ErrorCode::kNotFound,
                     .source = base::ErrorSource::kClient,
                     .public_message =
                         "This endpoint is passed through to a provider, and none is configured for requests that "
                         "name no model. Ask the operator to set `pass_through`."};
}

net::Task<> Deliver(Session& session, pipeline::Reply& reply) {
  auto& answer = *std::get_if<pipeline::PassThroughReply>(&reply.answer);
  http::ResponseHead head = session.NewHead(answer.status, answer.content_type, &reply);
  if (!answer.content_disposition.empty()) head.headers.Add("content-disposition", answer.content_disposition);
  session.NoteStatus(answer.status);
  if (!(co_await session.http().Start(std::move(head))).ok()) co_return;
  for (;;) {
    auto piece = co_await answer.body->Read();
    if (!piece.ok()) {
      session.NoteError(piece.error());
      session.NoteEnd(ExchangeEnd::Ending::kCutMidStream);
      co_return;  // without Finish: the client sees a cut, not an end
    }
    if (piece.value().empty()) break;
    if (!(co_await session.http().Write(piece.value())).ok()) co_return;
  }
  if ((co_await session.http().Finish()).ok()) session.NoteEnd(ExchangeEnd::Ending::kAnswered);
}

}  // namespace

net::Task<> Serve(Session& session) {
  auto body = co_await session.ReadBody();
  if (!body.ok()) {
    co_await session.Fail(std::move(body).TakeError());
    co_return;
  }
  pipeline::PassThroughCall call = NewCall(session, std::move(body).value());
  std::string route = RouteOf(session, call);
  if (route.empty()) {
    co_await session.Fail(NoRoute());
    co_return;
  }
  auto reply = co_await session.Run(std::move(call), std::move(route));
  if (!reply) co_return;
  co_await Deliver(session, *reply);
}

}  // namespace gatehouse::ingress::pass_through
