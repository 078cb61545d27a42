#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace gatehouse::pipeline {

// How many bytes of payloads all exchanges of the process that are under way may keep together. Thread-safe, and
// without an order between threads: near its limit one may be refused that would have had room a moment later.
class PayloadRoom {
 public:
  explicit PayloadRoom(std::size_t limit) : limit_(limit) {}
  PayloadRoom(const PayloadRoom&) = delete;
  PayloadRoom& operator=(const PayloadRoom&) = delete;
  ~PayloadRoom() = default;

  enum class Answer : std::uint8_t { kTaken, kNoRoom };
  [[nodiscard]] Answer Take(std::size_t bytes) {
    const std::size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before <= limit_ && bytes <= limit_ - before) return Answer::kTaken;
    Give(bytes);
    return Answer::kNoRoom;
  }
  void Give(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
};

// What one exchange has taken of it; dropping it gives that back. Of the thread that has the exchange.
class PayloadShare {
 public:
  PayloadShare() = default;  // of no room: it is never refused anything
  // The room outlives it.
  explicit PayloadShare(PayloadRoom& room) : room_(&room) {}
  PayloadShare(PayloadShare&& other) noexcept
      : room_(std::exchange(other.room_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  PayloadShare& operator=(PayloadShare&& other) noexcept {
    std::swap(room_, other.room_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~PayloadShare() { GiveBack(); }

  [[nodiscard]] PayloadRoom::Answer Take(std::size_t bytes) {
    if (room_ == nullptr) return PayloadRoom::Answer::kTaken;
    const auto answer = room_->Take(bytes);
    if (answer == PayloadRoom::Answer::kTaken) bytes_ += bytes;
    return answer;
  }
  void GiveBack() {
    if (room_ != nullptr && bytes_ != 0) room_->Give(std::exchange(bytes_, 0));
  }

 private:
  PayloadRoom* room_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace gatehouse::pipeline
