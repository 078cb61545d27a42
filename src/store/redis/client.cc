#include "store/redis/client.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "net/race.h"
#include "store/errors.h"

namespace gatehouse::store::redis {
namespace {

using base::Error;
using base::Result;
using base::Status;
using codec::resp::Value;

constexpr std::size_t kReadBytes = 16 << 10U;
constexpr std::size_t kMostAtOnce = 256;  // requests of one write

std::string CommandOf(std::span<const std::string_view> words) {
  std::string bytes;
  codec::resp::AppendCommand(bytes, words);
  return bytes;
}

// What the server says to a request, for the operator: its words, which hold no secret.
Error Refused(const Value& error) {
  const std::string_view word = error.ErrorWord();
  // It is up, and does not do its work.
  if (word == "LOADING" || word == "BUSY" || word == "MASTERDOWN" || word == "READONLY" || word == "OOM" ||
      word == "MISCONF" || word == "TRYAGAIN" || word == "CLUSTERDOWN") {
    return Unavailable("redis: " + error.text);
  }
  Error refused = base::Internal("redis: " + error.text);
  refused.source = base::ErrorSource::kStore;
  return refused;
}

Error LoginRefused(const Value& error) {
  const std::string_view word = error.ErrorWord();
  if (word == "WRONGPASS" || word == "NOAUTH") {
    return Unavailable("redis: the server does not accept the user or the password (" + std::string(word) + ")");
  }
  if (word == "NOPROTO" || error.text.starts_with("ERR unknown command")) {
    return Unavailable("redis: the server is too old: version 6 or later is needed");
  }
  return Unavailable("redis: " + error.text);
}

}  // namespace

// Whoever waits for an answer; leaves when it is dropped.
class Client::Waiting {
 public:
  Waiting(Client& client, std::shared_ptr<Request> request) : client_(client), request_(std::move(request)) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { client_.Forget(*request_); }

