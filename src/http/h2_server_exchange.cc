#include "http/h2_server_exchange.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "codec/http1/reason.h"
#include "http/h2_fields.h"
#include "http/h2_server_connection.h"
#include "http/server_body.h"

namespace gatehouse::http {

using codec::http2::Block;
using codec::http2::End;
using codec::http2::ErrorCode;
using codec::http2::Field;

namespace {

// What a request of an ordinary client fits in.
constexpr std::size_t kUsualFields = 16;
constexpr std::size_t kUsualHeadBytes = 512;
constexpr std::size_t kFirstBodyReserve = 64 * 1024;
constexpr std::uint16_t kBadRequest = 400;
constexpr std::uint16_t kHeadTooLarge = 431;
constexpr std::uint16_t kNotImplemented = 501;

}  // namespace

H2ServerExchange::H2ServerExchange(H2ServerConnection& connection)
    : connection_(connection), readable_(connection.context().loop), taken_(connection.context().loop) {
  head_.version = Version::kHttp2;
  head_.headers.Reserve(kUsualFields, kUsualHeadBytes);
}

const net::PeerIdentity& H2ServerExchange::peer() const { return connection_.stream().peer(); }
net::Loop& H2ServerExchange::loop() { return connection_.context().loop; }

void H2ServerExchange::OnField(Block block, std::string_view name, std::string_view value) {
  if (block == Block::kTrailers) return trailers_.Add(name, value);
  if (!name.starts_with(':')) return head_.headers.Add(name, value);
  if (name == ":method") head_.method = value;
  if (name == ":path") head_.target = value;
  if (name == ":authority") head_.authority = value;
  if (name == ":scheme") head_.scheme = value;
}

void H2ServerExchange::OnBlockEnd(Block block, End /*end*/) {
  if (block == Block::kHead) {
    CompleteHead();
    connection_.NoteReady(*this);
  }
}

// What is left to check after the session: nghttp2 knows the pseudo fields and the connection-specific ones.
void H2ServerExchange::CompleteHead() {
  const auto host = head_.headers.Find("host");
  if (head_.headers.Count("host") > 1) return Refuse(kBadRequest, "more than one Host");
  if (host && !head_.authority.empty() && *host != head_.authority) {
    return Refuse(kBadRequest, "Host and :authority differ");
  }
  if (host && head_.authority.empty()) head_.authority = *host;
  if (head_.authority.empty()) return Refuse(kBadRequest, "neither :authority nor Host");
  if (head_.method == "CONNECT") return Refuse(kNotImplemented, "CONNECT is not served here");
  JoinCookies(head_.headers);
}

void H2ServerExchange::Refuse(std::uint16_t status, std::string_view reason) {
  refusal_ = status;
  refusal_reason_ = reason;
}

void H2ServerExchange::OnHeadTooLarge() {
  Refuse(kHeadTooLarge, "the request head is too large");
  connection_.NoteReady(*this);
}

void H2ServerExchange::OnBody(std::string_view bytes) {
  received_.append(bytes);
  readable_.Set();
}

void H2ServerExchange::OnBodyEnd() {
  body_ended_ = true;
  readable_.Set();
}

void H2ServerExchange::OnTaken() { taken_.Set(); }

void H2ServerExchange::OnClosed(ErrorCode /*code*/) {
  readable_.Set();
  taken_.Set();
  const bool in_order = sent_end() && received_end();
  if (!taken_up || (!in_order && !reset_by_owner())) connection_.NoteClosed(*this);
}

base::Error H2ServerExchange::Gone() const {
  return {.code = base::ErrorCode::kCancelled,
          .source = base::ErrorSource::kClient,
          .public_message = "The client cancelled the request.",
          .detail = "the stream was reset"};
}

net::Task<base::Status> H2ServerExchange::AwaitBody() {
  if (head_.headers.Find("expect") == "100-continue" && bytes_received_ == 0 && !started()) {
    SendInterim(std::vector<Field>{{":status", "100"}});
    head_.headers.Remove("expect");
    connection_.Flush();
  }
  const base::TimePoint since = loop().Now();
  const auto outcome = co_await readable_.Wait(BodyDeadline(connection_.context(), bytes_received_, waited_));
  waited_ += loop().Now() - since;
  if (outcome == net::Event::Outcome::kSet) co_return base::Ok();
  ++connection_.context().statistics.timeouts;
  co_return BodyTooSlow("body time-out");
}

net::Task<base::Result<std::string_view>> H2ServerExchange::ReadBody() {
  if (!lent_.empty()) {
    Consume(lent_.size());
    connection_.Flush();
    lent_.clear();
  }
  while (received_.empty()) {
    if (body_ended_) co_return std::string_view();
    if (!open()) co_return Gone();
    GH_CO_CHECK_OK(co_await AwaitBody());
  }
  lent_.swap(received_);
  bytes_received_ += lent_.size();
  co_return std::string_view(lent_);
}

net::Task<base::Result<std::string>> H2ServerExchange::CollectBody(std::size_t limit) {
  const auto stated = StatedLength(head_.headers);
  if (stated > limit) co_return BodyTooLarge(limit);
  if (body_ended_ && lent_.empty() && received_.size() <= limit) {  // as most bodies: nothing to wait for or to copy
    Consume(received_.size());
    bytes_received_ += received_.size();
    co_return std::exchange(received_, {});
  }
  std::string collected;
  collected.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(stated.value_or(0), kFirstBodyReserve)));
  while (true) {
    const auto piece = co_await ReadBody();
    if (!piece.ok()) co_return piece.error();
    if (piece.value().empty()) co_return collected;
    if (collected.size() + piece.value().size() > limit) co_return BodyTooLarge(limit);
    collected.append(piece.value());
  }
}

