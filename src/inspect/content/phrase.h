#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace gatehouse::inspect::content {

// A sequence of words with others between them, of which each may be one of several. Written as
//
//   "ignore|disregard|forget 3 previous|prior|above 1 instructions|prompt"
//
// where a number is how many other words may stand there, 0 if there is none. A word that ends with "*" is the
// beginning of one. Words are in small letters; ASCII letters of the text are of either case.
struct Phrase {
  std::string_view entity;
  float confidence = 0;
  std::string_view words;
};

// The last words before a place of a text, back to front, without what stands between them. At most kMostWords, at most
// Detector::kContext bytes back. They are looked for when they are asked for.
class WordsBefore {
 public:
  static constexpr std::size_t kMostWords = 24;

  struct Word {
    std::size_t begin = 0;
    std::string_view text;
  };

  // `end` is in a word, or behind one; that word is the first. What is behind its end is not looked at.
  WordsBefore(std::string_view text, std::size_t end);
  // Null where there are no more.
  const Word* At(std::size_t number) {
    while (number >= count_) {
      if (!Extend()) return nullptr;
    }
    return &words_[number];
  }
  std::span<const Word> All() {
    At(kMostWords);
    return {words_, count_};
  }

 private:
  bool Extend();

  std::string_view text_;
  std::size_t end_ = 0;  // of what was not looked at yet
  std::size_t limit_ = 0;
  Word words_[kMostWords];
  std::size_t count_ = 0;
};

// A Phrase that is read once, to be searched for from its last word.
class PhraseMatcher {
 public:
  explicit PhraseMatcher(const Phrase& phrase);

  // The words that it may end with: what a text is scanned for.
  const std::vector<std::string_view>& last_words() const { return slots_.front().words; }
  const Phrase& phrase() const { return phrase_; }
  const std::vector<std::string_view>& first_words() const { return slots_.back().words; }
  // Whether it begins with the first of `words`, which are in the order of the text and all there is of it, and reaches
  // over `seam`, or may when more comes. The last word may not be complete where it `goes_on`.
  enum class LastWord : std::uint8_t { kComplete, kGoesOn };
  bool ReachesOver(std::span<const WordsBefore::Word> words, std::size_t seam, LastWord last) const;

  // Where it begins if it ends with the first of `words`.
  std::optional<std::size_t> Match(WordsBefore& words) const;

 private:
  struct Slot {
    std::vector<std::string_view> words;
    std::uint32_t letters = 0;  // that they begin with: a bit for the last five of each first byte
    std::size_t gap = 0;        // other words between this one and the next slot's, which stands before it
  };
  static bool IsOneOf(std::string_view word, const Slot& slot);
  static std::optional<std::size_t> Find(WordsBefore& words, std::size_t from, std::size_t to, const Slot& slot);
  bool GoesOn(std::span<const WordsBefore::Word> words, std::size_t slot, std::size_t seam, LastWord last) const;

  Phrase phrase_;
  std::vector<Slot> slots_;  // back to front
};

// Whether `word` is `wanted`, or begins as that says.
bool IsWord(std::string_view word, std::string_view wanted);
// The words of text[begin, end of text), at most `most`, appended in their order.
void AppendWords(std::string_view text, std::size_t begin, std::size_t most, std::vector<WordsBefore::Word>& words);

// Letters, digits, and all of other alphabets: what words are made of here.
inline constexpr auto kWordBytes = [] {
  std::array<bool, 256> is{};
  for (unsigned byte = 0; byte < is.size(); ++byte) {
    is[byte] = (byte >= '0' && byte <= '9') || ((byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z') || byte >= 0x80;
  }
  return is;
}();
constexpr bool IsWordByteOfAny(char byte) { return kWordBytes[static_cast<unsigned char>(byte)]; }

}  // namespace gatehouse::inspect::content
