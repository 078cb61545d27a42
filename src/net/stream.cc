#include "net/stream.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace gatehouse::net {

Stream::~Stream() { GH_CHECK(!HasWaiter(Direction::kRead) && !HasWaiter(Direction::kWrite)); }

void Stream::AddWaiter(Direction direction, ReadyWaiter& waiter) {
  GH_CHECK(!HasWaiter(direction));  // a second reader or writer would steal the first one's wake-up
  waiters_[Index(direction)] = &waiter;
  OnWait(direction);
}

void Stream::RemoveWaiter(Direction direction, const ReadyWaiter& waiter) {
  auto& slot = waiters_[Index(direction)];
  if (slot == &waiter) slot = nullptr;
}

void Stream::Wake(Direction direction) {
  if (auto* waiter = std::exchange(waiters_[Index(direction)], nullptr)) waiter->OnReady();
}

void ReadinessAwaiter::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  if (deadline_ != Deadline::Never()) Arm(deadline_.at);
  stream_.AddWaiter(direction_, *this);
}

void ReadinessAwaiter::OnTimer() {
  outcome_ = Readiness::kTimeout;
  stream_.RemoveWaiter(direction_, *this);
  std::exchange(waiter_, nullptr).resume();
}

void ReadinessAwaiter::OnReady() {
  Disarm();
  std::exchange(waiter_, nullptr).resume();
}

void ReadinessAwaiter::Withdraw() {
  if (waiter_) stream_.RemoveWaiter(direction_, *this);
}

namespace {

base::Error TimedOut(std::string_view what) {
  return {.code = base::ErrorCode::kTimeout,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The peer did not answer in time. Try again later.",
          .detail = std::string(what) + " timed out"};
}

base::Error Broken(Stream& stream, std::string_view what) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kSameTarget,
          .public_message = "The connection to the peer broke. Try again.",
          .detail = std::string(what) + ": " + stream.last_error()};
}

// A window over the pieces that are still to be written: whole ones, the first perhaps cut at its start.
class Unwritten {
 public:
  explicit Unwritten(std::span<const std::string_view> pieces) : pieces_(pieces) { SkipEmpty(); }

  bool empty() const { return pieces_.empty(); }
  std::span<const std::string_view> Window() {
    const auto count = std::min(pieces_.size(), window_.size());
    std::copy_n(pieces_.begin(), count, window_.begin());
    window_[0].remove_prefix(offset_);
    return std::span(window_).first(count);
  }
  void Advance(std::size_t bytes) {
    offset_ += bytes;
    SkipEmpty();
  }

 private:
  static constexpr std::size_t kWindow = 16;

  void SkipEmpty() {
    while (!pieces_.empty() && offset_ >= pieces_.front().size()) {
      offset_ -= pieces_.front().size();
      pieces_ = pieces_.subspan(1);
    }
  }

  std::span<const std::string_view> pieces_;
  std::size_t offset_ = 0;
  std::array<std::string_view, kWindow> window_;
};

}  // namespace

Task<base::Result<std::size_t>> ReadSome(Stream& stream, std::span<char> into, Deadline deadline) {
  while (true) {
    const auto outcome = stream.TryRead(into);
    switch (outcome.state) {
      case IoState::kDone: co_return outcome.bytes;
      case IoState::kEnd: co_return std::size_t{0};
      case IoState::kFailed: co_return Broken(stream, "read");
      case IoState::kWouldBlock: break;
    }
    const auto readiness = co_await stream.Readable(deadline);
    if (readiness == Readiness::kTimeout) co_return TimedOut("read");
  }
}

Task<base::Status> WriteAll(Stream& stream, std::span<const std::string_view> pieces, Deadline deadline) {
  Unwritten rest(pieces);
  while (!rest.empty()) {
    const auto outcome = stream.TryWrite(rest.Window());
    if (outcome.state == IoState::kDone) {
      rest.Advance(outcome.bytes);
      continue;
    }
    if (outcome.state != IoState::kWouldBlock) co_return Broken(stream, "write");
    const auto readiness = co_await stream.Writable(deadline);
    if (readiness == Readiness::kTimeout) co_return TimedOut("write");
  }
  co_return base::Ok();
}

}  // namespace gatehouse::net
