#include "inspect/content/phrase_book.h"

#include <algorithm>

namespace gatehouse::inspect::content {
namespace {

constexpr std::size_t kMostPending = 16;  // words behind a seam that are looked at

}  // namespace

std::uint32_t PhraseBook::Add(const Phrase& phrase) {
  const auto number = static_cast<std::uint32_t>(phrases_.size());
  phrases_.emplace_back(phrase);
  for (const std::string_view word : phrases_.back().first_words()) {
    beginnings_.at(Slot(word)).push_back({.word = word, .phrase = number});
  }
  return number;
}

std::size_t PhraseBook::Slot(std::string_view word) {
  const auto letter = [&](std::size_t at) {
    return at < word.size() ? static_cast<unsigned char>(word[at]) & 0x1FU : 0U;
  };
  return letter(0) * 32 + letter(1);
}

bool PhraseBook::MayBegin(std::span<const WordsBefore::Word> words, std::size_t seam,
                          PhraseMatcher::LastWord last) const {
  return std::ranges::any_of(beginnings_[Slot(words.front().text)], [&](const Beginning& beginning) {
    return IsWord(words.front().text, beginning.word) && phrases_[beginning.phrase].ReachesOver(words, seam, last);
  });
}

std::size_t PhraseBook::OpenFrom(std::string_view text, std::size_t seam) const {
  WordsBefore before(text.substr(0, seam), seam);
  const std::span<const WordsBefore::Word> all = before.All();
  const auto is_beginning = [&](const WordsBefore::Word& word) { return !beginnings_[Slot(word.text)].empty(); };
  if (!std::ranges::any_of(all, is_beginning)) return seam;
  std::vector<WordsBefore::Word> words(all.rbegin(), all.rend());
  const std::size_t candidates = words.size();
  AppendWords(text, seam, kMostPending, words);
  const auto last = !text.empty() && IsWordByteOfAny(text.back()) ? PhraseMatcher::LastWord::kGoesOn
                                                                  : PhraseMatcher::LastWord::kComplete;
  for (std::size_t at = 0; at < candidates; ++at) {
    if (MayBegin(std::span(words).subspan(at), seam, last)) return words[at].begin;
  }
  return seam;
}

}  // namespace gatehouse::inspect::content
