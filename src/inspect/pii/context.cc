#include "inspect/pii/context.h"

#include <array>
#include <cstdint>
#include <string>

#include "inspect/pii/characters.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::size_t kLongestWord = 48;

// Lower case of ASCII and of the capitals of Latin-1 in UTF-8, in place.
void Lower(std::array<char, kLongestWord>& word, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    const bool latin = i > 0 && word[i - 1] == '\xC3' && static_cast<unsigned char>(word[i]) >= 0x80 &&
                       static_cast<unsigned char>(word[i]) <= 0x9E;
    word[i] = latin ? static_cast<char>(static_cast<unsigned char>(word[i]) + 0x20) : base::ToLower(word[i]);
  }
}

}  // namespace

void ContextWords::Add(std::size_t topic, std::string_view words) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (end != 0) {
      filter_.Add(words.substr(0, end));
      filter_.Add(std::string(words.substr(0, end)) + 's');
      std::uint32_t& number = words_.Get(words.substr(0, end));
      if (number == 0) {
        topics_.emplace_back();
        number = static_cast<std::uint32_t>(topics_.size());
      }
      topics_[number - 1].set(topic);
    }
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

void ContextWords::AddTopicsOf(std::string_view text, std::size_t begin, std::size_t end, Topics& topics) const {
  const std::size_t size = end - begin;
  if (size < 2 || size > kLongestWord) return;
  const ShortWord word = ShortWordAt(text, begin);
  if (word.size == size && size < ShortWord::kLongest && !filter_.MayHave(word)) return;
  std::array<char, kLongestWord> lower{};
  text.copy(lower.data(), size, begin);
  Lower(lower, size);
  std::uint32_t number = words_.Find({lower.data(), size});
  if (number == 0 && lower[size - 1] == 's') number = words_.Find({lower.data(), size - 1});
  if (number != 0) topics |= topics_[number - 1];
}

Topics ContextWords::Before(std::string_view text, std::size_t at) const {
  Topics topics;
  const std::size_t first = at > kReach ? at - kReach : 0;
  for (int words = 0; at > first && words < kMaxWords; ++words) {
    const std::size_t end = SkipBack(text, at, first, [](char c) { return !IsWordByte(c); });
    at = SkipBack(text, end, first, IsWordByte);
    if (at == first && first > 0) break;  // its beginning is out of reach
    AddTopicsOf(text, at, end, topics);
  }
  return topics;
}

}  // namespace gatehouse::inspect::pii