 private:
  Client& client_;
  std::shared_ptr<Request> request_;
};

Client::Client(net::Loop& loop, net::Connector& connector, net::Handshaker* tls, base::Random& random,
               ClientSettings settings)
    : loop_(loop),
      connector_(connector),
      tls_(tls),
      random_(random),
      settings_(std::move(settings)),
      wake_(loop),
      health_({.state = Health::State::kFailing, .reason = "redis: not connected yet"}),
      tasks_(loop) {
  tasks_.Spawn(Run());
}

Client::~Client() = default;

Health Client::health() const {
  const std::scoped_lock lock(mutex_);
  return health_;
}

void Client::SetHealth(Health health) {
  const std::scoped_lock lock(mutex_);
  health_ = std::move(health);
}

net::Task<Result<Value>> Client::Fail(Error error) { co_return error; }

net::Task<Result<Value>> Client::Call(std::span<const std::string_view> words, Effect effect, net::Deadline deadline) {
  if (state_ == State::kDown) return Fail(Unavailable(problem_));
  auto request = std::make_shared<Request>(loop_);
  request->bytes = CommandOf(words);
  if (unsent_.size() + sent_.size() >= settings_.max_waiting ||
      bytes_ + request->bytes.size() > settings_.max_waiting_bytes) {
    return Fail(Unavailable("redis: too many requests wait for it"));
  }
  Submit(request);
  return Await(*this, std::move(request), effect, deadline);
}

void Client::Submit(const std::shared_ptr<Request>& request) {
  bytes_ += request->bytes.size();
  unsent_.push_back(request);
  wake_.Set();
}

// What was sent keeps its place in line: its answer will come.
void Client::Forget(Request& request) {
  if (request.state != Request::State::kWaiting) return;
  request.state = Request::State::kLeft;
  const auto found = std::ranges::find_if(unsent_, [&](const auto& one) { return one.get() == &request; });
  if (found == unsent_.end()) return;
  bytes_ -= request.bytes.size();
  unsent_.erase(found);
}

net::Task<Result<Value>> Client::Await(Client& client, std::shared_ptr<Request> request, Effect effect,
                                       net::Deadline deadline) {
  const Waiting waiting(client, request);
  static_cast<void>(co_await request->arrived.Wait(deadline));
  if (!request->answer) {
    const bool doubtful = request->state == Request::State::kSent && effect == Effect::kWrites;
    co_return doubtful ? InDoubt() : NotDoneInTime();
  }
  if (!request->answer->ok()) {
    Error error = std::move(*request->answer).TakeError();
    if (effect == Effect::kReads) error.retry = base::Retry::kSameTarget;
    co_return error;
  }
  Value value = std::move(*request->answer).value();
  if (value.IsError()) co_return Refused(value);
  co_return value;
}

void Client::SendSubscription(std::string_view word, std::string_view channel, Request::Answered answered) {
  auto request = std::make_shared<Request>(loop_);
  request->bytes = CommandOf(std::array{word, channel});
  request->answered = answered;
  Submit(request);
}

void Client::Subscribe(const std::string& channel) {
  const bool fresh = channels_.insert(channel).second;
  if (fresh && state_ == State::kUp) SendSubscription("SUBSCRIBE", channel, Request::Answered::kByPush);
}

void Client::Unsubscribe(const std::string& channel) {
  if (channels_.erase(channel) > 0 && state_ == State::kUp) {
    SendSubscription("UNSUBSCRIBE", channel, Request::Answered::kByPush);
  }
}

net::Task<> Client::Run() {
  base::Duration pause = settings_.least_pause;
  for (;;) {
    const Status connected = co_await Connect();
    if (connected.ok()) {
      state_ = State::kUp;
      SetHealth({});
      pause = settings_.least_pause;
      for (const std::string& channel : channels_) {
        SendSubscription("SUBSCRIBE", channel, Request::Answered::kByPush);
      }
      Disconnect(co_await Serve());
    } else {
      Disconnect(connected.error());
    }
    // Half of it at random, so that many gateways do not come at once.
    const auto half = static_cast<std::uint64_t>(pause.count() / 2);
    co_await loop_.Sleep(base::Duration(static_cast<std::int64_t>(half + random_.Below(half + 1))));
    pause = std::min(2 * pause, settings_.longest_pause);
  }
}

net::Task<Status> Client::Connect() {
  const net::Deadline deadline = loop_.In(settings_.connect_timeout);
  auto stream = co_await connector_.Connect(settings_.endpoint, deadline);
  if (stream.ok() && tls_ != nullptr) {
    stream = co_await tls_->Handshake(std::move(stream).value(), settings_.endpoint.host, deadline);
  }
  if (!stream.ok()) co_return Unavailable("redis: " + stream.error().detail);
  stream_ = std::move(stream).value();
  decoder_.emplace(settings_.limits);
  co_return co_await LogIn(deadline);
}

net::Task<Status> Client::LogIn(net::Deadline deadline) {
  std::vector<std::string_view> words = {"HELLO", "3"};
  const std::string_view user = settings_.username.empty() ? "default" : std::string_view(settings_.username);
  if (!settings_.password.Reveal().empty()) words.insert(words.end(), {"AUTH", user, settings_.password.Reveal()});
  words.insert(words.end(), {"SETNAME", "gatehouse"});
  GH_CO_TRY(const Value hello, co_await Ask(CommandOf(words), deadline));
  if (hello.IsError()) co_return LoginRefused(hello);
  if (settings_.database == 0) co_return base::Ok();
  const std::string number = std::to_string(settings_.database);
  GH_CO_TRY(const Value selected, co_await Ask(CommandOf(std::array<std::string_view, 2>{"SELECT", number}), deadline));
  if (selected.IsError()) co_return LoginRefused(selected);
  co_return base::Ok();
}

// One command and its answer on a connection that nobody else uses yet.
net::Task<Result<Value>> Client::Ask(std::string command, net::Deadline deadline) {
  const std::array<std::string_view, 1> pieces = {command};
  const Status written = co_await net::WriteAll(*stream_, pieces, deadline);
  if (!written.ok()) co_return Unavailable("redis: " + written.error().detail);
  std::array<char, 1024> bytes;
  for (;;) {
    GH_CO_TRY(auto value, decoder_->Next());
    if (value) co_return *std::move(value);
    const auto got = co_await net::ReadSome(*stream_, bytes, deadline);
    if (!got.ok()) co_return Unavailable("redis: no answer to the login: " + got.error().detail);
    if (got.value() == 0) co_return Unavailable("redis: the server closed the connection at the login");
    decoder_->Feed(std::string_view(bytes.data(), got.value()));
  }
}

net::Task<Error> Client::Serve() {
  heard_at_ = loop_.Now();
  auto raced = co_await net::RaceTasks(ReadForever(), WriteForever());
  co_return raced.first ? *std::move(raced.first) : *std::move(raced.second);
}

net::Task<Error> Client::WriteForever() {
  std::string bytes;
  for (;;) {
    while (unsent_.empty()) static_cast<void>(co_await wake_.Wait(net::Deadline::Never()));
    bytes.clear();
    for (std::size_t i = 0; i < kMostAtOnce && !unsent_.empty(); ++i) {
      Request& request = *unsent_.front();
      bytes.append(request.bytes);
      request.state = Request::State::kSent;
      request.sent_at = loop_.Now();
      sent_.push_back(std::move(unsent_.front()));
      unsent_.pop_front();
    }
    const std::array<std::string_view, 1> pieces = {bytes};
    const Status written = co_await net::WriteAll(*stream_, pieces, loop_.In(settings_.silence));
    if (!written.ok()) co_return Unavailable("redis: " + written.error().detail);
  }
}

net::Task<Error> Client::ReadForever() {
  std::vector<char> bytes(kReadBytes);
  const base::Duration look = std::min(settings_.silence, settings_.idle) / 2;
  for (;;) {
    if (co_await stream_->Readable(loop_.In(look)) == net::Readiness::kTimeout) {
      if (auto problem = Look()) co_return *std::move(problem);
      continue;
    }
    const net::IoOutcome got = stream_->TryRead(bytes);
    if (got.state == net::IoState::kEnd) co_return Unavailable("redis: the server closed the connection");
    if (got.state == net::IoState::kFailed) co_return Unavailable("redis: " + stream_->last_error());
    if (got.state == net::IoState::kWouldBlock) continue;
    heard_at_ = loop_.Now();
    decoder_->Feed(std::string_view(bytes.data(), got.bytes));
    for (;;) {
      auto value = decoder_->Next();
      if (!value.ok()) co_return Unavailable(value.error().detail);
      if (!value.value()) break;
      const Status taken = Take(*std::move(value).value());
      if (!taken.ok()) co_return taken.error();
    }
  }
}

// Whether the server still answers; asks it when there was nothing to answer for a while.
std::optional<Error> Client::Look() {
  const base::TimePoint now = loop_.Now();
  if (!sent_.empty() && now - sent_.front()->sent_at >= settings_.silence && now - heard_at_ >= settings_.silence) {
    return Unavailable(
        "redis: no answer for " +
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(settings_.silence).count()) + " ms");
  }
  if (sent_.empty() && unsent_.empty() && now - heard_at_ >= settings_.idle) {
    auto ping = std::make_shared<Request>(loop_);
    ping->bytes = CommandOf(std::array<std::string_view, 1>{"PING"});
    Submit(ping);
  }
  return {};
}

