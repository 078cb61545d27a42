#include "providers/common/http_provider.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "llm/dialect/cohere/cohere.h"
#include "llm/operation.h"
#include "providers/common/upstream_events.h"

namespace gatehouse::providers::common {
namespace {

using base::Error;
using base::Result;
using pipeline::Reply;

constexpr std::size_t kMaxErrorBytes = 64U << 10U;

base::Error BadUpstream(std::string detail, std::uint16_t status) {
  return Error{
      .code = base::ErrorCode::kBadUpstream,
      .source = base::ErrorSource::kUpstream,
      .retry = base::Retry::kOtherTarget,
      .public_message = "The model provider gave an answer that is not its protocol. Retry, or ask the operator.",
      .detail = std::move(detail),
      .upstream_status = status};
}

// retry-after-ms, or retry-after in seconds (RFC 9110, 10.2.3); the date form is rare here and ignored.
std::optional<std::uint32_t> RetryAfter(const http::HeaderMap& headers) {
  const auto number = [&headers](std::string_view name) -> std::optional<double> {
    const auto text = headers.Find(name);
    if (!text) return {};
    double value = 0;
    const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (code != std::errc() || end != text->data() + text->size() || value < 0 || value > 1e6) return {};
    return value;
  };
  if (const auto millis = number("retry-after-ms")) return static_cast<std::uint32_t>((*millis + 999) / 1000);
  if (const auto seconds = number("retry-after")) return static_cast<std::uint32_t>(*seconds + 0.999);
  return {};
}

// A content type without its parameters.
std::string_view MediaType(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return type;
}

// The Host header as the pool sends it: the port where it is not the scheme's own.
std::string AuthorityOf(const http::Origin& origin) {
  const std::uint16_t usual = origin.scheme == http::Origin::Scheme::kHttps ? 443 : 80;
  if (origin.endpoint.port == usual) return origin.endpoint.host;
  return origin.endpoint.host + ":" + std::to_string(origin.endpoint.port);
}

http::ClientRequest RequestOf(const UpstreamCall& call) {
  return {.method = call.method, .target = call.target, .headers = &call.headers, .body = call.body};
}

// The opaque call with the upstream's name for the model where the client named one: in the path, and in a JSON body.
pipeline::PassThroughCall ForUpstream(const pipeline::Exchange& exchange, std::string_view model) {
  pipeline::PassThroughCall call = *std::get_if<pipeline::PassThroughCall>(&exchange.operation);
  if (call.model.empty()) return call;
  call.model = model;
  if (!call.content_type.starts_with("application/json")) return call;
  auto body = pipeline::JsonBody::Parse(call.body);
  if (body.ok() && body.value()->root()["model"].IsString()) call.body = WithModel(*body.value(), model);
  return call;
}

// For providers that do not say what an embedding cost: four bytes a token, marked as an estimate.
llm::Usage EstimatedUsage(const llm::EmbeddingRequest& request) {
  constexpr std::size_t kBytesPerToken = 4;
  llm::Usage usage{.source = llm::UsageSource::kEstimated};
  for (const auto& input : request.inputs) {
    const auto* text = std::get_if<std::string>(&input);
    usage.input += text != nullptr ? text->size() / kBytesPerToken + 1 : std::get_if<llm::TokenIds>(&input)->size();
  }
  return usage;
}

// The body of a pass-through answer.
class ResponseBytes final : public pipeline::ByteSource {
 public:
  explicit ResponseBytes(std::unique_ptr<http::ClientResponse> response) : response_(std::move(response)) {}
  net::Task<Result<std::string_view>> Read() override { return response_->ReadBody(); }

