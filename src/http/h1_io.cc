#include "http/h1_io.h"

#include <algorithm>

#include "base/check.h"

namespace gatehouse::http {

using codec::http1::BodyKind;
using codec::http1::Progress;

Unwritten::Unwritten(std::span<const std::string_view> pieces) {
  GH_CHECK(pieces.size() <= kMaxPieces);
  for (const std::string_view piece : pieces) {
    if (!piece.empty()) pieces_[count_++] = piece;
  }
}

net::IoState Unwritten::TryWrite(net::Stream& stream) {
  while (count_ > 0) {
    const net::IoOutcome outcome = stream.TryWrite(std::span(pieces_, count_));
    if (outcome.state != net::IoState::kDone) return outcome.state;
    Advance(outcome.bytes);
  }
  return net::IoState::kDone;
}

void Unwritten::Advance(std::size_t bytes) {
  written_ += bytes;
  std::size_t whole = 0;
  while (whole < count_ && bytes >= pieces_[whole].size()) bytes -= pieces_[whole++].size();
  std::copy(pieces_ + whole, pieces_ + count_, pieces_);
  count_ -= whole;
  if (count_ > 0) pieces_[0].remove_prefix(bytes);
}

void TurnEndWrite::OnTurnEnd() {
  if (outcome_) return waiter_.resume();
  outcome_ = rest_.TryWrite(stream_);
  Schedule(stream_.loop(), Phase::kWork);
}

net::Task<WriteOutcome> WriteRest(net::Stream& stream, Unwritten rest, WriteLimits limits) {
  while (true) {
    const net::IoState state = rest.TryWrite(stream);
    if (state == net::IoState::kDone) co_return WriteOutcome::kDone;
    if (state != net::IoState::kWouldBlock) co_return WriteOutcome::kFailed;
    const auto readiness = co_await stream.Writable(stream.loop().In(limits.stall).Earlier(limits.deadline));
    if (readiness == net::Readiness::kTimeout) co_return WriteOutcome::kTimeout;
  }
}

void AppendFields(const codec::http1::FieldSection& fields, HeaderMap& into) {
  for (std::size_t i = 0; i < fields.size(); ++i) into.Add(fields.at(i).name, fields.at(i).value);
}

void H1Body::Begin(codec::http1::BodyFraming framing) {
  kind_ = framing.kind;
  left_ = framing.length;
  ended_ = kind_ == BodyKind::kNone;
  decoder_.Reset();
}

H1Body::Step H1Body::Take(ReadBuffer& buffer) {
  if (ended_) return {Taken::kEnd, {}};
  if (buffer.empty()) return {Taken::kNeedMore, {}};
  if (kind_ == BodyKind::kChunked) return TakeChunked(buffer);
  return TakeLength(buffer);
}

H1Body::Step H1Body::TakeLength(ReadBuffer& buffer) {
  std::string_view bytes = buffer.view();
  if (kind_ == BodyKind::kLength) {
    bytes = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
    TookDirectly(bytes.size());
  }
  buffer.Consume(bytes.size());
  return {Taken::kBytes, bytes};
}

H1Body::Step H1Body::TakeChunked(ReadBuffer& buffer) {
  const auto step = decoder_.Decode(buffer.writable_view());
  buffer.Consume(step.consumed);
  if (step.progress == Progress::kRejected) return {Taken::kBroken, {}};
  ended_ = step.progress == Progress::kDone;
  if (!step.payload.empty()) return {Taken::kBytes, {step.payload.data(), step.payload.size()}};
  return {ended_ ? Taken::kEnd : Taken::kNeedMore, {}};
}

H1Body::Taken H1Body::TakeEnd() {
  if (ended_) return Taken::kEnd;
  if (kind_ != BodyKind::kUntilClose) return Taken::kBroken;
  ended_ = true;
  return Taken::kEnd;
}

void H1Body::TookDirectly(std::uint64_t bytes) {
  left_ -= bytes;
  ended_ = left_ == 0;
}

}  // namespace gatehouse::http
