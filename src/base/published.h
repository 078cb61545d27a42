#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace gatehouse::base {

// An immutable value that many threads read and one replaces whole (RCU in spirit). A reader pins the value for as long
// as it needs it; the old value dies with its last pin. Pin() is cheap when the thread keeps a Reader, which touches
// shared memory only after a replacement.
template <class T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> first) : current_(std::move(first)) {}
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  std::shared_ptr<const T> Pin() const {
    const std::scoped_lock lock(mutex_);
    return current_;
  }
  void Replace(std::shared_ptr<const T> next) {
    std::shared_ptr<const T> old;  // dies after the lock is released
    const std::scoped_lock lock(mutex_);
    old = std::exchange(current_, std::move(next));
    version_.fetch_add(1, std::memory_order_release);
  }
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // One thread's view. Keeps the last value pinned; not thread-safe itself. `published` outlives it.
  class Reader {
   public:
    explicit Reader(const Published& published) : published_(&published) {}
    const std::shared_ptr<const T>& Pin() {
      const auto version = published_->version();
      if (!pinned_ || version != version_) {
        version_ = version;
        pinned_ = published_->Pin();
      }
      return pinned_;
    }

   private:
    const Published* published_;
    std::uint64_t version_ = 0;
    std::shared_ptr<const T> pinned_;
  };

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> current_;
  std::atomic<std::uint64_t> version_ = 1;
};

}  // namespace gatehouse::base
