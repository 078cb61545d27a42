#include "http/h1_server_connection.h"

#include <algorithm>
#include <array>
#include <string>

#include "codec/http1/head_writer.h"
#include "http/h1_server_exchange.h"

namespace gatehouse::http {

namespace codec1 = codec::http1;

namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kMaxSpareExchanges = 64;
// After a refusal the connection stays open for the client to read it; what the client still sends is thrown away.
constexpr base::Duration kLingerTime = std::chrono::seconds(2);
constexpr std::size_t kLingerBytes = 1024 * 1024;

std::string RefusalOf(std::uint16_t status, const std::string& body) {
  std::string answer;
  codec1::AppendStatusLine(answer, status);
  if (!body.empty())
    codec1::AppendField(answer, "content-type", body.starts_with('{') ? "application/json" : "text/plain");
  codec1::AppendContentLength(answer, body.size());
  answer.append("connection: close\r\n\r\n").append(body);
  return answer;
}

}  // namespace

H1ServerConnection::H1ServerConnection(ServerContext& context, std::unique_ptr<net::Stream> stream)
    : context_(context), stream_(std::move(stream)), buffer_(context.buffers) {}

H1ServerConnection::~H1ServerConnection() { GoIdle(); }

void H1ServerConnection::TakeExchange() {
  if (exchange_) return;
  auto& spare = context_.spare_exchanges;
  if (spare.empty()) {
    exchange_ = std::make_unique<H1ServerExchange>(
        codec1::HeadLimits{.max_head_bytes = context_.limits.max_head_bytes, .max_fields = context_.limits.max_fields});
  } else {
    exchange_ = std::move(spare.back());
    spare.pop_back();
  }
  exchange_->Attach(*this);
}

void H1ServerConnection::GoIdle() {
  if (exchange_ && context_.spare_exchanges.size() < kMaxSpareExchanges) {
    context_.spare_exchanges.push_back(std::move(exchange_));
  }
  exchange_.reset();
  buffer_.Release();
}

bool H1ServerConnection::MayContinue() const {
  const std::uint32_t most = context_.limits.max_requests_per_connection;
  return context_.phase == ServerContext::Phase::kServing && (most == 0 || requests_ < most);
}

net::Task<> H1ServerConnection::Run() {
  stream_->OnPeerGone([this] {
    peer_left_ = true;
    Schedule(context_.loop);
  });
  while (true) {
    if (buffer_.empty()) {
      GoIdle();
      if (context_.phase == ServerContext::Phase::kDraining) co_return;
      // A connection that has not sent anything yet is idle, too: only a read tells.
      const auto read = stream_->MayProgress(net::Direction::kRead) ? TryReadMore() : std::nullopt;
      if (read == ReadOutcome::kClosed) co_return;
      if (!read) {
        buffer_.Release();
        IdleWait wait(*stream_, context_.loop.In(context_.limits.idle_timeout));
        idle_ = &wait;
        const IdleOutcome outcome = co_await wait;
        idle_ = nullptr;
        if (outcome != IdleOutcome::kReady) co_return;
      }
    }
    const HeadOutcome head = co_await ReadHead();
    if (head == HeadOutcome::kRefused) co_await Refuse();
    if (head != HeadOutcome::kRequest) co_return;
    const After after = co_await ServeOne();
    if (after == After::kClose) co_return;
    exchange_->Attach(*this);
  }
}

net::Task<H1ServerConnection::HeadOutcome> H1ServerConnection::ReadHead() {
  const net::Deadline deadline = context_.loop.In(context_.limits.head_timeout);
  while (true) {
    if (!buffer_.empty()) {
      if (const auto outcome = ParseHead()) co_return *outcome;
    }
    if (const auto outcome = TryReadMore()) {
      if (*outcome == ReadOutcome::kClosed) co_return HeadOutcome::kClosed;
      continue;
    }
    const auto readiness = co_await stream_->Readable(deadline);
    if (readiness == net::Readiness::kTimeout) {
      ++context_.statistics.timeouts;
      if (buffer_.empty()) co_return HeadOutcome::kClosed;
      refusal_status_ = 408;
      refusal_reason_ = "the request head did not arrive in time";
      co_return HeadOutcome::kRefused;
    }
  }
}

// What the bytes received so far amount to; nullopt: more are needed, and there is room for them.
std::optional<H1ServerConnection::HeadOutcome> H1ServerConnection::ParseHead() {
  if (!sniffed_) {
    const Sniffed sniffed = Sniff();
    if (sniffed == Sniffed::kNeedMore) return std::nullopt;
    sniffed_ = true;
    found_http2_ = sniffed == Sniffed::kHttp2;
    if (found_http2_) return HeadOutcome::kHttp2;
  }
  TakeExchange();
  codec1::RequestHeadParser& parser = exchange_->parser();
  const codec1::Progress progress = parser.Feed(buffer_.view());
  if (progress == codec1::Progress::kDone) return HeadOutcome::kRequest;
  if (progress == codec1::Progress::kRejected) {
    refusal_status_ = codec1::StatusFor(parser.reason());
    refusal_reason_ = codec1::ToString(parser.reason());
    return HeadOutcome::kRefused;
  }
  if (buffer_.Room().empty()) buffer_.Grow(std::max(context_.limits.max_head_bytes, 2 * buffer_.capacity()));
  return std::nullopt;
}

