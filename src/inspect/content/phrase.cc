#include "inspect/content/phrase.h"

#include <algorithm>
#include <charconv>

#include "inspect/detector.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::content {
namespace {

// The next piece of `text` up to `separator`, taken off.
std::string_view Take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

// The same for letters of either case.
std::uint32_t LetterBit(std::string_view word) { return 1U << (static_cast<unsigned char>(word.front()) & 31U); }

}  // namespace

bool IsWord(std::string_view word, std::string_view wanted) {
  if (wanted.ends_with('*')) {
    wanted.remove_suffix(1);
    word = word.substr(0, wanted.size());
  }
  return secret::EqualsFolded(word, wanted);
}

void AppendWords(std::string_view text, std::size_t begin, std::size_t most, std::vector<WordsBefore::Word>& words) {
  for (std::size_t count = 0; count < most; ++count) {
    while (begin < text.size() && !IsWordByteOfAny(text[begin])) ++begin;
    std::size_t end = begin;
    while (end < text.size() && IsWordByteOfAny(text[end])) ++end;
    if (end == begin) return;
    words.push_back({.begin = begin, .text = text.substr(begin, end - begin)});
    begin = end;
  }
}

WordsBefore::WordsBefore(std::string_view text, std::size_t end) : text_(text) {
  while (end < text.size() && IsWordByteOfAny(text[end])) ++end;
  end_ = end;
  limit_ = end - std::min(end, Detector::kContext);
}

bool WordsBefore::Extend() {
  if (count_ == kMostWords) return false;
  while (end_ > limit_ && !IsWordByteOfAny(text_[end_ - 1])) --end_;
  if (end_ == limit_) return false;
  const std::size_t end = end_;
  while (end_ > limit_ && IsWordByteOfAny(text_[end_ - 1])) --end_;
  words_[count_++] = {.begin = end_, .text = text_.substr(end_, end - end_)};
  return true;
}

PhraseMatcher::PhraseMatcher(const Phrase& phrase) : phrase_(phrase) {
  std::string_view rest = phrase.words;
  std::size_t gap = 0;
  while (!rest.empty()) {
    std::string_view piece = Take(rest, ' ');
    if (secret::IsDigit(piece.front())) {
      std::from_chars(piece.data(), piece.data() + piece.size(), gap);
      continue;
    }
    Slot slot{.words = {}, .gap = gap};
    while (!piece.empty()) {
      slot.words.push_back(Take(piece, '|'));
      slot.letters |= LetterBit(slot.words.back());
    }
    slots_.insert(slots_.begin(), std::move(slot));
    gap = 0;
  }
}

bool PhraseMatcher::IsOneOf(std::string_view word, const Slot& slot) {
  return (slot.letters & LetterBit(word)) != 0 &&
         std::ranges::any_of(slot.words, [&](std::string_view wanted) { return IsWord(word, wanted); });
}

bool PhraseMatcher::ReachesOver(std::span<const WordsBefore::Word> words, std::size_t seam, LastWord last) const {
  return !words.empty() && IsOneOf(words.front().text, slots_.back()) && GoesOn(words, slots_.size() - 1, seam, last);
}

// The first of `words` is that of the slot; the slots before it in the vector are to follow.
bool PhraseMatcher::GoesOn(std::span<const WordsBefore::Word> words, std::size_t slot, std::size_t seam,
                           LastWord last) const {
  if (slot == 0) return words.front().begin + words.front().text.size() > seam;
  const std::size_t farthest = slots_[slot - 1].gap + 1;
  for (std::size_t next = 1; next <= farthest; ++next) {
    if (next >= words.size() || (next + 1 == words.size() && last == LastWord::kGoesOn)) return true;
    if (IsOneOf(words[next].text, slots_[slot - 1]) && GoesOn(words.subspan(next), slot - 1, seam, last)) return true;
  }
  return false;
}

// The first of words [from, to) that the slot has, if there is one.
std::optional<std::size_t> PhraseMatcher::Find(WordsBefore& words, std::size_t from, std::size_t to, const Slot& slot) {
  for (std::size_t at = from; at < to; ++at) {
    const WordsBefore::Word* const word = words.At(at);
    if (word == nullptr) return std::nullopt;
    if (IsOneOf(word->text, slot)) return at;
  }
  return std::nullopt;
}

std::optional<std::size_t> PhraseMatcher::Match(WordsBefore& words) const {
  std::optional<std::size_t> at = Find(words, 0, 1, slots_.front());
  for (std::size_t slot = 1; at && slot < slots_.size(); ++slot) {
    at = Find(words, *at + 1, *at + 2 + slots_[slot - 1].gap, slots_[slot]);
  }
  if (!at) return std::nullopt;
  return words.At(*at)->begin;
}

}  // namespace gatehouse::inspect::content
