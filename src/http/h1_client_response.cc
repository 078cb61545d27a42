#include "http/h1_client_response.h"

#include <algorithm>
#include <utility>

namespace gatehouse::http {

namespace codec1 = codec::http1;

namespace {

constexpr std::size_t kFirstReserve = 64 * 1024;

base::Error AnswerTooLarge(std::size_t limit) {
  return {
      .code = base::ErrorCode::kTooLarge,
      .source = base::ErrorSource::kUpstream,
      .retry = base::Retry::kNever,
      .public_message = "The upstream's answer is larger than the " + std::to_string(limit) + " bytes allowed here."};
}

}  // namespace

H1Lease::~H1Lease() {
  if (!connection_) return;
  connection_.reset();
  owner_->Closed();
}

H1ClientResponse::H1ClientResponse(H1Lease lease, ClientTimeouts timeouts, net::Deadline deadline)
    : lease_(std::move(lease)), timeouts_(timeouts), deadline_(deadline) {
  const codec1::ResponseHeadParser& parser = lease_->parser();
  head_.status = parser.status();
  head_.headers.Reserve(parser.fields().size(), parser.head_bytes());
  AppendFields(parser.fields(), head_.headers);
  body_.Begin(parser.body(lease_->answer_to()));
  lease_->buffer().Consume(parser.head_bytes());
}

H1ClientResponse::~H1ClientResponse() {
  if (body_.ended() && lease_->reusable() && lease_->buffer().empty()) std::move(lease_).GiveBack();
}

base::Status H1ClientResponse::TakeEnd() {
  if (body_.TakeEnd() == H1Body::Taken::kEnd) return base::Ok();
  return BadUpstream("closed before the end of the body");
}

net::Task<base::Status> H1ClientResponse::AwaitBytes() {
  net::Stream& stream = lease_->stream();
  while (true) {
    const net::IoOutcome read = stream.TryRead(lease_->buffer().Room());
    if (read.state == net::IoState::kDone) {
      lease_->buffer().Commit(read.bytes);
      co_return base::Ok();
    }
    if (read.state == net::IoState::kEnd) co_return TakeEnd();
    if (read.state == net::IoState::kFailed) co_return UpstreamUnavailable("read: " + stream.last_error());
    lease_->ReleaseBuffers();  // thousands of streams wait at a time, and few have something to read
    const auto readiness = co_await stream.Readable(stream.loop().In(timeouts_.idle).Earlier(deadline_));
    if (readiness == net::Readiness::kTimeout) co_return UpstreamTimedOut("the body paused for too long");
  }
}

// What the buffer holds: a piece, "" for the end, or an error; nullopt: nothing.
std::optional<base::Result<std::string_view>> H1ClientResponse::TakePiece() {
  const H1Body::Step step = body_.Take(lease_->buffer());
  if (body_.ended() && trailers_.empty()) AppendFields(body_.trailers(), trailers_);
  switch (step.taken) {
    case H1Body::Taken::kBytes: return step.bytes;
    case H1Body::Taken::kEnd: return std::string_view();
    case H1Body::Taken::kBroken: return BadUpstream("body: " + std::string(codec1::ToString(body_.reason())));
    case H1Body::Taken::kNeedMore: break;
  }
  return std::nullopt;
}

net::Task<base::Result<std::string_view>> H1ClientResponse::ReadBody() {
  while (true) {
    if (auto piece = TakePiece()) co_return *std::move(piece);
    GH_CO_CHECK_OK(co_await AwaitBytes());
    lease_->buffer().Shrink();  // what is passed on leaves at the end of the turn
  }
}

net::Task<base::Result<std::string>> H1ClientResponse::CollectBody(std::size_t limit) {
  const bool known = body_.kind() == codec1::BodyKind::kLength;
  if (known && body_.left() > limit) co_return AnswerTooLarge(limit);
  std::string collected;
  if (known) collected.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(body_.left(), kFirstReserve)));
  while (true) {
    auto piece = TakePiece();
    if (!piece) {
      GH_CO_CHECK_OK(co_await AwaitBytes());
      continue;
    }
    if (!piece->ok()) co_return std::move(*piece).TakeFailure();
    if (piece->value().empty()) {
      lease_->buffer().Release();  // the next answer of this turn is read into memory that is in the cache
      co_return collected;
    }
    if (collected.size() + piece->value().size() > limit) co_return AnswerTooLarge(limit);
    collected.append(piece->value());
  }
}

}  // namespace gatehouse::http
