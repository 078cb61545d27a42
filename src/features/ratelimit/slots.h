#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/handoff.h"
#include "net/loop.h"

namespace gatehouse::features::ratelimit {

class Slots;

// The right to be one of those that are under way at once. Dropping it gives it back, on any thread.
class Slot {
 public:
  Slot() = default;
  explicit Slot(std::shared_ptr<Slots> slots) : slots_(std::move(slots)) {}
  Slot(Slot&& other) noexcept = default;
  Slot& operator=(Slot&& other) noexcept;
  ~Slot() { Release(); }

  explicit operator bool() const { return slots_ != nullptr; }
  void Release();

 private:
  std::shared_ptr<Slots> slots_;  // null: none is held
};

// Counts what is under way at once, and queues those for whom there is no room: one queue per caller, served in turn,
// so that who asks for much waits for himself. Shared by all loops; thread-safe. Must be owned by a shared_ptr, which
// its slots and places keep.
class Slots {
 public:
  Slots() = default;
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  // None when `limit` are under way, or when others wait.
  static Slot Take(std::shared_ptr<Slots> slots, std::uint32_t limit);

  struct Terms {
    std::uint32_t limit = 1;
    std::uint32_t waiting = 0;  // how many may wait at once
    std::uint64_t caller = 0;   // whose queue
  };
  // A place in the queue. Dropping it leaves the queue. Belongs to the loop it was made on.
  class Place {
   public:
    Place(std::shared_ptr<Slots> slots, net::Loop& loop, Terms terms);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();
    // The slot, or none at the deadline. Once.
    net::Task<Slot> Await(net::Deadline deadline);

   private:
    friend class Slots;
    std::shared_ptr<Slots> slots_;
    const Terms terms_;
    net::Handoff<Slot> handoff_;
    bool queued_ = false;             // guarded by the slots' mutex
    std::list<Place*>::iterator at_;  // in its caller's lane, while queued
  };
  // Null when as many wait as may.
  static std::unique_ptr<Place> Join(const std::shared_ptr<Slots>& slots, net::Loop& loop, Terms terms);

  // No more than so many, whatever the limit: what this gateway has of one that several share. Answers how many are
  // under way, which may be more.
  std::uint32_t SetCeiling(std::uint32_t ceiling);
  std::uint32_t ceiling() const { return CeilingIn(state_.load(std::memory_order_relaxed)); }

  std::uint32_t used() const { return UsedIn(state_.load(std::memory_order_relaxed)); }
  std::uint32_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  friend class Slot;
  struct Lane {
    std::uint64_t caller = 0;
    std::list<Place*> places;
  };
  using Grants = std::vector<std::pair<net::Handoff<Slot>::Sender, Slot>>;

  static constexpr unsigned kCeilingShift = 32;
  static constexpr std::uint64_t kNoCeiling = std::uint64_t{0xFFFF'FFFF} << kCeilingShift;
  static std::uint32_t UsedIn(std::uint64_t state) { return static_cast<std::uint32_t>(state); }
  static std::uint32_t CeilingIn(std::uint64_t state) { return static_cast<std::uint32_t>(state >> kCeilingShift); }

  bool Count(std::uint32_t limit);
  void Give();
  void Serve();
  void Leave(Place& place);
  void Remove(Place& place);  // under the mutex

  std::atomic<std::uint64_t> state_ = kNoCeiling;  // the ceiling, and how many are under way
  std::atomic<std::uint32_t> waiting_ = 0;         // changed under the mutex
  std::mutex mutex_;
  std::list<Lane> lanes_;                                                   // guarded by mutex_; the next one in front
  std::unordered_map<std::uint64_t, std::list<Lane>::iterator> by_caller_;  // guarded by mutex_
};

}  // namespace gatehouse::features::ratelimit
