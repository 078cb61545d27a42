#include "http/h1_server_exchange.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "codec/http1/head_writer.h"
#include "http/h1_server_connection.h"
#include "http/server_body.h"

namespace gatehouse::http {

namespace codec1 = codec::http1;

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// Memory is given to a body as it comes, whatever length was announced.
constexpr std::size_t kFirstBodyReserve = 64 * 1024;

base::Error ClientGone(std::string_view what) {
  return {.code = base::ErrorCode::kCancelled,
          .source = base::ErrorSource::kClient,
          .public_message = "The client closed the connection.",
          .detail = std::string(what)};
}

bool IsFramingField(std::string_view name) { return name == "content-length" || IsHopByHop(name); }

std::optional<std::uint64_t> StatedLength(const ResponseHead& head) {
  const auto text = head.headers.Find("content-length");
  std::uint64_t length = 0;
  if (!text || codec1::ParseContentLength(*text, length) != codec1::Reason::kNone) return std::nullopt;
  return length;
}

}  // namespace

// Counts a reader in for as long as it waits, and the time that it takes.
class H1ServerExchange::Waiting {
 public:
  explicit Waiting(H1ServerExchange& exchange) : exchange_(exchange), since_(exchange.loop().Now()) {
    ++exchange_.readers_;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    --exchange_.readers_;
    exchange_.waited_ += exchange_.loop().Now() - since_;
  }

 private:
  H1ServerExchange& exchange_;
  base::TimePoint since_;
};

void H1ServerExchange::Attach(H1ServerConnection& connection) {
  connection_ = &connection;
  parser_.Reset();
  phase_ = Phase::kUnanswered;
  out_.clear();
}

void H1ServerExchange::Begin() {
  FillHead();
  body_.Begin(parser_.body());
  expect_continue_ = parser_.expect_continue() && !body_.ended();
  client_keeps_alive_ = parser_.keep_alive();
  keep_alive_ = false;
  body_error_.reset();
  readers_ = 0;
  waited_ = {};
  phase_ = Phase::kUnanswered;
  bytes_received_ = bytes_sent_ = 0;
  connection_->buffer().Consume(parser_.head_bytes());
}

void H1ServerExchange::FillHead() {
  head_.method.assign(parser_.method());
  head_.target.assign(parser_.path_query());
  if (!head_.target.starts_with('/') && head_.target != "*") head_.target.insert(0, "/");
  head_.authority.assign(parser_.authority());
  head_.scheme.assign(peer().tls_version.empty() ? "http" : "https");
  head_.version = parser_.http10() ? Version::kHttp10 : Version::kHttp11;
  head_.headers.Clear();
  head_.headers.Reserve(parser_.fields().size(), parser_.head_bytes());
  AppendFields(parser_.fields(), head_.headers);
  // RFC 9112, 3.2.2: what Host said is void then.
  if (parser_.absolute_form()) head_.headers.Set("host", head_.authority);
  trailers_.Clear();
}

const net::PeerIdentity& H1ServerExchange::peer() const { return connection_->stream().peer(); }
net::Loop& H1ServerExchange::loop() { return connection_->context().loop; }

base::Error H1ServerExchange::BodyFailed(base::Error error) {
  body_error_ = error.code;
  return error;
}

net::Task<base::Status> H1ServerExchange::AwaitBytes() {
  const Waiting waiting(*this);
  connection_->buffer().Release();
  const auto readiness =
      co_await connection_->stream().Readable(BodyDeadline(connection_->context(), bytes_received_, waited_));
  if (readiness == net::Readiness::kReady) co_return base::Ok();
  ++connection_->context().statistics.timeouts;
  co_return BodyFailed(BodyTooSlow("body time-out"));
}

net::Task<base::Status> H1ServerExchange::SendContinue() {
  expect_continue_ = false;
  if (!connection_->buffer().empty() || phase_ != Phase::kUnanswered) co_return base::Ok();
  const std::string_view pieces[] = {kContinue};
  const base::Status sent = co_await SendRest(Unwritten(pieces));
  co_return sent;
}

// What can be had without waiting: a piece, "" for the end, or an error; nullopt: nothing.
std::optional<base::Result<std::string_view>> H1ServerExchange::TakePiece() {
  if (body_error_) return ClientGone("body broken earlier");
  while (true) {
    const H1Body::Step step = body_.Take(connection_->buffer());
    bytes_received_ += step.bytes.size();
    if (body_.ended() && trailers_.empty()) AppendFields(body_.trailers(), trailers_);
    if (step.taken == H1Body::Taken::kBytes) return step.bytes;
    if (step.taken == H1Body::Taken::kEnd) return std::string_view();
    if (step.taken == H1Body::Taken::kBroken) {
      return BodyFailed(base::InvalidRequest(std::string(codec1::ToString(body_.reason()))));
    }
    const net::IoOutcome read = connection_->stream().TryRead(connection_->buffer().Room());
    if (read.state == net::IoState::kWouldBlock) return std::nullopt;
    if (read.state != net::IoState::kDone) return BodyFailed(ClientGone("closed within the request body"));
    connection_->buffer().Commit(read.bytes);
  }
}

