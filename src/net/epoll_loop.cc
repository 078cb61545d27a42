#include "net/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <utility>

#include "base/check.h"

namespace gatehouse::net {

namespace {

constexpr int kBatch = 256;  // events per turn
constexpr std::uint64_t kWakeUpTag = std::numeric_limits<std::uint64_t>::max();

std::uint64_t TagOf(EpollLoop::Token token) { return (std::uint64_t{token.generation} << 32) | token.slot; }

PollEvents FromKernel(std::uint32_t events) {
  return {.readable = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
          .writable = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
          .peer_gone = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
          .failed = (events & (EPOLLHUP | EPOLLERR)) != 0};
}

}  // namespace

EpollLoop::EpollLoop(const base::Clock& clock)
    : Loop(clock), epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_up_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  GH_CHECK(epoll_ && wake_up_);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeUpTag}};
  GH_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_up_.get(), &event) == 0);
}

EpollLoop::~EpollLoop() {
  DropDeferred();
  const auto dropped = std::exchange(posted_, {});
}

void EpollLoop::Run() {
  while (!stopping_.load(std::memory_order_acquire)) Turn();
  stopping_.store(false, std::memory_order_release);
}

void EpollLoop::Stop() {
  stopping_.store(true, std::memory_order_release);
  WakeUp();
}

void EpollLoop::Post(std::move_only_function<void()> work) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(work));
  }
  if (first) WakeUp();
}

void EpollLoop::WakeUp() {
  // EAGAIN: the counter is full, so the loop is awake already.
  const auto written = eventfd_write(wake_up_.get(), 1);
  GH_CHECK(written == 0 || errno == EAGAIN);
}

std::optional<EpollLoop::Token> EpollLoop::Register(int descriptor, Pollable& target, Interest interest,
                                                    Trigger trigger) {
  if (free_slots_.empty()) {
    GH_CHECK(slots_.size() < std::numeric_limits<std::uint32_t>::max());
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const auto index = free_slots_.back();
  const Token token{.slot = index, .generation = slots_[index].generation};
  std::uint32_t events = EPOLLIN | EPOLLRDHUP;
  if (interest == Interest::kReadAndWrite) events |= EPOLLOUT;
  if (trigger == Trigger::kEdge) events |= EPOLLET;
  epoll_event event{.events = events, .data = {.u64 = TagOf(token)}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return std::nullopt;
  free_slots_.pop_back();
  slots_[index].target = &target;
  return token;
}

void EpollLoop::Unregister(Token token) {
  if (!IsLive(token)) return;
  auto& slot = slots_[token.slot];
  slot.target = nullptr;
  if (++slot.generation == 0) slot.generation = 1;
  free_slots_.push_back(token.slot);
}

void EpollLoop::Remove(int descriptor, Token token) {
  if (!IsLive(token)) return;
  static_cast<void>(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr));
  Unregister(token);
}

int EpollLoop::WaitMilliseconds() const {
  if (HasDeferred()) return 0;
  const auto next = NextExpiry();
  if (!next) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - clock().Now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

void EpollLoop::Turn() {
  std::array<epoll_event, kBatch> events;
  const auto count = epoll_wait(epoll_.get(), events.data(), kBatch, WaitMilliseconds());
  GH_CHECK(count >= 0 || errno == EINTR);
  BeginTurn();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    Dispatch(event.data.u64, event.events);
  }
  EndTurn();
}

void EpollLoop::Dispatch(std::uint64_t tag, std::uint32_t events) {
  if (tag == kWakeUpTag) return RunPosted();
  const Token token{.slot = static_cast<std::uint32_t>(tag), .generation = static_cast<std::uint32_t>(tag >> 32)};
  if (IsLive(token)) slots_[token.slot].target->OnPoll(FromKernel(events));
}

void EpollLoop::RunPosted() {
  eventfd_t count = 0;
  eventfd_read(wake_up_.get(), &count);
  {
    const std::scoped_lock lock(mutex_);
    running_posts_.swap(posted_);
  }
  for (auto& work : running_posts_) work();
  running_posts_.clear();
}

}  // namespace gatehouse::net
