#include "http/h2_client_stream.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "http/h2_client_connection.h"
#include "http/h2_fields.h"

namespace gatehouse::http {

using codec::http2::Block;
using codec::http2::End;
using codec::http2::ErrorCode;

namespace {

constexpr std::size_t kFirstReserve = 64 * 1024;
constexpr int kMaxInterimHeads = 16;  // per response, beyond which the upstream is talking nonsense

base::Error AnswerTooLarge(std::size_t limit) {
  return {
      .code = base::ErrorCode::kTooLarge,
      .source = base::ErrorSource::kUpstream,
      .retry = base::Retry::kNever,
      .public_message = "The upstream's answer is larger than the " + std::to_string(limit) + " bytes allowed here."};
}

}  // namespace

void H2ClientStream::OnField(Block block, std::string_view name, std::string_view value) {
  if (block == Block::kInterim) return;
  if (block == Block::kTrailers) return trailers_.Add(name, value);
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), head_.status);  // three digits: the session has checked
  } else if (!name.starts_with(':')) {
    head_.headers.Add(name, value);
  }
}

void H2ClientStream::OnBlockEnd(Block block, End /*end*/) {
  answered_ = true;
  if (block == Block::kInterim && ++interim_heads_ > kMaxInterimHeads) Break(ErrorCode::kProtocolError);
  if (block == Block::kHead) headed_ = true;
  changed_.Set();
}

void H2ClientStream::OnHeadTooLarge() {
  answered_ = true;
  Break(ErrorCode::kProtocolError);
}

void H2ClientStream::OnBody(std::string_view bytes) {
  received_.append(bytes);
  changed_.Set();
}

void H2ClientStream::OnBodyEnd() {
  if (phase_ == Phase::kUnderWay) phase_ = Phase::kEnded;
  changed_.Set();
}

void H2ClientStream::OnClosed(ErrorCode code) {
  if (phase_ == Phase::kUnderWay) {
    phase_ = Phase::kFailed;
    code_ = code;
  }
  changed_.Set();
}

void H2ClientStream::Break(ErrorCode code) {
  phase_ = Phase::kFailed;
  code_ = code;
  Reset(code);
  changed_.Set();
}

base::Error H2ClientStream::Failure() const {
  const std::string detail = "HTTP/2 stream closed with code " + std::to_string(static_cast<std::uint32_t>(code_));
  return code_ == ErrorCode::kProtocolError ? BadUpstream(detail) : UpstreamUnavailable(detail);
}

// RFC 9113, 8.7: a refused stream was not processed, nor one beyond the last of a GOAWAY, which is closed as refused.
SendAttempt::Reached H2ClientStream::reached() const {
  if (answered_) return SendAttempt::Reached::kAnswered;
  return code_ == ErrorCode::kRefusedStream ? SendAttempt::Reached::kNothingWritten : SendAttempt::Reached::kWritten;
}

std::string_view H2ClientStream::TakeBody() {
  if (!lent_.empty()) Consume(lent_.size());
  lent_.clear();
  lent_.swap(received_);
  return lent_;
}

void H2ClientStream::KeepRestOfRequest() {
  rest_of_request_ = pending();
  Relocate(rest_of_request_);
}

H2ClientResponse::H2ClientResponse(std::shared_ptr<H2ClientConnection> connection,
                                   std::unique_ptr<H2ClientStream> stream, ClientTimeouts timeouts,
                                   net::Deadline deadline)
    : connection_(std::move(connection)), stream_(std::move(stream)), timeouts_(timeouts), deadline_(deadline) {}

H2ClientResponse::~H2ClientResponse() {
  stream_.reset();
  connection_->StreamEnded();
}

bool H2ClientResponse::ended() const {
  return stream_->phase() == H2ClientStream::Phase::kEnded && !stream_->HasBody();
}

net::Task<base::Result<std::string_view>> H2ClientResponse::ReadBody() {
  if (const auto bytes = stream_->TakeBody(); !bytes.empty()) co_return bytes;
  connection_->Flush();  // the window that was just opened
  while (!stream_->HasBody()) {
    if (stream_->phase() == H2ClientStream::Phase::kEnded) co_return std::string_view();
    if (stream_->phase() == H2ClientStream::Phase::kFailed) co_return stream_->Failure();
    const auto outcome = co_await stream_->Changed(connection_->loop().In(timeouts_.idle).Earlier(deadline_));
    if (outcome == net::Event::Outcome::kTimeout) co_return UpstreamTimedOut("the body paused for too long");
  }
  co_return stream_->TakeBody();
}

net::Task<base::Result<std::string>> H2ClientResponse::CollectBody(std::size_t limit) {
  const auto stated = StatedLength(head().headers);
  if (stated > limit) co_return AnswerTooLarge(limit);
  std::string collected;
  collected.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(stated.value_or(0), kFirstReserve)));
  while (true) {
    const auto piece = co_await ReadBody();
    if (!piece.ok()) co_return piece.error();
    if (piece.value().empty()) co_return collected;
    if (collected.size() + piece.value().size() > limit) co_return AnswerTooLarge(limit);
    collected.append(piece.value());
  }
}

}  // namespace gatehouse::http