void H2ServerExchange::SendHead(const ResponseHead& head, End end) {
  FieldList fields(head.headers.size() + 2);
  fields.AddStatus(head.status);
  if (!head.headers.Contains("date")) fields.Add("date", connection_.context().date.At(loop()));
  fields.AddAll(head.headers);
  Stream::Respond(fields.view(), end);
}

net::Task<base::Status> H2ServerExchange::AwaitTaken() {
  while (open() && sending()) {
    const std::size_t before = pending().size();
    const auto outcome = co_await taken_.Wait(loop().In(connection_.context().limits.write_timeout));
    if (outcome == net::Event::Outcome::kSet || pending().size() < before) continue;
    ++connection_.context().statistics.timeouts;
    Reset(ErrorCode::kCancel);
    connection_.Flush();
    co_return Gone();
  }
  if (!open() && !sent_end()) co_return Gone();
  co_return base::Ok();
}

// REQUIRES: the head is sent. `phase_` says that the answer is broken until the bytes are framed.
net::Task<base::Status> H2ServerExchange::Send(std::string_view bytes, End end) {
  const Phase after = end == End::kEnd ? Phase::kFinished : Phase::kStreaming;
  if (!open()) co_return Gone();
  phase_ = Phase::kBroken;
  Supply(bytes, end);
  connection_.Flush();
  if (sending()) GH_CO_CHECK_OK(co_await AwaitTaken());
  bytes_sent_ += bytes.size();
  phase_ = after;
  co_return base::Ok();
}

net::Task<base::Status> H2ServerExchange::Respond(ResponseHead head, std::string_view body) {
  if (phase_ != Phase::kUnanswered) co_return base::Internal("an exchange is answered once");
  if (!open()) co_return Gone();
  const bool bodyless = IsBodyless(head.status);
  if (bodyless) {
    head.headers.Remove("content-length");
  } else {
    head.headers.Set("content-length", std::to_string(body.size()));
  }
  if (bodyless || body.empty() || head_.method == "HEAD") {
    SendHead(head, End::kEnd);
    phase_ = Phase::kFinished;
    connection_.Flush();
    co_return base::Ok();
  }
  SendHead(head, End::kMore);
  const base::Status sent = co_await Send(body, End::kEnd);
  co_return sent;
}

net::Task<base::Status> H2ServerExchange::Start(ResponseHead head) {
  if (phase_ != Phase::kUnanswered) co_return base::Internal("an exchange is answered once");
  if (!open()) co_return Gone();
  silent_ = IsBodyless(head.status) || head_.method == "HEAD";
  length_left_ = StatedLength(head.headers);
  SendHead(head, silent_ ? End::kEnd : End::kMore);
  phase_ = Phase::kStreaming;
  connection_.FlushAtTurnEnd();
  co_return base::Ok();
}

base::Status H2ServerExchange::Count(std::size_t bytes) {
  if (!length_left_) return base::Ok();
  if (bytes > *length_left_) return base::Internal("more bytes than the answer's Content-Length");
  *length_left_ -= bytes;
  return base::Ok();
}

net::Task<base::Status> H2ServerExchange::Write(std::string_view bytes) {
  if (phase_ != Phase::kStreaming) co_return Gone();
  if (bytes.empty() || silent_) co_return base::Ok();
  GH_CO_CHECK_OK(Count(bytes.size()));
  const base::Status sent = co_await Send(bytes, End::kMore);
  co_return sent;
}

net::Task<base::Status> H2ServerExchange::Finish(std::string_view last) {
  if (phase_ != Phase::kStreaming) co_return Gone();
  if (silent_) {
    phase_ = Phase::kFinished;
    co_return base::Ok();
  }
  GH_CO_CHECK_OK(Count(last.size()));
  if (length_left_.value_or(0) > 0) co_return base::Internal("fewer bytes than the answer's Content-Length");
  const base::Status sent = co_await Send(last, End::kEnd);
  co_return sent;
}

}  // namespace gatehouse::http
