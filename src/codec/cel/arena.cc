#include "codec/cel/arena.h"

#include <algorithm>

namespace gatehouse::codec::cel {
namespace {
constexpr std::size_t kAlignment = 16;
constexpr std::size_t kBlock = 4096;
}  // namespace

void* Arena::Allocate(std::size_t bytes) {
  if (bytes > limit_) return nullptr;
  bytes = std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  if (bytes > limit_ - std::min(limit_, used_)) return nullptr;
  used_ += bytes;
  if (bytes > left_) return AllocateBlock(bytes);
  std::byte* result = at_;
  at_ += bytes;
  left_ -= bytes;
  return result;
}

// A large piece gets a block of its own and leaves the current one to the small pieces that follow.
void* Arena::AllocateBlock(std::size_t bytes) {
  const std::size_t size = std::max(bytes, kBlock);
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  std::byte* result = blocks_.back().bytes.get();
  if (size - bytes >= left_) {
    at_ = result + bytes;
    left_ = size - bytes;
  }
  return result;
}

void Arena::Reset() {
  if (used_ == 0) return;
  used_ = 0;
  if (blocks_.size() > 1) blocks_.resize(1);
  if (!blocks_.empty() && blocks_.front().size > kBlock) blocks_.clear();
  at_ = blocks_.empty() ? nullptr : blocks_.front().bytes.get();
  left_ = blocks_.empty() ? 0 : blocks_.front().size;
}

}  // namespace gatehouse::codec::cel
