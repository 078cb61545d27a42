#include "ingress/session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "codec/json/writer.h"
#include "codec/sse/comment.h"
#include "ingress/challenge.h"
#include "ingress/rate_headers.h"
#include "llm/dialect/cohere/cohere.h"
#include "pipeline/approval.h"
#include "pipeline/attachments.h"

namespace gatehouse::ingress {
namespace {

using base::Error;
using base::Result;

std::string RequestIdOf(const http::RequestHead& head, const LoopContext& context) {
  const auto given = head.headers.Find("x-request-id");
  if (given && base::IsAcceptableRequestId(*given)) return std::string(*given);
  return base::NewRequestId(context.loop.Wall(), context.random);
}

base::TraceContext TraceOf(const http::RequestHead& head, base::Random& random) {
  return base::NextSpan(base::ParseTraceParent(head.headers.Find("traceparent").value_or("")), random);
}

// The client's headers that mean something to an upstream of its dialect.
std::vector<pipeline::HeaderField> ForwardedRequestHeaders(const http::RequestHead& head, llm::DialectId dialect) {
  std::vector<pipeline::HeaderField> forwarded;
  const auto forward = [&](std::string_view name) {
    if (const auto value = head.headers.Find(name)) forwarded.push_back({std::string(name), std::string(*value)});
  };
  if (dialect == llm::DialectId::kAnthropic) forward("anthropic-beta");
  if (dialect == llm::DialectId::kOpenAiChat || dialect == llm::DialectId::kOpenAiResponses) forward("openai-beta");
  return forwarded;
}

// [{"provider":...,"model":...,"outcome":...,"ms":...},...]
std::string FormatAttempts(const std::vector<pipeline::Attempt>& attempts) {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginArray();
  for (const auto& attempt : attempts) {
    writer.BeginObject()
        .Field("provider", attempt.provider)
        .Field("model", attempt.model)
        .Field("outcome", attempt.outcome)
        .Field("status", attempt.status)
        .Field("reason", attempt.reason)
        .Field("ms", std::chrono::duration_cast<std::chrono::milliseconds>(attempt.took).count())
        .EndObject();
  }
  writer.EndArray();
  return out;
}

// A header value is one line of visible characters.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = ' ';
  }
  return text;
}

constexpr std::string_view kEventStream = "text/event-stream";

Error SurfaceNotAllowed(pipeline::Surface surface) {
  return Error{.code = base::ErrorCode::kDenied,
               .source = base::ErrorSource::kPolicy,
               .public_message = "This API key may not be used for " + std::string(pipeline::ToString(surface)) +
                                 ". Ask its administrator."};
}

bool WasRetriedHere(const pipeline::Exchange* exchange, const Error& error) {
  return exchange != nullptr && !exchange->attempts.empty() && error.source == base::ErrorSource::kUpstream;
}

}  // namespace

Session::Session(http::ServerExchange& http, const LoopContext& context, std::shared_ptr<const Gate> gate)
    : http_(http),
      context_(context),
      gate_(std::move(gate)),
      started_(context.loop.Now()),
      id_(RequestIdOf(http.head(), context)),
      trace_(TraceOf(http.head(), context.random)) {}

Session::~Session() {
  const auto surface = exchange_ ? exchange_->surface : match_.surface;
  context_.observer.Ended({.exchange = exchange_.get(),
                           .principal = exchange_ ? exchange_->principal.get() : principal_.get(),
                           .request_id = id_,
                           .trace_id = trace_.trace(),
                           .client_address = http_.peer().address,
                           .method = http_.head().method,
                           .path = http_.head().path(),
                           .surface = pipeline::ToString(surface),
                           .status = status_,
                           .error = error_,
                           .detail = detail_,
                           .ending = ending_,
                           .duration = context_.loop.Now() - started_,
                           .bytes_in = http_.bytes_received(),
                           .bytes_out = http_.bytes_sent(),
                           .payloads = payloads_});
}

