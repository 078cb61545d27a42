#include "http/server.h"

#include <algorithm>
#include <utility>

#include "http/h1_server_connection.h"
#include "http/h1_server_exchange.h"
#include "http/server_connection.h"

namespace gatehouse::http {
namespace {

constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void AppendTwoDigits(std::string& out, std::int64_t value) {
  out.push_back(static_cast<char>('0' + value / 10 % 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

// IMF-fixdate of RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string FormatDate(base::WallTime wall) {
  const auto day = std::chrono::floor<std::chrono::days>(wall);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(wall - day));
  std::string out(kDays[std::chrono::weekday(day).c_encoding()]);
  out.append(", ");
  AppendTwoDigits(out, static_cast<unsigned>(date.day()));
  out.append(" ").append(kMonths[static_cast<unsigned>(date.month()) - 1]).append(" ");
  out.append(std::to_string(static_cast<int>(date.year()))).append(" ");
  AppendTwoDigits(out, time.hours().count());
  out.append(":");
  AppendTwoDigits(out, time.minutes().count());
  out.append(":");
  AppendTwoDigits(out, time.seconds().count());
  return out.append(" GMT");
}

}  // namespace

std::string_view DateValue::At(const net::Loop& loop) {
  if (loop.Now() >= good_until_ || text_.empty()) {
    const base::WallTime wall = loop.Wall();
    text_ = FormatDate(wall);
    good_until_ = loop.Now() + (std::chrono::floor<std::chrono::seconds>(wall) + std::chrono::seconds(1) - wall);
  }
  return text_;
}

ServerContext::ServerContext(net::Loop& event_loop, const ServerLimits& server_limits, Handler& request_handler)
    : loop(event_loop), limits(server_limits), handler(request_handler) {}
ServerContext::~ServerContext() = default;

void IdleWait::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  Timer::Arm(deadline_.at);
  stream_.AddWaiter(net::Direction::kRead, *this);
}

void IdleWait::Withdraw() {
  if (waiter_) stream_.RemoveWaiter(net::Direction::kRead, *this);
}

void IdleWait::Resume(IdleOutcome outcome) {
  outcome_ = outcome;
  Withdraw();
  Disarm();
  std::exchange(waiter_, nullptr).resume();
}

struct Server::State {
  State(net::Loop& loop, const ServerLimits& limits, Handler& handler) : context(loop, limits, handler) {
    group = std::make_unique<net::TaskGroup>(loop);
  }

  // One Run(): a listener, and the wake-up of an accept that waits for room.
  struct Acceptor {
    std::unique_ptr<net::Listener> listener;
    net::Event room;
  };
  class Accepting;
  class Open;

  static net::Task<> ServeStream(State& state, std::unique_ptr<net::Stream> stream);
  static net::Task<> ServeHttp2(ServerContext& context, H1ServerConnection& sniffer);
  bool Full() const { return context.statistics.connections_open >= context.limits.max_connections; }

  ServerContext context;
  std::list<Acceptor*> acceptors;
  std::unique_ptr<net::TaskGroup> group;  // before the context: connections die first
};

// Counts a connection for as long as it is open, and lets an accept go on afterwards.
class Server::State::Open {
 public:
  explicit Open(State& state) : state_(state) {
    ++state_.context.statistics.connections_open;
    ++state_.context.statistics.connections_accepted;
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() {
    if (state_.Full()) {
      for (Acceptor* acceptor : state_.acceptors) acceptor->room.Set();
    }
    --state_.context.statistics.connections_open;
  }

 private:
  State& state_;
};

class Server::State::Accepting {
 public:
  Accepting(State& state, Acceptor& acceptor)
      : acceptors_(state.acceptors), at_(acceptors_.insert(acceptors_.end(), &acceptor)) {}
  Accepting(const Accepting&) = delete;
  Accepting& operator=(const Accepting&) = delete;
  ~Accepting() { acceptors_.erase(at_); }

 private:
  std::list<Acceptor*>& acceptors_;
  std::list<Acceptor*>::iterator at_;
};

net::Task<> Server::State::ServeStream(State& state, std::unique_ptr<net::Stream> stream) {
  const Open open(state);
  H1ServerConnection connection(state.context, std::move(stream));
  {
    const ConnectionRegistration registration(state.context, connection);
    co_await connection.Run();
  }
  if (connection.found_http2()) co_await ServeHttp2(state.context, connection);
}

net::Task<> Server::State::ServeHttp2(ServerContext& context, H1ServerConnection& sniffer) {
  const auto connection = MakeH2ServerConnection(context, sniffer.TakeStream(), sniffer.TakeReceived());
  if (!connection) co_return;
  const ConnectionRegistration registration(context, *connection);
  co_await connection->Run();
}

Server::Server(net::Loop& loop, const ServerLimits& limits, Handler& handler)
    : state_(std::make_unique<State>(loop, limits, handler)) {}
Server::~Server() = default;

const ServerStatistics& Server::statistics() const { return state_->context.statistics; }

void Server::Adopt(std::unique_ptr<net::Stream> stream) {
  state_->group->Spawn(State::ServeStream(*state_, std::move(stream)));
}

net::Task<> Server::Run(std::unique_ptr<net::Listener> listener) {
  State& state = *state_;
  State::Acceptor acceptor{.listener = std::move(listener), .room = net::Event(state.context.loop)};
  const State::Accepting accepting(state, acceptor);
  while (state.context.phase == ServerContext::Phase::kServing) {
    if (state.Full()) {
      co_await acceptor.room.Wait(net::Deadline::Never());
      continue;
    }
    auto accepted = co_await acceptor.listener->Accept();
    if (!accepted.ok()) co_return;
    Adopt(std::move(accepted).value());
  }
}

net::Task<> Server::Drain(net::Deadline deadline) {
  State& state = *state_;
  state.context.phase = ServerContext::Phase::kDraining;
  for (State::Acceptor* acceptor : state.acceptors) {
    acceptor->listener->Close();
    acceptor->room.Set();
  }
  for (ServerConnection* connection : state.context.connections) connection->BeginDrain();
  co_await state.group->Drained(deadline);
  state.group = std::make_unique<net::TaskGroup>(state.context.loop);
}

}  // namespace gatehouse::http
