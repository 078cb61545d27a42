#include "http/h1_client_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/http1/characters.h"
#include "codec/http1/head_writer.h"
#include "net/race.h"

namespace gatehouse::http {

namespace codec1 = codec::http1;
using Reached = SendAttempt::Reached;

namespace {

constexpr int kMaxInterimHeads = 16;  // per response, beyond which the upstream is talking nonsense

// Fields that this connection writes itself.
bool IsOwnField(std::string_view name) {
  return name == "host" || name == "content-length" || name == "expect" || IsHopByHop(name);
}

// Nothing in it can end the request line early, whoever made it up.
bool IsSound(const ClientRequest& request) {
  const std::string_view target = request.target;
  return codec1::IsToken(request.method) && !target.empty() && codec1::IsFieldValue(target) &&
         target.find_first_of(" \t") == std::string_view::npos;
}

bool CarriesBody(std::string_view method) { return method != "GET" && method != "HEAD" && method != "DELETE"; }

net::Task<> UntilReadable(net::Stream& stream) {
  const auto readiness = co_await stream.Readable(net::Deadline::Never());
  static_cast<void>(readiness);
}

net::Task<net::Readiness> UntilWritable(net::Stream& stream, net::Deadline deadline) {
  const auto readiness = co_await stream.Writable(deadline);
  co_return readiness;
}

}  // namespace

base::Error UpstreamTimedOut(std::string detail) {
  return {.code = base::ErrorCode::kTimeout,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream did not answer in time. Try again later.",
          .detail = std::move(detail)};
}

base::Error UpstreamUnavailable(std::string detail) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The connection to the upstream failed. Try again.",
          .detail = std::move(detail)};
}

base::Error BadUpstream(std::string detail) {
  return {.code = base::ErrorCode::kBadUpstream,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream sent an answer that is not valid HTTP. Try again later.",
          .detail = std::move(detail)};
}

H1ClientConnection::H1ClientConnection(ClientContext& context, std::unique_ptr<net::Stream> stream)
    : context_(context),
      stream_(std::move(stream)),
      buffer_(context.buffers),
      parser_({.max_head_bytes = context.limits.max_head_bytes, .max_fields = context.limits.max_fields}) {}

bool H1ClientConnection::Usable() {
  if (stream_->PeerGone() || !buffer_.empty()) return false;
  if (!stream_->MayProgress(net::Direction::kRead)) return true;
  // Over TLS a session ticket may be waiting, which is no byte of an answer.
  const bool quiet = stream_->TryRead(buffer_.Room()).state == net::IoState::kWouldBlock;
  buffer_.Release();
  return quiet;
}

void H1ClientConnection::ReleaseBuffers() {
  buffer_.Release();
  if (request_written_) out_ = std::string();
}

void H1ClientConnection::BuildHead(const ClientRequest& request) {
  const Origin& origin = context_.origin;
  const bool absolute = origin.proxy.has_value() && origin.scheme == Origin::Scheme::kHttp;
  out_.clear();
  out_.append(request.method).append(" ");
  if (absolute) out_.append("http://").append(context_.host_field);
  out_.append(request.target).append(" HTTP/1.1\r\n");
  codec1::AppendField(out_, "host", context_.host_field);
  if (absolute && !origin.proxy_authorization.empty()) {
    codec1::AppendField(out_, "proxy-authorization", origin.proxy_authorization);
  }
  if (request.headers != nullptr) {
    for (const HeaderMap::Field field : *request.headers) {
      if (!IsOwnField(field.name)) codec1::AppendField(out_, field.name, field.value);
    }
  }
  if (!request.body.empty() || CarriesBody(request.method)) codec1::AppendContentLength(out_, request.body.size());
  codec1::AppendHeadEnd(out_);
}

net::Task<H1ClientConnection::Outcome> H1ClientConnection::Send(const ClientRequest& request, ClientTimeouts timeouts,
                                                                net::Deadline deadline) {
  if (!IsSound(request)) {
    co_return Outcome{base::InvalidRequest("The request's path holds characters that cannot be sent on."),
                      Reached::kNothingWritten};
  }
  answer_to_ = request.method == "HEAD" ? codec1::AnswerTo::kHead : codec1::AnswerTo::kOther;
  request_written_ = answer_begun_ = false;
  interim_heads_ = 0;
  parser_.Reset();
  BuildHead(request);
  const std::array<std::string_view, 2> pieces = {out_, request.body};
  Unwritten rest(pieces);
  const net::IoState first = co_await TurnEndWrite(*stream_, rest);
  request_written_ = first == net::IoState::kDone;
  if (!request_written_) {
    Outcome written = co_await WriteRequest(rest, timeouts, deadline);
    if (!written.status.ok()) co_return written;
  }
  Outcome answered = co_await ReadHead(timeouts, deadline);
  co_return answered;
}