Status Client::Take(Value value) {
  if (value.kind == Value::Kind::kPush) {
    TakePush(value);
    return base::Ok();
  }
  if (sent_.empty()) return Unavailable("redis: an answer to no question");
  const std::shared_ptr<Request> request = std::move(sent_.front());
  sent_.pop_front();
  bytes_ -= request->bytes.size();
  // A subscription that is refused answers like a command.
  if (request->answered == Request::Answered::kByPush && value.IsError()) return Refused(value);
  request->answer.emplace(std::move(value));
  request->arrived.Set();
  return base::Ok();
}

void Client::TakePush(const Value& push) {
  if (push.parts.size() < 3) return;
  const std::string_view word = push.parts.at(0).text;
  const std::string& channel = push.parts.at(1).text;
  if (word == "message") {
    if (events_ != nullptr) events_->OnMessage(channel, push.parts.at(2).text);
    return;
  }
  if (word != "subscribe" && word != "unsubscribe") return;
  if (!sent_.empty() && sent_.front()->answered == Request::Answered::kByPush) {
    bytes_ -= sent_.front()->bytes.size();
    sent_.pop_front();
  }
  if (word == "subscribe" && events_ != nullptr && channels_.contains(channel)) events_->OnInStep(channel);
}

// What was sent may have been done, what was not was not.
void Client::Disconnect(const Error& error) {
  const bool was_up = state_ == State::kUp;
  state_ = State::kDown;
  problem_ = error.detail;
  SetHealth({.state = Health::State::kFailing, .reason = problem_});
  stream_.reset();
  decoder_.reset();
  for (const auto& request : std::exchange(sent_, {})) {
    Error lost = Unavailable(problem_);
    lost.retry = base::Retry::kNever;
    request->answer.emplace(std::move(lost));
    request->arrived.Set();
  }
  for (const auto& request : std::exchange(unsent_, {})) {
    request->state = Request::State::kLeft;
    request->answer.emplace(Unavailable(problem_));
    request->arrived.Set();
  }
  bytes_ = 0;
  if (was_up && events_ != nullptr) events_->OnLost();
}

}  // namespace gatehouse::store::redis
