#include "http/read_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gatehouse::http {
namespace {

// Up to here moving bytes costs less than a buffer that is out of the cache.
constexpr std::size_t kFewBytes = BufferPool::kBufferBytes / 8;

}  // namespace

std::unique_ptr<char[]> BufferPool::Take() {
  if (kept_.empty()) return std::make_unique_for_overwrite<char[]>(kBufferBytes);
  auto buffer = std::move(kept_.back());
  kept_.pop_back();
  return buffer;
}

void BufferPool::GiveBack(std::unique_ptr<char[]> buffer) {
  if (kept_.size() < kMaxKept) kept_.push_back(std::move(buffer));
}

ReadBuffer::ReadBuffer(ReadBuffer&& other) noexcept
    : pool_(other.pool_),
      bytes_(std::move(other.bytes_)),
      capacity_(std::exchange(other.capacity_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

void ReadBuffer::Acquire() {
  if (empty() && capacity_ < BufferPool::kBufferBytes) Drop();
  if (bytes_) return;
  bytes_ = pool_->Take();
  capacity_ = BufferPool::kBufferBytes;
  begin_ = end_ = 0;
}

void ReadBuffer::Drop() {
  if (bytes_ && capacity_ == BufferPool::kBufferBytes) pool_->GiveBack(std::move(bytes_));
  bytes_.reset();
  capacity_ = begin_ = end_ = 0;
}

void ReadBuffer::Release() {
  if (empty()) Drop();
}

void ReadBuffer::Shrink() {
  const std::size_t kept = size();
  if (kept == 0 || kept > kFewBytes || capacity_ != BufferPool::kBufferBytes) return;
  auto few = std::make_unique_for_overwrite<char[]>(kept);
  std::memcpy(few.get(), bytes_.get() + begin_, kept);
  Drop();
  bytes_ = std::move(few);
  capacity_ = end_ = kept;
}

std::span<char> ReadBuffer::Room() {
  Acquire();
  if (empty()) {
    begin_ = end_ = 0;
  } else if (end_ == capacity_ && begin_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) Grow(BufferPool::kBufferBytes);
  return RoomBehind();
}

std::span<char> ReadBuffer::RoomBehind() {
  Acquire();
  return {bytes_.get() + end_, capacity_ - end_};
}

void ReadBuffer::Grow(std::size_t capacity) {
  if (capacity <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  const std::size_t kept = size();
  if (kept > 0) std::memcpy(larger.get(), bytes_.get() + begin_, kept);
  Drop();
  bytes_ = std::move(larger);
  capacity_ = capacity;
  end_ = kept;
}

}  // namespace gatehouse::http
