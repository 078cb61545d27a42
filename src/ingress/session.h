#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/server.h"
#include "ingress/gate.h"
#include "ingress/path.h"
#include "llm/dialect.h"
#include "pipeline/approval.h"
#include "pipeline/exchange.h"

namespace gatehouse::ingress {

// One request from its head to its end: ids, the exchange once it is understood, and the one answer. Lives in the frame
// that serves the request; when that frame goes, by whatever way, the observer is told how it ended.
class Session final : private pipeline::ClientHold {
 public:
  // All four outlive the session.
  Session(http::ServerExchange& http, const LoopContext& context, std::shared_ptr<const Gate> gate);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() override;

  const http::RequestHead& head() const { return http_.head(); }
  http::ServerExchange& http() { return http_; }
  const Gate& gate() const { return *gate_; }
  const LoopContext& context() const { return context_; }
  const std::string& id() const { return id_; }
  const PathMatch& match() const { return match_; }
  void SetMatch(PathMatch match) { match_ = std::move(match); }

  // Where the bodies are copied to; outlives the session.
  void KeepPayloads(pipeline::PayloadCopy& copy) { payloads_ = &copy; }

  // Finds out who is calling, before anything of the body is read. False: a stranger, and told so.
  [[gnu::noinline]] net::Task<bool> Identify();

  net::Task<base::Result<std::string>> ReadBody();

  // Makes the exchange of this request. `model` is the public name.
  pipeline::Exchange& Open(pipeline::Operation&& operation, std::string model);
  pipeline::Exchange& exchange() { return *exchange_; }

  // Opens the exchange and runs the pipeline; nullopt when it refused, and the client has been told.
  net::Task<std::optional<pipeline::Reply>> Run(pipeline::Operation&& operation, std::string model) {
    Open(std::move(operation), std::move(model));
    return RunPipeline();
  }

  // Headers of every answer: request id, warnings, attempts, what the upstream may say.
  http::ResponseHead NewHead(std::uint16_t status, std::string_view content_type, const pipeline::Reply* reply);

  // `body` outlives the task.
  net::Task<> Respond(http::ResponseHead head, std::string_view body);
  // The answer has begun while its client waited for people: its status is 200, and it is a stream.
  bool has_begun() const { return begun_ == Begun::kYes; }
  // The error in the client's dialect.
  [[gnu::noinline]] net::Task<> Fail(base::Error error);
  // For streams: remembers how it ended.
  void NoteStatus(std::uint16_t status) { status_ = status; }
  void NoteEnd(pipeline::ExchangeEnd::Ending ending) { ending_ = ending; }
  void NoteError(const base::Error& error);

 private:
  enum class Begun : std::uint8_t { kNo, kYes };

  net::Task<base::Status> KeepAlive(std::string_view why) override;
  void MakeHoldable();
  // The dialect's own error frame, and the end.
  net::Task<> FailStream(base::Error error);
  std::string ChallengeOf(const base::Error& error) const;
  [[gnu::noinline]] net::Task<std::optional<pipeline::Reply>> RunPipeline();

  http::ServerExchange& http_;
  const LoopContext& context_;
  std::shared_ptr<const Gate> gate_;
  base::TimePoint started_;
  std::string id_;
  base::TraceContext trace_;
  PathMatch match_;
  std::shared_ptr<const pipeline::Principal> principal_;
  std::shared_ptr<pipeline::Exchange> exchange_;
  std::uint16_t status_ = 0;
  // Until something else is known: a frame that is dropped in the middle was dropped because the client went away.
  pipeline::ExchangeEnd::Ending ending_ = pipeline::ExchangeEnd::Ending::kClientGone;
  std::string error_;
  std::string detail_;
  pipeline::PayloadCopy* payloads_ = nullptr;
  Begun begun_ = Begun::kNo;
};

// The public name that a decoded request asks for.
template <class Request>
const std::string& ModelOf(const Request& request) {
  return request.model;
}
template <class Request>
const std::string& ModelOf(const std::unique_ptr<Request>& request) {
  return request->model;
}

// Reads the JSON body, decodes it by `decode` (PathMatch, body -> Result<Call>), opens the exchange for the model that
// the call names and runs the pipeline. nullopt when any of it failed; the client has then been told.
//
// Not inlined, as little as what else is awaited once: its frame would become a part of its caller's, which lives as
// long as the answer.
template <class Call>
[[gnu::noinline]] net::Task<std::optional<pipeline::Reply>> RunJson(
    Session& session, base::Result<Call> (*decode)(const PathMatch&, std::unique_ptr<const pipeline::JsonBody>)) {
  auto text = co_await session.ReadBody();
  std::optional<base::Error> refusal;
  if (!text.ok()) {
    refusal = std::move(text).TakeError();
  } else if (auto body = pipeline::JsonBody::Parse(std::move(text).value()); !body.ok()) {
    refusal = std::move(body).TakeError();
  } else if (auto call = decode(session.match(), std::move(body).value()); !call.ok()) {
    refusal = std::move(call).TakeError();
  } else {
    std::string model = ModelOf(call.value().request);
    session.Open(std::move(call).value(), std::move(model));
  }
  if (!refusal) {
    auto reply = co_await session.gate().pipeline->Run(session.exchange());
    if (reply.ok()) co_return std::move(reply).value();
    refusal = std::move(reply).TakeError();
  }
  co_await session.Fail(*std::move(refusal));
  co_return std::nullopt;
}

// The error's text in the client's words: a neutral field name becomes the one the client used.
base::Error Localized(base::Error error, const llm::ChatDialect& dialect);

// The dialect whose error format a surface uses.
const llm::ChatDialect& ErrorDialect(llm::DialectId id);

}  // namespace gatehouse::ingress
