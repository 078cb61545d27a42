#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace gatehouse::features::identity {

// An index over records that lie in numbered slots of somebody else: four to eight bytes for each, and nothing of the
// record itself. Whoever asks brings the hash and says what is equal. Several slots may have one hash. Not thread-safe.
class SlotTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  std::size_t size() const { return size_; }

  // Makes room for so many slots in all, so that they come in without a pause.
  template <class HashOf>
  void Reserve(std::size_t slots, const HashOf& hash_of) {
    while (slots * 4 > cells_.size() * 3) Grow(hash_of);
  }

  // The first slot of that hash for which `equal(slot)` holds, or kNone.
  template <class Equal>
  std::uint32_t Find(std::uint64_t hash, const Equal& equal) const {
    if (cells_.empty()) return kNone;
    for (std::size_t at = Home(hash);; at = Next(at)) {
      if (cells_[at] == kNone || equal(cells_[at])) return cells_[at];
    }
  }

  // `hash_of(slot)` is the hash of any slot that is in the table, or comes in.
  template <class HashOf>
  void Insert(std::uint32_t slot, const HashOf& hash_of) {
    if ((size_ + 1) * 4 > cells_.size() * 3) Grow(hash_of);
    Put(slot, hash_of(slot));
    ++size_;
  }

  // REQUIRES: the slot is in the table, under the hash that `hash_of` still gives.
  template <class HashOf>
  void Erase(std::uint32_t slot, const HashOf& hash_of) {
    std::size_t hole = Home(hash_of(slot));
    while (cells_[hole] != slot) hole = Next(hole);
    --size_;
    // What lies behind moves up, unless it would come to lie before its home.
    for (std::size_t at = Next(hole); cells_[at] != kNone; at = Next(at)) {
      const std::size_t home = Home(hash_of(cells_[at]));
      if (((at - home) & Mask()) < ((at - hole) & Mask())) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole] = kNone;
  }

 private:
  static constexpr std::size_t kSmallest = 16;

  std::size_t Mask() const { return cells_.size() - 1; }
  // Fibonacci hashing: all bits of the hash have a say.
  std::size_t Home(std::uint64_t hash) const {
    return static_cast<std::size_t>((hash * 0x9E37'79B9'7F4A'7C15ULL) >> 32U) & Mask();
  }
  std::size_t Next(std::size_t at) const { return (at + 1) & Mask(); }
  void Put(std::uint32_t slot, std::uint64_t hash) {
    std::size_t at = Home(hash);
    while (cells_[at] != kNone) at = Next(at);
    cells_[at] = slot;
  }
  template <class HashOf>
  void Grow(const HashOf& hash_of) {
    auto old = std::exchange(cells_, std::vector<std::uint32_t>(cells_.empty() ? kSmallest : cells_.size() * 2, kNone));
    for (const std::uint32_t slot : old) {
      if (slot != kNone) Put(slot, hash_of(slot));
    }
  }

  std::vector<std::uint32_t> cells_;  // a power of two, at most three quarters full
  std::size_t size_ = 0;
};

}  // namespace gatehouse::features::identity
