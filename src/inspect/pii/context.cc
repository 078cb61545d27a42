#include "inspect/pii/context.h"

#include <array>
#include <cstdint>

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

void ContextWords::AddTopicsOf(std::string_view word, Topics& topics) const {
  if (word.size() < 2 || word.size() > kLongestWord) return;
  std::array<char, kLongestWord> lower{};
  word.copy(lower.data(), word.size());
  Lower(lower, word.size());
  std::uint32_t number = words_.Find({lower.data(), word.size()});
  if (number == 0 && lower[word.size() - 1] == 's') number = words_.Find({lower.data(), word.size() - 1});
  if (number != 0) topics |= topics_[number - 1];
}

Topics ContextWords::Before(std::string_view text, std::size_t at) const {
  Topics topics;
  const std::size_t first = at > kReach ? at - kReach : 0;
  for (int words = 0; at > first && words < kMaxWords; ++words) {
    const std::size_t end = SkipBack(text, at, first, [](char c) { return !IsWordByte(c); });
    at = SkipBack(text, end, first, IsWordByte);
    if (at == first && first > 0) break;  // its beginning is out of reach
    AddTopicsOf(text.substr(at, end - at), topics);
  }
  return topics;
}

}  // namespace gatehouse::inspect::pii