H1ServerConnection::Sniffed H1ServerConnection::Sniff() const {
  if (stream_->peer().alpn == "h2") return Sniffed::kHttp2;
  const std::string_view start = buffer_.view().substr(0, kHttp2Preface.size());
  if (!kHttp2Preface.starts_with(start)) return Sniffed::kHttp1;
  return start.size() == kHttp2Preface.size() ? Sniffed::kHttp2 : Sniffed::kNeedMore;
}

// nullopt: nothing has come.
std::optional<H1ServerConnection::ReadOutcome> H1ServerConnection::TryReadMore() {
  const net::IoOutcome read = stream_->TryRead(buffer_.Room());
  if (read.state == net::IoState::kWouldBlock) return std::nullopt;
  if (read.state != net::IoState::kDone) return ReadOutcome::kClosed;
  buffer_.Commit(read.bytes);
  return ReadOutcome::kBytes;
}

net::Task<H1ServerConnection::ReadOutcome> H1ServerConnection::ReadMore(net::Deadline deadline) {
  while (true) {
    if (const auto outcome = TryReadMore()) co_return *outcome;
    const auto readiness = co_await stream_->Readable(deadline);
    if (readiness == net::Readiness::kTimeout) co_return ReadOutcome::kTimeout;
  }
}

net::Task<H1ServerConnection::After> H1ServerConnection::ServeOne() {
  exchange_->Begin();
  ++requests_;
  const OpenStream open(context_.statistics);
  HandlerRun::Outcome outcome{};
  {
    HandlerRun run(context_.handler.Serve(*exchange_));
    serving_ = &run;
    if (peer_left_) Schedule(context_.loop);
    outcome = co_await run;
    serving_ = nullptr;
  }
  const bool clean = outcome == HandlerRun::Outcome::kEnded && exchange_->finished() && exchange_->body_ended();
  if (clean && exchange_->keep_alive()) co_return After::kContinue;
  const After after = co_await FinishExchange(outcome);
  co_return after;
}

net::Task<H1ServerConnection::After> H1ServerConnection::FinishExchange(HandlerRun::Outcome outcome) {
  if (outcome == HandlerRun::Outcome::kCancelled) {
    ++context_.statistics.clients_gone;
    co_return After::kClose;
  }
  if (outcome == HandlerRun::Outcome::kFault) ++context_.statistics.handler_faults;
  if (!exchange_->started()) co_await AnswerFault();
  if (!exchange_->finished()) co_return After::kClose;
  if (exchange_->keep_alive()) {
    const base::Status discarded = co_await exchange_->DiscardBody();
    co_return discarded.ok() ? After::kContinue : After::kClose;
  }
  if (!exchange_->body_ended() || !buffer_.empty()) co_await Linger();
  co_return After::kClose;
}

net::Task<> H1ServerConnection::AnswerFault() {
  const std::uint16_t status = exchange_->fault_status();
  const std::string body = context_.handler.RejectionBody(status, ReasonPhrase(status));
  ResponseHead head{.status = status};
  if (!body.empty()) head.headers.Add("content-type", body.starts_with('{') ? "application/json" : "text/plain");
  const base::Status sent = co_await exchange_->Respond(std::move(head), body);
  static_cast<void>(sent);  // a client that is gone is found by the caller
}

net::Task<> H1ServerConnection::Refuse() {
  ++context_.statistics.rejected;
  const std::string answer =
      RefusalOf(refusal_status_, context_.handler.RejectionBody(refusal_status_, refusal_reason_));
  const std::array<std::string_view, 1> pieces = {answer};
  const WriteLimits limits{.stall = kLingerTime, .deadline = context_.loop.In(kLingerTime)};
  const WriteOutcome written = co_await WriteRest(*stream_, Unwritten(pieces), limits);
  if (written == WriteOutcome::kDone) co_await Linger();
}

// Closing with unread bytes in the socket would reset the connection and might take the answer away with it.
net::Task<> H1ServerConnection::Linger() {
  stream_->CloseWrite();
  const net::Deadline deadline = context_.loop.In(kLingerTime);
  std::size_t thrown_away = 0;
  while (thrown_away < kLingerBytes) {
    buffer_.Consume(buffer_.size());
    const ReadOutcome read = co_await ReadMore(deadline);
    if (read != ReadOutcome::kBytes) co_return;
    thrown_away += buffer_.size();
  }
}

void H1ServerConnection::BeginDrain() { Schedule(context_.loop); }

// Everything that must not happen within a call of the handler or of the stream. Each step but the first may end the
// connection.
void H1ServerConnection::OnTurnEnd() {
  if (serving_ != nullptr) {
    exchange_->FlushHead();
    if (peer_left_ && ClientGone()) serving_->Cancel();
  } else if (idle_ != nullptr && context_.phase == ServerContext::Phase::kDraining) {
    idle_->Interrupt();
  }
}

// The peer has closed its sending side or reset. What it had sent before that is still served: reads it to find out.
bool H1ServerConnection::ClientGone() {
  if (exchange_->reading()) return false;  // the reader meets the end by itself
  while (true) {
    const auto room = buffer_.RoomBehind();
    if (room.empty()) return false;
    const net::IoOutcome read = stream_->TryRead(room);
    switch (read.state) {
      case net::IoState::kDone: buffer_.Commit(read.bytes); break;
      case net::IoState::kWouldBlock: return false;
      case net::IoState::kFailed: return true;
      case net::IoState::kEnd: return buffer_.empty() && context_.limits.half_close == ServerLimits::HalfClose::kGone;
    }
  }
}

}  // namespace gatehouse::http
