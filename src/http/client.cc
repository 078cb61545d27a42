#include "http/client.h"

#include <algorithm>
#include <utility>

#include "http/pool_state.h"

namespace gatehouse::http {
namespace {

std::string HostField(const Origin& origin) {
  const net::Endpoint& endpoint = origin.endpoint;
  const bool address = endpoint.host.find(':') != std::string::npos;
  std::string host = address ? "[" + endpoint.host + "]" : endpoint.host;
  const std::uint16_t usual = origin.scheme == Origin::Scheme::kHttps ? 443 : 80;
  if (endpoint.port != usual) host.append(":").append(std::to_string(endpoint.port));
  return host;
}

base::Error Busy(std::string detail) {
  base::Error error = UpstreamUnavailable(std::move(detail));
  error.source = base::ErrorSource::kGateway;
  error.public_message = "Too many requests to this upstream are under way. Try again later.";
  return error;
}

}  // namespace

// One place in the line for a connection. Woken once; a wake-up that its owner never saw goes to the next.
class Pool::State::Waiter {
 public:
  explicit Waiter(State& state) : state_(state), event_(state.context.loop) {
    at_ = state_.line_.insert(state_.line_.end(), this);
    state_.context.statistics.waiting = state_.line_.size();
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    Leave();
    if (woken_ && !accepted_) state_.WakeOne();
  }

  void Wake() {
    Leave();
    woken_ = true;
    event_.Set();
  }
  net::Task<net::Event::Outcome> Wait(net::Deadline deadline) { return event_.Wait(deadline); }
  // The owner makes use of its wake-up.
  void Accept() { accepted_ = true; }

 private:
  void Leave() {
    if (left_) return;
    left_ = true;
    state_.line_.erase(at_);
    state_.context.statistics.waiting = state_.line_.size();
  }

  State& state_;  // whose task holds it
  net::Event event_;
  std::list<Waiter*>::iterator at_;
  bool woken_ = false;
  bool left_ = false;
  bool accepted_ = false;
};

// A connection being made: counts as open, so that the bound holds, and gives its place up if it comes to nothing.
class Pool::State::Slot {
 public:
  explicit Slot(State& state) : state_(&state) {
    ++state_->context.statistics.connections_open;
    ++state_->connecting_;
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() {
    if (state_ == nullptr) return;
    State& state = *state_;
    Keep();
    state.Closed();
  }
  void Keep() { --std::exchange(state_, nullptr)->connecting_; }

 private:
  State* state_;  // whose task holds it
};

namespace {

std::unique_ptr<ClientResponse> Answered(H1Lease lease, ClientTimeouts timeouts, net::Deadline deadline) {
  return std::make_unique<H1ClientResponse>(std::move(lease), timeouts, deadline);
}

// Whether the connection was stale, and nothing of the request can have been acted upon.
bool MayReplay(const SendAttempt& failed, const ClientRequest& request, bool reused) {
  const bool untouched = failed.reached == SendAttempt::Reached::kNothingWritten;
  const bool stale = (reused || untouched) && failed.reached != SendAttempt::Reached::kAnswered &&
                     failed.response.error().code == base::ErrorCode::kUnavailable;
  return stale && (untouched || request.replay == ClientRequest::Replay::kReplayable);
}

}  // namespace

// Closes connections that were idle for too long.
class Pool::State::Reaper final : public net::Timer {
 public:
  explicit Reaper(State& state) : Timer(state.context.loop), state_(state) {}