net::Task<bool> Session::Identify() {
  if (const auto twice = RepeatedCredential(http_.head()); !twice.empty()) {
    co_await Fail(base::InvalidRequest("The header '" + std::string(twice) + "' was sent more than once. Send one."));
    co_return false;
  }
  std::string secret = CredentialOf(http_.head(), match_.dialect);
  const pipeline::Credential credential{.secret = secret,
                                        .client_subject = http_.peer().client_subject,
                                        .spiffe_id = http_.peer().client_spiffe_id,
                                        .client_address = http_.peer().address};
  auto principal = co_await gate_->authenticator->Authenticate(credential, context_.loop.Wall());
  std::ranges::fill(secret, '\0');
  if (principal.ok() && !principal.value()->MayUseSurface(pipeline::ToString(match_.surface))) {
    principal_ = std::move(principal).value();
    co_await Fail(SurfaceNotAllowed(match_.surface));
    co_return false;
  }
  if (principal.ok()) {
    principal_ = std::move(principal).value();
    co_return true;
  }
  co_await Fail(std::move(principal).TakeError());
  co_return false;
}

net::Task<Result<std::string>> Session::ReadBody() {
  return http_.CollectBody(gate_->settings.LimitsOf(match_.surface).max_body_bytes);
}

pipeline::Exchange& Session::Open(pipeline::Operation&& operation, std::string model) {
  exchange_ =
      std::make_shared<pipeline::Exchange>(context_.loop, context_.random, match_.surface, std::move(operation));
  exchange_->pinned = gate_;
  exchange_->id = id_;
  exchange_->trace = trace_;
  exchange_->model = std::move(model);
  exchange_->principal = std::move(principal_);
  exchange_->session = std::string(http_.head().headers.Find("x-session-id").value_or(exchange_->principal->key_id));
  exchange_->started = started_;
  exchange_->deadline = {started_ + gate_->settings.LimitsOf(match_.surface).timeout};
  if (gate_->settings.client_address == GateSettings::ClientAddress::kAttached) {
    exchange_->Attach(pipeline::ClientAddress{http_.peer().address});
  }
  if (gate_->settings.holding == GateSettings::Holding::kMay) MakeHoldable();
  exchange_->request_headers = ForwardedRequestHeaders(http_.head(), match_.dialect);
  context_.observer.Began(match_.surface);
  return *exchange_;
}

// Only in a stream of events there is something to send that means nothing.
void Session::MakeHoldable() {
  const auto* call = std::get_if<pipeline::ChatCall>(&exchange_->operation);
  if (call == nullptr || call->delivery != llm::Delivery::kStream || match_.wire == PathMatch::Wire::kJsonArray) return;
  const llm::ChatDialect* dialect = llm::FindChatDialect(call->dialect);
  if (dialect == nullptr || !dialect->stream_content_type().starts_with(kEventStream)) return;
  exchange_->Attach(pipeline::Holdable{.hold = this});
}

net::Task<base::Status> Session::KeepAlive(std::string_view why) {
  std::string comment;
  codec::sse::AppendComment(comment, why);
  if (!has_begun()) {
    http::ResponseHead head = NewHead(200, ErrorDialect(match_.dialect).stream_content_type(), nullptr);
    head.headers.Add("cache-control", "no-cache");
    begun_ = Begun::kYes;
    status_ = head.status;
    GH_CO_CHECK_OK(co_await http_.Start(std::move(head)));
  }
  co_return co_await http_.Write(comment);
}

net::Task<> Session::FailStream(Error error) {
  std::string out;
  llm::AnswerContext context;
  context.id = id_.substr(id_.find('_') + 1);
  context.model = exchange_->model;
  context.request = std::get_if<pipeline::ChatCall>(&exchange_->operation)->request.get();
  ErrorDialect(match_.dialect).NewEncoder(context)->Fail(error, id_, out);
  ending_ = pipeline::ExchangeEnd::Ending::kFailed;
  static_cast<void>(co_await http_.Finish(out));
}

net::Task<std::optional<pipeline::Reply>> Session::RunPipeline() {
  auto reply = co_await gate_->pipeline->Run(*exchange_);
  if (reply.ok()) co_return std::move(reply).value();
  co_await Fail(std::move(reply).TakeError());
  co_return std::nullopt;
}

