#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::inspect::pii {

// Words and a number of bits for each, found in some nanoseconds. Filled once, then shared by all threads.
class WordTable {
 public:
  // `bits` join those that the word has; not 0.
  void Add(std::string_view word, std::uint32_t bits);
  // 0 for words that are not in the table.
  std::uint32_t Find(std::string_view word) const;
  // The bits of a word, to change; an entry is made where there is none.
  std::uint32_t& Get(std::string_view word);
  // Calls visit(word, bits) for every word, in no particular order.
  template <class Visit>
  void Each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.size != 0) visit(std::string_view(text_).substr(slot.offset, slot.size), slot.bits);
    }
  }

 private:
  struct Slot {
    std::uint32_t offset = 0;  // of the word in `text_`
    std::uint16_t size = 0;    // 0: empty
    std::uint16_t tag = 0;     // of the hash, so that most others are told apart without a look at the text
    std::uint32_t bits = 0;
  };

  std::size_t SlotOf(std::string_view word) const;
  void Grow();

  std::string text_;
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace gatehouse::inspect::pii