 private:
  void OnTimer() override { state_.DropExpired(); }
  State& state_;  // owns this
};

Pool::State::State(net::Loop& loop, net::Connector& connector_to_use, Origin origin, PoolLimits limits)
    : context{.loop = loop,
              .origin = std::move(origin),
              .limits = limits,
              .host_field = {},
              .statistics = {},
              .buffers = {}},
      connector(connector_to_use),
      multiplexes_(context.origin.protocol == Origin::Protocol::kHttp2),
      reaper_(std::make_unique<Reaper>(*this)) {
  context.host_field = HostField(context.origin);
}

Pool::State::~State() = default;

void Pool::State::Shut() {
  shut_ = true;
  reaper_->Disarm();
  const auto idle = std::exchange(idle_, {});
  const auto multiplexed = std::exchange(multiplexed_, {});
  context.statistics.connections_open -= idle.size() + multiplexed.size();
  CountIdle();
  while (!line_.empty()) WakeOne();
}

void Pool::State::WakeOne() {
  if (!line_.empty()) line_.front()->Wake();
}

void Pool::State::Closed() {
  --context.statistics.connections_open;
  WakeOne();
}

void Pool::State::GiveBack(std::unique_ptr<H1ClientConnection> connection) {
  if (shut_) return Closed();
  connection->buffer().Release();
  connection->idle_since = context.loop.Now();
  connection->stream().OnPeerGone([this, gone = connection.get()] { DropIdle(gone); });
  idle_.push_back(std::move(connection));
  if (idle_.size() > context.limits.max_idle) DropIdle(idle_.front().get());
  CountIdle();
  if (!reaper_->armed()) reaper_->Arm(context.loop.Now() + context.limits.idle_timeout);
  WakeOne();
}

void Pool::State::DropIdle(const H1ClientConnection* connection) {
  const auto at = std::ranges::find(idle_, connection, &std::unique_ptr<H1ClientConnection>::get);
  if (at == idle_.end()) return;
  idle_.erase(at);
  CountIdle();
  Closed();
}

void Pool::State::DropExpired() {
  const base::TimePoint limit = context.loop.Now() - context.limits.idle_timeout;
  while (!idle_.empty() && idle_.front()->idle_since <= limit) DropIdle(idle_.front().get());
  if (!idle_.empty()) reaper_->Arm(idle_.front()->idle_since + context.limits.idle_timeout);
}

void Pool::State::DropClosing() {
  const std::size_t dropped = std::erase_if(multiplexed_, [](const auto& connection) { return connection->closing(); });
  for (std::size_t i = 0; i < dropped; ++i) Closed();
}

// Streams have ended or may begin, or a connection is on its way out.
void Pool::State::OnMultiplexedChange() {
  DropClosing();
  std::size_t room = 0;
  for (const auto& connection : multiplexed_) room += connection->available_streams();
  for (std::size_t woken = std::min(room, line_.size()); woken > 0; --woken) WakeOne();
}

std::optional<Pool::State::Carrier> Pool::State::TakeExisting(Reuse reuse) {
  for (const auto& connection : multiplexed_) {
    if (connection->available_streams() > 0) return Carrier{.multiplexed = connection, .reused = true};
  }
  while (reuse == Reuse::kAllowed && !idle_.empty()) {
    H1Lease lease(shared_from_this(), std::move(idle_.back()));
    idle_.pop_back();
    CountIdle();
    lease->stream().OnPeerGone(nullptr);
    if (lease->Usable()) return Carrier{.lease = std::move(lease), .multiplexed = nullptr, .reused = true};
  }
  return std::nullopt;
}

// A connection that is there already, for who need not wait behind others.
std::optional<Pool::State::Carrier> Pool::State::TakeNow(Reuse reuse) {
  if (shut_ || !line_.empty()) return std::nullopt;
  auto existing = TakeExisting(reuse);
  if (existing) ++context.statistics.reused;
  return existing;
}

// Whether another connection may be opened; an idle one that must not be used makes room.
bool Pool::State::HasRoom(Reuse reuse) {
  const auto full = [this] { return context.statistics.connections_open >= context.limits.max_connections; };
  if (reuse == Reuse::kFreshOnly && full() && !idle_.empty()) DropIdle(idle_.front().get());
  return !full();
}

net::Task<base::Result<Pool::State::Carrier>> Pool::State::Acquire(std::shared_ptr<State> state, Reuse reuse,
                                                                   ClientTimeouts timeouts, net::Deadline deadline) {
  const net::Deadline until = state->context.loop.In(timeouts.connect).Earlier(deadline);
  bool queued = false;
  while (true) {
    if (state->shut_) co_return UpstreamUnavailable("the pool is gone");
    if (queued || state->line_.empty()) {
      if (auto existing = state->TakeExisting(reuse)) {
        ++state->context.statistics.reused;
        co_return std::move(*existing);
      }
      if (!state->SharedConnectUnderWay() && state->HasRoom(reuse)) {
        auto connected = co_await Connect(state, until);
        co_return connected;
      }
    }
    GH_CO_CHECK_OK(co_await WaitInLine(state, until));
    queued = true;
  }
}

net::Task<base::Status> Pool::State::WaitInLine(std::shared_ptr<State> state, net::Deadline deadline) {
  if (state->line_.size() >= state->context.limits.max_waiting) co_return Busy("the line for a connection is full");
  Waiter waiter(*state);
  const auto outcome = co_await waiter.Wait(deadline);
  if (outcome == net::Event::Outcome::kTimeout) co_return Busy("no connection became free in time");
  waiter.Accept();
  co_return base::Ok();
}

net::Task<base::Result<Pool::State::Carrier>> Pool::State::Connect(std::shared_ptr<State> state,
                                                                   net::Deadline deadline) {
  const Origin& origin = state->context.origin;
  const bool through_proxy = origin.proxy.has_value() && origin.scheme == Origin::Scheme::kHttp;
  Slot slot(*state);
  ++state->context.statistics.connects;
  auto stream = co_await state->connector.Connect(through_proxy ? *origin.proxy : origin.endpoint, deadline);
  if (!stream.ok()) {
    ++state->context.statistics.connect_failures;
    base::Error error = std::move(stream).TakeError();
    error.retry = base::Retry::kOtherTarget;
    co_return error;
  }
  slot.Keep();
  co_return state->Adopt(std::move(stream).value());
}

base::Result<Pool::State::Carrier> Pool::State::Adopt(std::unique_ptr<net::Stream> stream) {
  const Origin::Protocol wanted = context.origin.protocol;
  const bool negotiated = context.origin.scheme == Origin::Scheme::kHttps && stream->peer().alpn == "h2";
  const bool prior_knowledge = wanted == Origin::Protocol::kHttp2 && context.origin.scheme == Origin::Scheme::kHttp;
  if (wanted != Origin::Protocol::kHttp1 && (negotiated || prior_knowledge)) return AdoptHttp2(std::move(stream));
  if (wanted == Origin::Protocol::kHttp2) {
    Closed();
    return BadUpstream("HTTP/2 is required and was not negotiated");
  }
  if (std::exchange(multiplexes_, false)) {
    while (!line_.empty()) WakeOne();  // they waited for what cannot be shared
  }
  auto connection = std::make_unique<H1ClientConnection>(context, std::move(stream));
  return Carrier{.lease = H1Lease(shared_from_this(), std::move(connection)), .multiplexed = nullptr};
}

base::Result<Pool::State::Carrier> Pool::State::AdoptHttp2(std::unique_ptr<net::Stream> stream) {
  const auto self = weak_from_this();
  const std::shared_ptr<ClientContext> shared(shared_from_this(), &context);
  auto connection = MakeH2ClientConnection(shared, std::move(stream), [self] {
    if (const auto state = self.lock()) state->OnMultiplexedChange();
  });
  if (!connection) {
    Closed();
    return BadUpstream("HTTP/2 is not supported");
  }
  if (shut_) {
    Closed();
  } else {
    multiplexes_ = true;
    multiplexed_.push_back(connection);
    OnMultiplexedChange();
  }
  return Carrier{.lease = std::nullopt, .multiplexed = std::move(connection)};
}

net::Task<base::Result<std::unique_ptr<ClientResponse>>> Pool::State::Send(std::shared_ptr<State> state,
                                                                           ClientRequest request,
                                                                           ClientTimeouts timeouts,
                                                                           net::Deadline deadline) {
  Reuse reuse = Reuse::kAllowed;
  while (true) {
    auto carrier = state->TakeNow(reuse);
    if (!carrier) {
      auto acquired = co_await Acquire(state, reuse, timeouts, deadline);
      if (!acquired.ok()) co_return std::move(acquired).TakeError();
      carrier.emplace(std::move(acquired).value());
    }
    const bool reused = carrier->reused;
    std::optional<SendAttempt> failed;
    if (carrier->multiplexed) {
      SendAttempt attempt = co_await carrier->multiplexed->Send(request, timeouts, deadline);
      if (attempt.response.ok()) co_return std::move(attempt.response);
      failed.emplace(std::move(attempt));
    } else {
      auto sent = co_await (*carrier->lease)->Send(request, timeouts, deadline);
      if (sent.status.ok()) co_return Answered(*std::move(carrier->lease), timeouts, deadline);
      failed.emplace(std::move(sent.status).TakeFailure(), sent.reached);
    }
    carrier.reset();
    if (reuse == Reuse::kFreshOnly || !MayReplay(*failed, request, reused)) co_return std::move(failed->response);
    ++state->context.statistics.replays;
    reuse = Reuse::kFreshOnly;
  }
}

Pool::Pool(net::Loop& loop, net::Connector& connector, Origin origin, PoolLimits limits)
    : state_(std::make_shared<State>(loop, connector, std::move(origin), limits)) {}
Pool::~Pool() { state_->Shut(); }

net::Task<base::Result<std::unique_ptr<ClientResponse>>> Pool::Send(ClientRequest request, ClientTimeouts timeouts,
                                                                    net::Deadline deadline) {
  return State::Send(state_, request, timeouts, deadline);
}

const PoolStatistics& Pool::statistics() const { return state_->context.statistics; }
const Origin& Pool::origin() const { return state_->context.origin; }

}  // namespace gatehouse::http
