#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace gatehouse::codec::cel {

// Memory that is handed out piece by piece and given back all at once. Nothing in it is destroyed: only things without
// a destructor go in. One thread at a time; dropping it frees everything.
class Arena {
 public:
  // More than `limit` bytes between two resets are refused.
  explicit Arena(std::size_t limit) : limit_(limit) {}
  Arena(Arena&& other) noexcept = default;
  Arena& operator=(Arena&& other) noexcept = default;

  // Aligned for any Value; nullptr when the limit is reached.
  void* Allocate(std::size_t bytes);

  template <class T, class... Arguments>
  T* New(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>);
    void* place = Allocate(sizeof(T));
    return place == nullptr ? nullptr : ::new (place) T(std::forward<Arguments>(arguments)...);
  }
  // `count` values, not yet written.
  template <class T>
  T* NewArray(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count > limit_ / sizeof(T)) return nullptr;
    return static_cast<T*>(Allocate(count * sizeof(T)));
  }

  // Takes everything back and keeps one block for the next time.
  void Reset();
  void SetLimit(std::size_t limit) { limit_ = limit; }
  std::size_t used() const { return used_; }
  std::size_t limit() const { return limit_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };
  void* AllocateBlock(std::size_t bytes);

  std::vector<Block> blocks_;
  std::byte* at_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
  std::size_t limit_;
};

}  // namespace gatehouse::codec::cel