// Ends early, and well, when the upstream answers before it has read the whole request.
net::Task<H1ClientConnection::Outcome> H1ClientConnection::WriteRequest(Unwritten rest, ClientTimeouts timeouts,
                                                                        net::Deadline deadline) {
  Reached reached = Reached::kNothingWritten;
  while (true) {
    const net::IoState state = rest.TryWrite(*stream_);
    if (state == net::IoState::kDone) {
      request_written_ = true;
      co_return Outcome{base::Ok(), Reached::kWritten};
    }
    if (rest.written() > 0) reached = Reached::kWritten;
    if (state != net::IoState::kWouldBlock) {
      // It may have answered before it closed.
      if (reached == Reached::kWritten) co_return Outcome{base::Ok(), reached};
      co_return Outcome{UpstreamUnavailable("write: " + stream_->last_error()), reached};
    }
    const Wake wake = co_await AwaitEither(context_.loop.In(timeouts.idle).Earlier(deadline));
    if (wake == Wake::kTimeout) co_return Outcome{UpstreamTimedOut("the request could not be written"), reached};
    // What it brought is read as the head of the answer; what it failed on will fail again there.
    if (wake == Wake::kRead && TryReadMore() != net::IoState::kWouldBlock) {
      co_return Outcome{base::Ok(), Reached::kWritten};
    }
  }
}

net::Task<H1ClientConnection::Wake> H1ClientConnection::AwaitEither(net::Deadline deadline) {
  auto first = co_await net::RaceTasks(UntilWritable(*stream_, deadline), UntilReadable(*stream_));
  if (first.second) co_return Wake::kRead;
  co_return *first.first == net::Readiness::kReady ? Wake::kWrite : Wake::kTimeout;
}

net::IoState H1ClientConnection::TryReadMore() {
  const net::IoOutcome read = stream_->TryRead(buffer_.Room());
  if (read.state != net::IoState::kDone) return read.state;
  buffer_.Commit(read.bytes);
  answer_begun_ = true;
  return read.state;
}

codec1::Progress H1ClientConnection::ParseHead() {
  while (interim_heads_ < kMaxInterimHeads) {
    const codec1::Progress progress = parser_.Feed(buffer_.view());
    if (progress != codec1::Progress::kDone || !parser_.interim()) return progress;
    buffer_.Consume(parser_.head_bytes());
    parser_.Reset();
    ++interim_heads_;
    if (buffer_.empty()) return codec1::Progress::kNeedMore;
  }
  return codec1::Progress::kRejected;
}

net::Task<H1ClientConnection::Outcome> H1ClientConnection::ReadHead(ClientTimeouts timeouts, net::Deadline deadline) {
  const net::Deadline until = context_.loop.In(timeouts.first_byte).Earlier(deadline);
  while (true) {
    if (!buffer_.empty()) {
      const codec1::Progress progress = ParseHead();
      if (progress == codec1::Progress::kDone) co_return Outcome{base::Ok(), Reached::kAnswered};
      if (progress == codec1::Progress::kRejected) {
        co_return Outcome{BadUpstream("response head: " + std::string(codec1::ToString(parser_.reason()))),
                          Reached::kAnswered};
      }
      if (buffer_.Room().empty()) buffer_.Grow(std::max(context_.limits.max_head_bytes, 2 * buffer_.capacity()));
    }
    const net::IoState state = TryReadMore();
    if (state == net::IoState::kDone) continue;
    const Reached reached = answer_begun_ ? Reached::kAnswered : Reached::kWritten;
    if (state == net::IoState::kEnd) co_return Outcome{UpstreamUnavailable("closed before the response head"), reached};
    if (state == net::IoState::kFailed) {
      co_return Outcome{UpstreamUnavailable("read: " + stream_->last_error()), reached};
    }
    buffer_.Release();  // waiting for an answer takes long
    const auto readiness = co_await stream_->Readable(until);
    if (readiness == net::Readiness::kTimeout) {
      co_return Outcome{UpstreamTimedOut("no response head in time"), reached};
    }
  }
}

}  // namespace gatehouse::http
