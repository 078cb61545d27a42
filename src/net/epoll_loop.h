#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "net/descriptor.h"
#include "net/loop.h"

namespace gatehouse::net {

// What the kernel says about a descriptor.
struct PollEvents {
  bool readable = false;
  bool writable = false;
  bool peer_gone = false;  // the peer has closed its side, or both are closed
  bool failed = false;     // reset, or a connect that failed
};

// Told about one descriptor's events. OnPoll may destroy the Pollable and any other.
class Pollable {
 public:
  virtual void OnPoll(PollEvents events) = 0;

 protected:
  ~Pollable() = default;
};

// The process's loop, on epoll. One thread calls Run(); Post() and Stop() are for any thread. Outlives all that is
// registered with it.
class EpollLoop final : public Loop {
 public:
  explicit EpollLoop(const base::Clock& clock);
  ~EpollLoop() override;

  // Serves until Stop(). May be called again afterwards.
  void Run();
  // Ends Run() soon; one that has not begun ends in its first turn. Thread-safe.
  void Stop();

  void Post(std::move_only_function<void()> work) override;

  // A descriptor's place in the loop's table. An event for a registration that has ended finds another generation in
  // the slot and is ignored.
  struct Token {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;  // 0: of no slot
  };
  enum class Interest : std::uint8_t { kRead, kReadAndWrite };
  enum class Trigger : std::uint8_t { kEdge, kLevel };

  // nullopt, and errno, when the kernel has no room for it.
  std::optional<Token> Register(int descriptor, Pollable& target, Interest interest, Trigger trigger);
  // Before the descriptor is closed; closing it ends the kernel's side by itself.
  void Unregister(Token token);
  // The same for a descriptor that stays open.
  void Remove(int descriptor, Token token);
  bool IsLive(Token token) const { return token.generation != 0 && slots_[token.slot].generation == token.generation; }

  // How often the loop has slept and woken: for tests that must show that it does not spin.
  std::uint64_t turns() const { return turn(); }

 private:
  struct Slot {
    Pollable* target = nullptr;
    std::uint32_t generation = 1;
  };

  void Turn();
  int WaitMilliseconds() const;
  void Dispatch(std::uint64_t tag, std::uint32_t events);
  void RunPosted();
  void WakeUp();

  Descriptor epoll_;
  Descriptor wake_up_;  // eventfd
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> posted_;  // guarded by mutex_
  std::vector<std::move_only_function<void()>> running_posts_;
};

}  // namespace gatehouse::net
