#include "http/h2_client_connection.h"

#include <algorithm>
#include <utility>

#include "http/h2_fields.h"

namespace gatehouse::http {

using codec::http2::End;
using codec::http2::ErrorCode;
using codec::http2::Role;
using codec::http2::SessionLimits;
using Reached = SendAttempt::Reached;

namespace {

// An upstream that is silent for that long while it owes answers is asked whether it lives.
constexpr base::Duration kSilence = std::chrono::seconds(20);
constexpr base::Duration kPingPatience = std::chrono::seconds(10);
constexpr base::Duration kWriteStall = std::chrono::seconds(30);
// The connection's window holds what all streams may have unread, so that a slow reader never stops the others.
constexpr std::uint32_t kStreamWindow = 128 * 1024;
constexpr std::uint32_t kConnectionWindow = 16 * 1024 * 1024;

SessionLimits LimitsOf(const PoolLimits& limits) {
  return {.stream_window = kStreamWindow,
          .connection_window = kConnectionWindow,
          .max_block_bytes = static_cast<std::uint32_t>(limits.max_head_bytes),
          .max_block_fields = static_cast<std::uint32_t>(limits.max_fields)};
}

bool CarriesBody(std::string_view method) { return method != "GET" && method != "HEAD" && method != "DELETE"; }

}  // namespace

std::shared_ptr<MultiplexedConnection> MakeH2ClientConnection(const std::shared_ptr<ClientContext>& context,
                                                              std::unique_ptr<net::Stream> stream,
                                                              std::move_only_function<void()> on_change) {
  auto connection = std::make_shared<H2ClientConnection>(*context, std::move(stream), std::move(on_change));
  connection->Start();
  return connection;
}

H2ClientConnection::H2ClientConnection(const ClientContext& context, std::unique_ptr<net::Stream> stream,
                                       std::move_only_function<void()> on_change)
    : Timer(context.loop),
      loop_(context.loop),
      authority_(context.host_field),
      scheme_(context.origin.scheme == Origin::Scheme::kHttps ? "https" : "http"),
      idle_timeout_(context.limits.idle_timeout),
      stream_(std::move(stream)),
      on_change_(std::move(on_change)),
      session_(Role::kClient, LimitsOf(context.limits), *this),
      transport_(*stream_, session_, *this, kWriteStall),
      quiet_since_(context.loop.Now()) {}

H2ClientConnection::~H2ClientConnection() = default;

void H2ClientConnection::Start() {
  room_ = available_streams();
  transport_.Start({});
  ArmWatch();
}

std::size_t H2ClientConnection::available_streams() const { return closing_ ? 0 : session_.room(); }

codec::http2::Stream& H2ClientConnection::OnStream() { std::unreachable(); }  // a server opens none: push is off

void H2ClientConnection::OnGoaway(ErrorCode /*code*/) { BeginClosing(); }

void H2ClientConnection::OnReceived() {
  asked_ = false;
  NoteRoom();
}

// A session that finishes with streams open has cut them off itself, because the upstream broke the protocol.
void H2ClientConnection::OnEnded(H2Transport::Ending ending) {
  Disarm();
  BeginClosing();
  const bool violated = ending == H2Transport::Ending::kViolation || ending == H2Transport::Ending::kFinished;
  session_.CloseAll(violated ? ErrorCode::kProtocolError : ErrorCode::kInternalError);
}

void H2ClientConnection::BeginClosing() {
  closing_ = true;
  Schedule(loop_);
}

void H2ClientConnection::NoteRoom() {
  const std::size_t room = available_streams();
  if (room > std::exchange(room_, room)) Schedule(loop_);
}

void H2ClientConnection::OnTurnEnd() {
  const auto self = shared_from_this();  // the pool may let go of it
  on_change_();
}

void H2ClientConnection::StreamEnded() {
  if (session_.open_streams() == 0) quiet_since_ = loop_.Now();
  NoteRoom();
  ArmWatch();
  Flush();
}

// When the upstream has to be heard of at the latest, or the connection has been of no use for too long.
base::TimePoint H2ClientConnection::WatchUntil() const {
  if (session_.open_streams() == 0) return quiet_since_ + idle_timeout_;
  const base::Duration patience = asked_ ? kSilence + kPingPatience : kSilence;
  return std::max(transport_.last_received(), quiet_since_) + patience;
}

void H2ClientConnection::ArmWatch() {
  if (!transport_.ended()) Arm(WatchUntil());
}

void H2ClientConnection::OnTimer() {
  if (loop_.Now() < WatchUntil()) return ArmWatch();
  if (session_.open_streams() == 0) {
    session_.Goaway(ErrorCode::kNoError);
    BeginClosing();
    return transport_.FlushNow();  // the pool lets go of this at the end of the turn
  }
  if (asked_) return transport_.Abandon();
  asked_ = true;
  session_.Ping();
  Flush();
  ArmWatch();
}

base::Status H2ClientConnection::Open(H2ClientStream& stream, const ClientRequest& request) {
  FieldList fields((request.headers != nullptr ? request.headers->size() : 0) + 5);
  fields.Add(":method", request.method);
  fields.Add(":scheme", scheme_);
  fields.Add(":authority", authority_);
  fields.Add(":path", request.target);
  if (session_.open_streams() == 0) quiet_since_ = loop_.Now();
  const std::string length = std::to_string(request.body.size());
  if (!request.body.empty() || CarriesBody(request.method)) fields.Add("content-length", length);
  if (request.headers != nullptr) fields.AddRequestFields(*request.headers);
  GH_CHECK_OK(session_.Open(stream, fields.view(), request.body.empty() ? End::kEnd : End::kMore));
  if (!request.body.empty()) stream.Supply(request.body, End::kEnd);
  room_ = available_streams();
  ArmWatch();
  Flush();
  return base::Ok();
}

// The head must come within `first_byte` of the request's last byte; while that is on its way, within `idle` of the
// last progress.
net::Task<base::Status> H2ClientConnection::AwaitHead(H2ClientConnection& self, H2ClientStream& stream,
                                                      ClientTimeouts timeouts, net::Deadline deadline) {
  net::Deadline until = self.loop_.In(stream.sending() ? timeouts.idle : timeouts.first_byte).Earlier(deadline);
  std::size_t left = stream.pending().size();
  while (!stream.headed() && stream.phase() != H2ClientStream::Phase::kFailed) {
    const auto outcome = co_await stream.Changed(until);
    const bool progress = stream.pending().size() < left;
    if (progress) {
      left = stream.pending().size();
      until = self.loop_.In(stream.sending() ? timeouts.idle : timeouts.first_byte).Earlier(deadline);
    } else if (outcome == net::Event::Outcome::kTimeout) {
      co_return UpstreamTimedOut(stream.sending() ? "the request could not be written" : "no answer");
    }
  }
  if (!stream.headed()) co_return stream.Failure();
  co_return base::Ok();
}

net::Task<SendAttempt> H2ClientConnection::Exchange(std::shared_ptr<H2ClientConnection> self, ClientRequest request,
                                                    ClientTimeouts timeouts, net::Deadline deadline) {
  auto response =
      std::make_unique<H2ClientResponse>(self, std::make_unique<H2ClientStream>(self->loop_), timeouts, deadline);
  H2ClientStream& stream = response->stream();
  if (self->closing_) co_return SendAttempt{UpstreamUnavailable("the connection is closing"), Reached::kNothingWritten};
  const base::Status opened = self->Open(stream, request);
  if (!opened.ok()) co_return SendAttempt{opened.error(), Reached::kNothingWritten};
  const base::Status answered = co_await AwaitHead(*self, stream, timeouts, deadline);
  if (!answered.ok()) co_return SendAttempt{answered.error(), stream.reached()};
  stream.KeepRestOfRequest();
  co_return SendAttempt{std::unique_ptr<ClientResponse>(std::move(response)), Reached::kAnswered};
}

net::Task<SendAttempt> H2ClientConnection::Send(ClientRequest request, ClientTimeouts timeouts,
                                                net::Deadline deadline) {
  return Exchange(shared_from_this(), request, timeouts, deadline);
}

}  // namespace gatehouse::http
