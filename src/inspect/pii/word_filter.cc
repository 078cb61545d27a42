#include "inspect/pii/word_filter.h"

namespace gatehouse::inspect::pii {

ShortWord::Bytes ShortWord::Padded(std::string_view text) {
  std::array<char, kLongest> padded{};
  text.copy(padded.data(), padded.size());
  Bytes bytes;
  std::memcpy(&bytes, padded.data(), sizeof bytes);
  return bytes;
}

void WordFilter::Add(std::string_view word) {
  const ShortWord key = ShortWordAt(word, 0);
  if (key.size != word.size() || key.size == ShortWord::kLongest) return;
  const std::uint64_t hash = Hash(key);
  cells_[hash >> shift_] |= BitsOf(hash);
}

}  // namespace gatehouse::inspect::pii
