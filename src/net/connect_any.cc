#include "net/connect_any.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace gatehouse::net {

namespace {

using Connected = base::Result<std::unique_ptr<Stream>>;

// What the attempts share; lives in the frame of ConnectAny, which outlives them.
struct Attempts {
  explicit Attempts(Loop& loop) : progress(loop) {}
  Event progress;
  std::size_t pending = 0;
  std::size_t ended = 0;
  std::optional<Connected> outcome;  // the connection, once there is one; before that the last failure
  bool connected() const { return outcome && outcome->ok(); }
};

Task<> Attempt(Task<Connected> dialling, Attempts& attempts) {
  auto outcome = co_await std::move(dialling);
  --attempts.pending;
  ++attempts.ended;
  if (!attempts.connected()) attempts.outcome = std::move(outcome);
  attempts.progress.Set();
}

base::Error ConnectTimedOut() {
  return {.code = base::ErrorCode::kTimeout,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream did not accept a connection in time. Try again later.",
          .detail = "connect timed out"};
}

}  // namespace

std::vector<SocketAddress> Interleave(const std::vector<SocketAddress>& addresses, std::size_t rotation) {
  std::vector<SocketAddress> first;
  std::vector<SocketAddress> second;
  for (const auto& address : addresses) {
    (address.family() == addresses.front().family() ? first : second).push_back(address);
  }
  for (auto* family : {&first, &second}) {
    if (family->empty()) continue;
    std::ranges::rotate(*family, family->begin() + static_cast<std::ptrdiff_t>(rotation % family->size()));
  }
  std::vector<SocketAddress> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

Task<Connected> ConnectAny(Loop& loop, std::vector<SocketAddress> addresses, Dial dial, Deadline deadline) {
  addresses.resize(std::min(addresses.size(), kMaxAttempts));
  Attempts attempts(loop);
  TaskGroup group(loop);
  auto next = addresses.begin();
  while (true) {
    const auto ended_before = attempts.ended;
    if (next != addresses.end()) {
      ++attempts.pending;
      group.Spawn(Attempt(dial(*next++, deadline), attempts));
    }
    const bool more = next != addresses.end();
    const auto until = more ? deadline.Earlier(loop.In(kAttemptDelay)) : deadline;
    auto progress = Event::Outcome::kSet;
    while (attempts.pending > 0 && attempts.ended == ended_before && progress == Event::Outcome::kSet) {
      progress = co_await attempts.progress.Wait(until);
    }
    if (attempts.connected()) co_return std::move(*attempts.outcome);
    if (attempts.pending == 0 && !more) co_return std::move(*attempts.outcome);
    if (loop.Now() >= deadline.at) co_return ConnectTimedOut();
  }
}

}  // namespace gatehouse::net