net::Task<base::Result<std::string_view>> H1ServerExchange::ReadBody() {
  if (expect_continue_) GH_CO_CHECK_OK(co_await SendContinue());
  while (true) {
    if (auto piece = TakePiece()) co_return std::move(*piece);
    GH_CO_CHECK_OK(co_await AwaitBytes());
  }
}

net::Task<base::Result<std::string>> H1ServerExchange::CollectBody(std::size_t limit) {
  const bool known = body_.kind() == codec1::BodyKind::kLength;
  if (known && body_.left() > limit) co_return BodyTooLarge(limit);
  std::string collected;
  if (known) collected.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(body_.left(), kFirstBodyReserve)));
  while (true) {
    if (known && connection_->buffer().empty() && body_.left() >= BufferPool::kBufferBytes && !expect_continue_) {
      GH_CO_CHECK_OK(co_await CollectDirectly(collected));
    }
    if (expect_continue_) GH_CO_CHECK_OK(co_await SendContinue());
    const auto piece = TakePiece();
    if (!piece) {
      GH_CO_CHECK_OK(co_await AwaitBytes());
      continue;
    }
    if (!piece->ok()) co_return piece->error();
    if (piece->value().empty()) {
      connection_->buffer().Release();  // answering takes long
      co_return collected;
    }
    if (collected.size() + piece->value().size() > limit) co_return BodyTooLarge(limit);
    collected.append(piece->value());
  }
}

// Reads a large body of known length straight to where it is wanted.
net::Task<base::Status> H1ServerExchange::CollectDirectly(std::string& into) {
  while (!body_.ended()) {
    const std::size_t start = into.size();
    const std::size_t want =
        static_cast<std::size_t>(std::min<std::uint64_t>(body_.left(), std::max(start, kFirstBodyReserve)));
    net::IoOutcome read;
    into.resize_and_overwrite(start + want, [&](char* bytes, std::size_t) {
      read = connection_->stream().TryRead({bytes + start, want});
      return start + (read.state == net::IoState::kDone ? read.bytes : 0);
    });
    if (read.state == net::IoState::kEnd || read.state == net::IoState::kFailed) {
      co_return BodyFailed(ClientGone("closed within the request body"));
    }
    body_.TookDirectly(into.size() - start);
    bytes_received_ += into.size() - start;
    if (read.state == net::IoState::kWouldBlock) GH_CO_CHECK_OK(co_await AwaitBytes());
  }
  co_return base::Ok();
}

std::uint16_t H1ServerExchange::fault_status() const {
  if (body_error_ == base::ErrorCode::kTimeout) return 408;
  return body_error_ ? 400 : 500;
}

net::Task<base::Status> H1ServerExchange::DiscardBody() {
  const std::uint64_t limit = bytes_received_ + kMaxDiscard;
  while (!body_.ended()) {
    const auto piece = co_await ReadBody();
    if (!piece.ok()) co_return piece.error();
    if (bytes_received_ > limit) co_return BodyFailed(BodyTooLarge(kMaxDiscard));
  }
  co_return base::Ok();
}

bool H1ServerExchange::CanDiscardBody() const {
  if (body_.ended()) return true;
  if (body_error_ || expect_continue_) return false;
  return body_.kind() == codec1::BodyKind::kChunked || body_.left() <= kMaxDiscard;
}

bool H1ServerExchange::DecideKeepAlive() const {
  return client_keeps_alive_ && !body_error_ && connection_->MayContinue();
}

H1ServerExchange::Framing H1ServerExchange::FramingOf(const ResponseHead& head) const {
  if (IsBodyless(head.status)) return Framing::kNone;
  if (StatedLength(head)) return Framing::kLength;
  return head_.version == Version::kHttp10 ? Framing::kUntilClose : Framing::kChunked;
}

void H1ServerExchange::BuildHead(const ResponseHead& head, Framing framing, std::uint64_t length) {
  framing_ = framing;
  length_left_ = length;
  keep_alive_ = framing != Framing::kUntilClose && DecideKeepAlive();
  codec1::AppendStatusLine(out_, head.status);
  if (!head.headers.Contains("date")) codec1::AppendField(out_, "date", connection_->context().date.At(loop()));
  for (const HeaderMap::Field field : head.headers) {
    if (!IsFramingField(field.name)) codec1::AppendField(out_, field.name, field.value);
  }
  if (framing == Framing::kLength) codec1::AppendContentLength(out_, length);
  if (framing == Framing::kChunked) out_.append("transfer-encoding: chunked\r\n");
  if (!keep_alive_) out_.append("connection: close\r\n");
  if (keep_alive_ && head_.version == Version::kHttp10) out_.append("connection: keep-alive\r\n");
  codec1::AppendHeadEnd(out_);
}

