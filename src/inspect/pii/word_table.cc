#include "inspect/pii/word_table.h"

#include <cstring>
#include <utility>

#include "base/check.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::size_t kSmallest = 64;
constexpr std::size_t kMaxWord = 256;

// Multiplications over eight bytes at a time. Not secret: the words are our own, and what is looked up makes no entry.
std::uint64_t Hash(std::string_view word) {
  std::uint64_t hash = word.size() * 0x9E3779B97F4A7C15ULL;
  for (; !word.empty(); word.remove_prefix(word.size() < 8 ? word.size() : 8)) {
    std::uint64_t part = 0;
    std::memcpy(&part, word.data(), word.size() < 8 ? word.size() : 8);
    hash = (hash ^ part) * 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32U;
  }
  return hash;
}

}  // namespace

std::size_t WordTable::SlotOf(std::string_view word) const {
  const std::uint64_t hash = Hash(word);
  const auto tag = static_cast<std::uint16_t>(hash >> 48U);
  std::size_t at = hash & (slots_.size() - 1);
  for (;; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.size == 0) return at;
    if (slot.tag == tag && slot.size == word.size() && text_.compare(slot.offset, slot.size, word) == 0) return at;
  }
}

std::uint32_t WordTable::Find(std::string_view word) const {
  if (word.empty() || slots_.empty()) return 0;
  return slots_[SlotOf(word)].bits;
}

void WordTable::Grow() {
  std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(old.empty() ? kSmallest : old.size() * 2);
  for (const Slot& slot : old) {
    if (slot.size != 0) slots_[SlotOf(std::string_view(text_).substr(slot.offset, slot.size))] = slot;
  }
}

std::uint32_t& WordTable::Get(std::string_view word) {
  GH_CHECK(!word.empty() && word.size() <= kMaxWord);
  if (count_ * 2 >= slots_.size()) Grow();
  Slot& slot = slots_[SlotOf(word)];
  if (slot.size == 0) {
    slot = {.offset = static_cast<std::uint32_t>(text_.size()),
            .size = static_cast<std::uint16_t>(word.size()),
            .tag = static_cast<std::uint16_t>(Hash(word) >> 48U)};
    text_.append(word);
    ++count_;
  }
  return slot.bits;
}

void WordTable::Add(std::string_view word, std::uint32_t bits) { Get(word) |= bits; }

}  // namespace gatehouse::inspect::pii