http::ResponseHead Session::NewHead(std::uint16_t status, std::string_view content_type, const pipeline::Reply* reply) {
  http::ResponseHead head{.status = status, .headers = {}};
  if (!content_type.empty()) head.headers.Add("content-type", content_type);
  head.headers.Add("x-request-id", id_);
  if (match_.dialect == llm::DialectId::kAnthropic) head.headers.Add("request-id", id_);
  if (reply != nullptr) {
    for (const auto& field : reply->headers) head.headers.Add(field.name, field.value);
  }
  if (exchange_) {
    if (const auto* standing = exchange_->Find<pipeline::RateStanding>()) {
      SetRateHeaders(match_.dialect, *standing, context_.loop.Wall(), head.headers);
    }
    if (const auto* approval = exchange_->Find<pipeline::ApprovalPending>()) {
      head.headers.Add("gatehouse-approval", approval->id);
    }
    for (const auto& warning : exchange_->warnings) head.headers.Add("gatehouse-warning", OneLine(warning));
    if (gate_->settings.attempts_header == GateSettings::AttemptsHeader::kShown && !exchange_->attempts.empty()) {
      head.headers.Add("gatehouse-attempts", OneLine(FormatAttempts(exchange_->attempts)));
    }
  }
  return head;
}

void Session::NoteError(const Error& error) {
  error_ = base::ToString(error.code);
  detail_ = error.detail;
}

net::Task<> Session::Respond(http::ResponseHead head, std::string_view body) {
  status_ = head.status;
  const auto sent = co_await http_.Respond(std::move(head), body);
  if (sent.ok() && ending_ == pipeline::ExchangeEnd::Ending::kClientGone)
    ending_ = pipeline::ExchangeEnd::Ending::kAnswered;
}

// For callers whom nobody knows; what an upstream says of the gateway's own credential is not theirs.
std::string Session::ChallengeOf(const Error& error) const {
  if (error.code != base::ErrorCode::kUnauthenticated || error.source != base::ErrorSource::kClient) return {};
  const bool nothing = CredentialOf(http_.head(), match_.dialect).empty();
  return BearerChallenge(nothing ? Presented::kNothing : Presented::kCredential, error.public_message);
}

net::Task<> Session::Fail(Error error) {
  NoteError(error);
  if (has_begun()) co_return co_await FailStream(std::move(error));
  const llm::ChatDialect& dialect = ErrorDialect(match_.dialect);
  const bool retried = WasRetriedHere(exchange_.get(), error);
  const auto retry_after = error.retry_after_seconds;
  const auto challenge = ChallengeOf(error);
  // Cohere's format has errors of its own but no chat dialect to write them.
  const llm::ErrorReply reply = match_.dialect == llm::DialectId::kCohere
                                    ? llm::dialect::cohere::EncodeError(error, id_)
                                    : dialect.EncodeError(Localized(std::move(error), dialect), id_);
  http::ResponseHead head = NewHead(reply.status, "application/json", nullptr);
  if (!challenge.empty()) head.headers.Add("www-authenticate", challenge);
  if (retry_after) head.headers.Add("retry-after", std::to_string(*retry_after));
  if (retried) head.headers.Add("x-should-retry", "false");
  ending_ = pipeline::ExchangeEnd::Ending::kFailed;
  co_await Respond(std::move(head), reply.body);
}

Error Localized(Error error, const llm::ChatDialect& dialect) {
  if (error.code != base::ErrorCode::kUnsupported || error.param.empty()) return error;
  const std::string spelled(dialect.Spell(error.param));
  if (spelled == error.param) return error;
  if (const auto at = error.public_message.find(error.param); at != std::string::npos) {
    error.public_message.replace(at, error.param.size(), spelled);
  }
  error.param = spelled;
  return error;
}

const llm::ChatDialect& ErrorDialect(llm::DialectId id) {
  const llm::ChatDialect* dialect = llm::FindChatDialect(id);
  if (dialect == nullptr) dialect = llm::FindChatDialect(llm::DialectId::kOpenAiChat);
  GH_CHECK(dialect != nullptr);
  return *dialect;
}

}  // namespace gatehouse::ingress
