#include "http/h2_server_connection.h"

#include <algorithm>
#include <utility>

#include "http/handler_run.h"

namespace gatehouse::http {

using codec::http2::ErrorCode;
using codec::http2::Role;
using codec::http2::SessionLimits;

namespace {

constexpr std::uint16_t kFault = 500;

// How long a client that was told of the end may take to say so, before the line is drawn.
constexpr base::Duration kFarewellTime = std::chrono::seconds(1);

SessionLimits LimitsOf(const ServerLimits& limits) {
  return {.max_streams = limits.max_streams,
          .max_block_bytes = static_cast<std::uint32_t>(limits.max_head_bytes),
          .max_block_fields = static_cast<std::uint32_t>(limits.max_fields)};
}

}  // namespace

std::unique_ptr<ServerConnection> MakeH2ServerConnection(ServerContext& context, std::unique_ptr<net::Stream> stream,
                                                         ReadBuffer received) {
  return std::make_unique<H2ServerConnection>(context, std::move(stream), std::move(received));
}

H2ServerConnection::H2ServerConnection(ServerContext& context, std::unique_ptr<net::Stream> stream, ReadBuffer received)
    : Timer(context.loop),
      context_(context),
      stream_(std::move(stream)),
      received_(std::move(received)),
      session_(Role::kServer, LimitsOf(context.limits), *this),
      transport_(*stream_, session_, *this, context.limits.write_timeout),
      over_(context.loop),
      handlers_(context.loop) {}

H2ServerConnection::~H2ServerConnection() = default;

net::Task<> H2ServerConnection::Run() {
  if (context_.phase == ServerContext::Phase::kDraining) co_return;
  ArmIdle();
  transport_.Start(received_.view());
  received_.Consume(received_.size());
  received_.Release();
  if (!transport_.ended()) co_await over_.Wait(net::Deadline::Never());
}

void H2ServerConnection::BeginDrain() {
  if (farewell_ != Farewell::kNone || transport_.ended()) return;
  farewell_ = Farewell::kAnnounced;
  session_.AnnounceShutdown();
  session_.Ping();
  Arm(context_.loop.Now() + kFarewellTime);
  Flush();
}

codec::http2::Stream& H2ServerConnection::OnStream() {
  auto& exchange = exchanges_.emplace_back(std::make_unique<H2ServerExchange>(*this));
  exchange->position = std::prev(exchanges_.end());
  return *exchange;
}

void H2ServerConnection::OnGoaway(ErrorCode /*code*/) {}  // what it has asked for is still answered

// Whatever the client opened before it knew of the end has arrived by now.
void H2ServerConnection::OnPong() {
  if (farewell_ != Farewell::kAnnounced) return;
  farewell_ = Farewell::kSaid;
  session_.Goaway(ErrorCode::kNoError);
}

// Idle for too long, or a client that does not answer the announced end.
void H2ServerConnection::OnTimer() {
  if (farewell_ == Farewell::kSaid) return;
  farewell_ = Farewell::kSaid;
  session_.Goaway(ErrorCode::kNoError);
  Flush();
}

void H2ServerConnection::OnEnded(H2Transport::Ending ending) {
  if (ending == H2Transport::Ending::kStalled) ++context_.statistics.timeouts;
  if (ending == H2Transport::Ending::kViolation) ++context_.statistics.rejected;
  context_.statistics.clients_gone += handlers_.size();
  Disarm();
  over_.Set();
}

void H2ServerConnection::OnReceived() {
  for (auto* exchange : std::exchange(ready_, {})) {
    if (exchange->open()) TakeUp(*exchange);
  }
  ArmIdle();
}

void H2ServerConnection::OnTurnEnd() {
  for (auto* exchange : std::exchange(closed_, {})) {
    if (exchange->running != nullptr) {
      ++context_.statistics.clients_gone;
      exchange->running->Cancel();
    } else if (!exchange->taken_up) {
      Retire(*exchange);
    }
  }
}

void H2ServerConnection::ArmIdle() {
  if (farewell_ != Farewell::kNone || transport_.ended()) return;
  if (session_.open_streams() > 0) return Disarm();
  if (!armed()) Arm(context_.loop.Now() + context_.limits.idle_timeout);
}

bool H2ServerConnection::MayContinue() const {
  const std::uint32_t most = context_.limits.max_requests_per_connection;
  return most == 0 || requests_ < most;
}

void H2ServerConnection::TakeUp(H2ServerExchange& exchange) {
  exchange.taken_up = true;
  ++requests_;
  if (!MayContinue()) BeginDrain();
  if (exchange.refusal() != 0) {
    ++context_.statistics.rejected;
    handlers_.Spawn(Reject(*this, exchange));
  } else {
    handlers_.Spawn(Serve(*this, exchange));
  }
}

net::Task<> H2ServerConnection::Serve(H2ServerConnection& connection, H2ServerExchange& exchange) {
  const OpenStream open(connection.context_.statistics);
  HandlerRun::Outcome outcome{};
  {
    HandlerRun run(connection.context_.handler.Serve(exchange));
    exchange.running = &run;
    outcome = co_await run;
    exchange.running = nullptr;
  }
  if (outcome == HandlerRun::Outcome::kFault) ++connection.context_.statistics.handler_faults;
  if (!exchange.started() && outcome != HandlerRun::Outcome::kCancelled) {
    co_await connection.AnswerRefusal(exchange, kFault, "the request was not answered");
  }
  connection.Retire(exchange);
}

net::Task<> H2ServerConnection::Reject(H2ServerConnection& connection, H2ServerExchange& exchange) {
  co_await connection.AnswerRefusal(exchange, exchange.refusal(), exchange.refusal_reason());
  connection.Retire(exchange);
}

net::Task<> H2ServerConnection::AnswerRefusal(H2ServerExchange& exchange, std::uint16_t status,
                                              std::string_view reason) {
  const std::string body = context_.handler.RejectionBody(status, reason);
  ResponseHead head{.status = status};
  if (!body.empty()) head.headers.Add("content-type", body.starts_with('{') ? "application/json" : "text/plain");
  const base::Status sent = co_await exchange.Respond(std::move(head), body);
  static_cast<void>(sent);  // a client that is gone needs no answer
}

// The exchange is over: an unfinished answer is cut by a reset, and so is a request whose rest nobody wants.
void H2ServerConnection::Retire(H2ServerExchange& exchange) {
  if (!exchange.finished()) exchange.Reset(ErrorCode::kInternalError);
  std::erase(closed_, &exchange);
  std::erase(ready_, &exchange);
  exchanges_.erase(exchange.position);
  ArmIdle();
  Flush();
}

}  // namespace gatehouse::http