 private:
  std::unique_ptr<http::ClientResponse> response_;
};

}  // namespace

net::Task<Result<Reply>> HttpProvider::Call(pipeline::Exchange& exchange, pipeline::CallContext context) {
  struct Dispatch {
    HttpProvider& self;
    pipeline::Exchange& exchange;
    const pipeline::CallContext& context;
    net::Task<Result<Reply>> operator()(const pipeline::ChatCall&) const { return self.CallChat(exchange, context); }
    net::Task<Result<Reply>> operator()(const pipeline::EmbeddingCall&) const {
      return self.CallEmbeddings(exchange, context);
    }
    net::Task<Result<Reply>> operator()(const pipeline::CountCall&) const { return self.CallCount(exchange, context); }
    net::Task<Result<Reply>> operator()(const pipeline::RerankCall&) const {
      return self.CallRerank(exchange, context);
    }
    net::Task<Result<Reply>> operator()(const pipeline::ModelsCall&) const { return self.Refuse("model lists"); }
    net::Task<Result<Reply>> operator()(const pipeline::PassThroughCall&) const {
      return self.PassThrough(exchange, context);
    }
  };
  return std::visit(Dispatch{*this, exchange, context}, exchange.operation);
}

UpstreamCall HttpProvider::NewCall(const pipeline::Exchange& exchange, std::string target, std::string body) const {
  UpstreamCall call{.target = std::move(target), .authority = {}, .headers = {}, .body = std::move(body)};
  call.headers.Add("content-type", "application/json");
  call.headers.Add("user-agent", "gatehouse/0.1");
  for (const auto& field : exchange.request_headers) call.headers.Add(field.name, field.value);
  if (limits_.trace == UpstreamLimits::Trace::kPropagate) call.headers.Add("traceparent", exchange.trace.ToHeader());
  return call;
}

std::vector<pipeline::HeaderField> HttpProvider::ForwardedHeaders(const http::HeaderMap& headers) const {
  std::vector<pipeline::HeaderField> forwarded;
  for (const auto field : headers) {
    if (vendor_->ForwardsHeader(field.name)) forwarded.push_back({std::string(field.name), std::string(field.value)});
  }
  return forwarded;
}

base::Error HttpProvider::NoSuchEndpoint(std::string_view what) const {
  return Error{.code = base::ErrorCode::kUnsupported,
               .source = base::ErrorSource::kClient,
               .retry = base::Retry::kOtherTarget,
               .public_message = "The provider behind this model does not offer " + std::string(what) +
                                 ". Ask for another model, or have the operator add a target that does."};
}

net::Task<Result<Reply>> HttpProvider::Refuse(std::string_view what) { co_return NoSuchEndpoint(what); }

base::Status HttpProvider::Authorize(UpstreamCall& call, base::WallTime now) const {
  call.authority = AuthorityOf(pool_->origin());
  return vendor_->Authorize(call, now);
}

net::Task<Result<HttpProvider::Response>> HttpProvider::Send(pipeline::Exchange& exchange, UpstreamCall& call,
                                                             llm::DialectId dialect, net::Deadline deadline) {
  GH_CO_CHECK_OK(Authorize(call, exchange.loop.Wall()));
  GH_CO_TRY(Response response, co_await pool_->Send(RequestOf(call), limits_.timeouts, deadline));
  const std::uint16_t status = response->head().status;
  if (status >= 200 && status < 300) co_return response;
  co_return co_await ReadError(std::move(response), dialect);
}

net::Task<Error> HttpProvider::ReadError(Response response, llm::DialectId dialect) {
  const std::uint16_t status = response->head().status;
  const auto retry_after = RetryAfter(response->head().headers);
  const std::string type(response->head().headers.Find("x-amzn-errortype").value_or(""));
  auto body = co_await response->CollectBody(kMaxErrorBytes);
  const llm::ChatDialect* codec = llm::FindChatDialect(dialect);
  if (codec == nullptr) codec = llm::FindChatDialect(llm::DialectId::kOpenAiChat);
  Error error = codec->DecodeTypedError(status, type, body.ok() ? std::string_view(body.value()) : std::string_view());
  error.upstream_status = status;
  if (retry_after) error.retry_after_seconds = retry_after;
  co_return error;
}

net::Task<Result<Reply>> HttpProvider::CallChat(pipeline::Exchange& exchange, pipeline::CallContext context) {
  const auto& call = *std::get_if<pipeline::ChatCall>(&exchange.operation);
  GH_CO_TRY(PreparedBody prepared, PrepareChat(exchange, call, *vendor_, context));
  UpstreamCall upstream =
      NewCall(exchange, vendor_->ChatTarget(prepared.dialect, context.model, call.delivery), std::move(prepared.body));
  const llm::ChatDialect* dialect = llm::FindChatDialect(prepared.dialect);
  const bool streamed = call.delivery == llm::Delivery::kStream;
  upstream.headers.Add("accept", streamed ? dialect->stream_content_type() : "application/json");
  if (!call.version.empty() && prepared.dialect == call.dialect)
    upstream.headers.Set("anthropic-version", call.version);

  GH_CO_TRY(Response response, co_await Send(exchange, upstream, prepared.dialect, context.deadline));
  const std::uint16_t status = response->head().status;
  const std::string_view type = MediaType(response->head().headers.Find("content-type").value_or(""));
  const llm::Detail detail = prepared.dialect == call.dialect ? call.detail : llm::Detail::kFull;
  Reply reply;
  if (prepared.dialect == call.dialect) reply.headers = ForwardedHeaders(response->head().headers);

  if (streamed && type == MediaType(dialect->stream_content_type())) {
    auto events = std::make_unique<StreamedEvents>(std::move(response), NewFrameReader(dialect->framing()),
                                                   dialect->NewDecoder(exchange.id), detail, prepared.usage_frame);
    reply.answer = pipeline::ChatReply{prepared.dialect, llm::Delivery::kStream, std::move(events)};
    co_return reply;
  }
  if (type != "application/json") {
    co_return BadUpstream(name_ + " answered with content type '" + std::string(type.substr(0, 80)) + "'", status);
  }
  GH_CO_TRY(std::string body, co_await response->CollectBody(limits_.max_answer_bytes));
  // A whole answer to a request for a stream is decoded in full and encoded as a stream.
  const auto raw = streamed ? CollectedEvents::Raw::kReencode : CollectedEvents::Raw::kPass;
  const auto decoder = dialect->NewDecoder(exchange.id);
  GH_CO_TRY(auto events,
            CollectedEvents::Decode(std::move(body), *decoder, streamed ? llm::Detail::kFull : detail, raw));
  reply.answer = pipeline::ChatReply{prepared.dialect, llm::Delivery::kWhole, std::move(events)};
  co_return reply;
}

net::Task<Result<std::string>> HttpProvider::SendForBody(pipeline::Exchange& exchange, UpstreamCall call,
                                                         llm::DialectId dialect, net::Deadline deadline) {
  GH_CO_TRY(Response response, co_await Send(exchange, call, dialect, deadline));
  co_return co_await response->CollectBody(limits_.max_answer_bytes);
}

net::Task<Result<Reply>> HttpProvider::CallEmbeddings(pipeline::Exchange& exchange, pipeline::CallContext context) {
  const auto& call = *std::get_if<pipeline::EmbeddingCall>(&exchange.operation);
  const auto target = vendor_->EmbeddingTarget(context.model);
  if (!target) co_return NoSuchEndpoint("embeddings");
  const llm::EmbeddingDialect* codec = vendor_->EmbeddingCodec(context.model);
  if (codec == nullptr) co_return NoSuchEndpoint("embeddings");
  const llm::DialectId dialect = codec->id();

  if (dialect == call.dialect && call.body_is_current && !vendor_->ReencodesOperations()) {
    std::string body = vendor_->ModelInBody() ? WithModel(*call.body, context.model) : call.body->text();
    GH_CO_TRY(std::string raw,
              co_await SendForBody(exchange, NewCall(exchange, *target, std::move(body)), dialect, context.deadline));
    GH_CO_TRY(llm::EmbeddingAnswer answer, codec->DecodeAnswer(raw));
    co_return Reply{.answer = pipeline::EmbeddingReply{dialect, std::move(raw), std::move(answer)}, .headers = {}};
  }

  llm::EmbeddingAnswer joined;
  const std::size_t step = std::max<std::size_t>(1, codec->MaxInputs(vendor_->Options(context)));
  const std::span inputs(call.request.inputs);
  for (std::size_t at = 0; at < inputs.size(); at += step) {
    const auto part = inputs.subspan(at, std::min(step, inputs.size() - at));
    GH_CO_TRY(llm::EncodedRequest encoded, codec->EncodeRequest(call.request, part, vendor_->Options(context)));
    GH_CO_CHECK_OK(llm::JudgeLosses(encoded.losses, context.losses, llm::ToString(dialect)));
    if (at == 0) {
      for (const auto& loss : encoded.losses) exchange.warnings.push_back("dropped " + loss.field + ": " + loss.reason);
    }
    GH_CO_TRY(const std::string raw, co_await SendForBody(exchange, NewCall(exchange, *target, std::move(encoded.body)),
                                                          dialect, context.deadline));
    GH_CO_TRY(llm::EmbeddingAnswer answer, codec->DecodeAnswer(raw));
    joined.model = std::move(answer.model);
    joined.usage.input += answer.usage.input;
    joined.usage.source = answer.usage.source;
    std::ranges::move(answer.vectors, std::back_inserter(joined.vectors));
  }
  if (joined.usage.source == llm::UsageSource::kNone) joined.usage = EstimatedUsage(call.request);
  co_return Reply{.answer = pipeline::EmbeddingReply{dialect, {}, std::move(joined)}, .headers = {}};
}

net::Task<Result<Reply>> HttpProvider::CallCount(pipeline::Exchange& exchange, pipeline::CallContext context) {
  const auto& call = *std::get_if<pipeline::CountCall>(&exchange.operation);
  const auto target = vendor_->CountTarget(context.model);
  const llm::CountDialect* codec = vendor_->CountCodec();
  if (!target || codec == nullptr) co_return NoSuchEndpoint("token counting");
  const llm::DialectId dialect = codec->id();
  std::string body;
  if (dialect == call.dialect && !vendor_->ReencodesOperations()) {
    body = vendor_->ModelInBody() ? WithModel(*call.body, context.model) : call.body->text();
  } else {
    GH_CO_TRY(llm::EncodedRequest encoded, codec->EncodeRequest(*call.request, vendor_->Options(context)));
    body = std::move(encoded.body);
  }
  UpstreamCall upstream = NewCall(exchange, *target, std::move(body));
  if (!call.version.empty() && dialect == call.dialect) upstream.headers.Set("anthropic-version", call.version);
  GH_CO_TRY(const std::string raw, co_await SendForBody(exchange, std::move(upstream), dialect, context.deadline));
  GH_CO_TRY(const std::uint64_t tokens, codec->DecodeAnswer(raw));
  co_return Reply{.answer = pipeline::CountReply{tokens, pipeline::CountReply::Source::kProvider}, .headers = {}};
}

net::Task<Result<Reply>> HttpProvider::CallRerank(pipeline::Exchange& exchange, pipeline::CallContext context) {
  const auto& call = *std::get_if<pipeline::RerankCall>(&exchange.operation);
  const auto target = vendor_->RerankTarget();
  if (!target) co_return NoSuchEndpoint("reranking");
  GH_CO_TRY(std::string raw,
            co_await SendForBody(exchange, NewCall(exchange, *target, WithModel(*call.body, context.model)),
                                 llm::DialectId::kCohere, context.deadline));
  GH_CO_TRY(llm::RerankAnswer answer, llm::dialect::cohere::DecodeRerankAnswer(raw));
  co_return Reply{.answer = pipeline::RerankReply{std::move(raw), std::move(answer)}, .headers = {}};
}

net::Task<Result<Reply>> HttpProvider::PassThrough(pipeline::Exchange& exchange, pipeline::CallContext context) {
  const pipeline::PassThroughCall call = ForUpstream(exchange, context.model);
  auto target = vendor_->PassThroughTarget(call);
  if (!target) co_return NoSuchEndpoint("this endpoint");
  UpstreamCall upstream = NewCall(exchange, std::move(*target), call.body);
  upstream.method = call.method;
  upstream.headers.Remove("content-type");
  if (!call.content_type.empty()) upstream.headers.Set("content-type", call.content_type);
  if (!call.accept.empty()) upstream.headers.Set("accept", call.accept);
  GH_CO_TRY(Response response, co_await Send(exchange, upstream, llm::DialectId::kOpenAiChat, context.deadline));
  const auto& headers = response->head().headers;
  // No endpoint answers with a web page; a portal or a proxy on the way does.
  if (MediaType(headers.Find("content-type").value_or("")) == "text/html") {
    co_return BadUpstream(name_ + " answered with a web page", response->head().status);
  }
  pipeline::PassThroughReply answer{
      .status = response->head().status,
      .content_type = std::string(headers.Find("content-type").value_or("application/octet-stream")),
      .content_disposition = std::string(headers.Find("content-disposition").value_or("")),
      .body = {}};
  Reply reply{.answer = {}, .headers = ForwardedHeaders(headers)};
  answer.body = std::make_unique<ResponseBytes>(std::move(response));
  reply.answer = std::move(answer);
  co_return reply;
}

net::Task<base::Status> HttpProvider::Probe(net::Deadline deadline) {
  UpstreamCall call{.method = "GET", .target = vendor_->ProbeTarget(), .authority = {}, .headers = {}, .body = {}};
  GH_CO_CHECK_OK(Authorize(call, base::SystemClock().Wall()));
  GH_CO_TRY(const Response response, co_await pool_->Send(RequestOf(call), limits_.timeouts, deadline));
  const std::uint16_t status = response->head().status;
  // An upstream that answers at all is alive: a refused credential or an unknown path is not an outage.
  if (status < 500 && status != 429) co_return base::Ok();
  co_return Error{.code = base::ErrorCode::kUnavailable,
                  .source = base::ErrorSource::kUpstream,
                  .retry = base::Retry::kOtherTarget,
                  .public_message = "The model provider is unavailable.",
                  .detail = name_ + " answered a probe with status " + std::to_string(status),
                  .upstream_status = status};
}

}  // namespace gatehouse::providers::common
