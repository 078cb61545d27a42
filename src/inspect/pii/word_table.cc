#include "inspect/pii/word_table.h"

#include <cstring>
#include <utility>

#include "base/check.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::size_t kSmallest = 64;
constexpr std::size_t kMaxWord = 256;

template <class Number>
std::uint64_t Load(const char* at) {
  Number number = 0;
  std::memcpy(&number, at, sizeof number);
  return number;
}

// Up to eight bytes, each of them in some place.
std::uint64_t LoadShort(std::string_view word) {
  const char* const end = word.data() + word.size();
  if (word.size() >= 4) return Load<std::uint32_t>(word.data()) << 32U | Load<std::uint32_t>(end - 4);
  if (word.size() >= 2) return Load<std::uint16_t>(word.data()) << 32U | Load<std::uint16_t>(end - 2);
  return static_cast<unsigned char>(word.front());
}

// Multiplications over eight bytes at a time, the last of which may overlap those before. Not secret: the words are our
// own, and what is looked up makes no entry.
std::uint64_t Hash(std::string_view word) {
  std::uint64_t hash = word.size() * 0x9E3779B97F4A7C15ULL;
  const auto mix = [&hash](std::uint64_t part) {
    hash = (hash ^ part) * 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32U;
  };
  if (word.size() <= 8) {
    mix(LoadShort(word));
    return hash;
  }
  for (std::size_t at = 0; at + 8 < word.size(); at += 8) mix(Load<std::uint64_t>(word.data() + at));
  mix(Load<std::uint64_t>(word.data() + word.size() - 8));
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