// What could not be written at once.
net::Task<base::Status> H1ServerExchange::SendRest(Unwritten rest) {
  const WriteLimits limits{.stall = connection_->context().limits.write_timeout, .deadline = net::Deadline::Never()};
  const WriteOutcome outcome = co_await WriteRest(connection_->stream(), rest, limits);
  if (outcome == WriteOutcome::kDone) co_return base::Ok();
  phase_ = Phase::kBroken;
  if (outcome == WriteOutcome::kTimeout) ++connection_->context().statistics.timeouts;
  co_return ClientGone(outcome == WriteOutcome::kTimeout ? "takes nothing of its answer" : "write failed");
}

net::Task<base::Status> H1ServerExchange::Respond(ResponseHead head, std::string_view body) {
  if (phase_ != Phase::kUnanswered) co_return base::Internal("an exchange is answered once");
  const bool bodyless = IsBodyless(head.status);
  // Nobody reads the body any more; one who answers in a stream may still do so.
  client_keeps_alive_ = client_keeps_alive_ && CanDiscardBody();
  BuildHead(head, bodyless ? Framing::kNone : Framing::kLength, body.size());
  phase_ = Phase::kBroken;  // until the last byte is written
  const bool silent = bodyless || head_.method == "HEAD";
  const std::string_view pieces[] = {out_, silent ? std::string_view() : body};
  Unwritten rest(pieces);
  const net::IoState written = co_await TurnEndWrite(connection_->stream(), rest);
  if (written != net::IoState::kDone) GH_CO_CHECK_OK(co_await SendRest(rest));
  if (!silent) bytes_sent_ = body.size();
  phase_ = Phase::kFinished;
  out_.clear();
  co_return base::Ok();
}

net::Task<base::Status> H1ServerExchange::Start(ResponseHead head) {
  if (phase_ != Phase::kUnanswered) co_return base::Internal("an exchange is answered once");
  BuildHead(head, FramingOf(head), StatedLength(head).value_or(0));
  if (head_.method == "HEAD") framing_ = Framing::kNone;
  phase_ = Phase::kHeadPending;
  connection_->FlushAtTurnEnd();
  co_return base::Ok();
}

// What cannot be written at once leaves with the next piece.
void H1ServerExchange::FlushHead() {
  if (phase_ != Phase::kHeadPending || out_.empty()) return;
  const std::string_view pieces[] = {out_};
  const net::IoOutcome written = connection_->stream().TryWrite(pieces);
  if (written.state != net::IoState::kDone) return;
  if (written.bytes == out_.size()) {
    out_ = std::string();  // an answer in pieces may last, and has no second head
  } else {
    out_.erase(0, written.bytes);
  }
}

net::Task<base::Status> H1ServerExchange::SendPiece(std::string_view bytes, std::string_view end) {
  const Phase after = phase_ == Phase::kHeadPending ? Phase::kStreaming : phase_;
  if (after != Phase::kStreaming) co_return ClientGone("nothing can be written in this state");
  phase_ = Phase::kBroken;  // until all of this is written
  const bool framed = framing_ == Framing::kChunked && !bytes.empty();
  if (framed) chunk_head_ = codec1::ChunkHead(bytes.size());
  const std::string_view pieces[] = {out_, framed ? chunk_head_.view() : std::string_view(), bytes,
                                     framed ? codec1::kChunkEnd : std::string_view(), end};
  Unwritten rest(pieces);
  const net::IoState written = co_await TurnEndWrite(connection_->stream(), rest);
  if (written != net::IoState::kDone) GH_CO_CHECK_OK(co_await SendRest(rest));
  if (!out_.empty()) out_ = std::string();  // as in FlushHead
  bytes_sent_ += bytes.size();
  phase_ = after;
  co_return base::Ok();
}

net::Task<base::Status> H1ServerExchange::Write(std::string_view bytes) {
  if (framing_ == Framing::kNone) bytes = {};
  if (framing_ == Framing::kLength) {
    if (bytes.size() > length_left_) co_return base::Internal("more bytes than the answer's Content-Length");
    length_left_ -= bytes.size();
  }
  if (bytes.empty() && phase_ == Phase::kStreaming) co_return base::Ok();
  const base::Status sent = co_await SendPiece(bytes, {});
  co_return sent;
}

net::Task<base::Status> H1ServerExchange::Finish(std::string_view last) {
  if (framing_ == Framing::kNone) last = {};
  if (framing_ == Framing::kLength) {
    if (last.size() != length_left_) co_return base::Internal("fewer bytes than the answer's Content-Length");
    length_left_ = 0;
  }
  const std::string_view end = framing_ == Framing::kChunked ? codec1::kLastChunk : std::string_view();
  GH_CO_CHECK_OK(co_await SendPiece(last, end));
  phase_ = Phase::kFinished;
  co_return base::Ok();
}

}  // namespace gatehouse::http
