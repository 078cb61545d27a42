#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace gatehouse::store {

// Jobs for worker threads, first come, first served; bounded. Thread-safe.
template <class Job>
class WorkQueue {
 public:
  explicit WorkQueue(std::size_t max_waiting) : max_waiting_(max_waiting) {}

  enum class Outcome : std::uint8_t { kTaken, kFull };
  Outcome Push(Job job) {
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.size() >= max_waiting_) return Outcome::kFull;
      waiting_.push_back(std::move(job));
    }
    ready_.notify_one();
    return Outcome::kTaken;
  }

  // Waits for work, no longer than that: up to `at_most` jobs.
  std::vector<Job> Take(std::size_t at_most, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, patience, [this] { return closed_ || !waiting_.empty(); });
    std::vector<Job> taken;
    while (!waiting_.empty() && taken.size() < at_most) {
      taken.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    return taken;
  }
  // Closed, and all that was taken on is done.
  bool finished() const {
    const std::scoped_lock lock(mutex_);
    return closed_ && waiting_.empty();
  }

  // What waits is still to be done; nothing more is to be pushed.
  void Close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

 private:
  const std::size_t max_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> waiting_;  // guarded by mutex_
  bool closed_ = false;      // guarded by mutex_
};

}  // namespace gatehouse::store
