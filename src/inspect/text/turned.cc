#include "inspect/text/turned.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <tuple>

#include "inspect/byte_block.h"
#include "inspect/seam.h"
#include "inspect/text/encoded_word.h"

namespace gatehouse::inspect::text {

namespace {

constexpr std::size_t kShortestRandom = 20;
constexpr std::size_t kLongestToken = 1024;

// What tokens and encoded words are made of.
constexpr bool IsTokenByte(char c) {
  const bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  return word || c == '+' || c == '/' || c == '-' || c == '_' || c == '=';
}

std::size_t CountCapitals(std::string_view words) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < words.size(); at += ByteBlock::kSize) {
    count += static_cast<std::size_t>(std::popcount(ByteBlock(words, at).Find(ByteBlock::IsCapital)));
  }
  return count;
}

// Names in programs have fewer capitals.
bool LooksRandom(std::string_view word) {
  constexpr std::size_t kShortestOfLetters = 32;
  if (word.size() < kShortestRandom || word.size() > kLongestToken) return false;
  std::size_t digits = 0;
  std::size_t capital = 0;
  std::size_t small = 0;
  for (const char c : word) {
    digits += c >= '0' && c <= '9' ? 1 : 0;
    capital += c >= 'A' && c <= 'Z' ? 1 : 0;
    small += c >= 'a' && c <= 'z' ? 1 : 0;
  }
  const std::size_t shortest = digits >= 2 ? kShortestRandom : kShortestOfLetters;
  return word.size() >= shortest && capital * 4 >= word.size() && small * 4 >= word.size();
}

}  // namespace

void TurnedParts::AddRandomWords(std::string_view words, std::size_t begin) {
  if (CountCapitals(words) * 4 < kShortestRandom) return;
  std::string said;
  for (std::size_t at = 0; at < words.size(); ++at) {
    std::size_t end = at;
    while (end < words.size() && IsTokenByte(words[end])) ++end;
    const std::string_view one = words.substr(at, end - at);
    if (LooksRandom(one) && !DecodeWord(one, said)) {
      const Span word{.begin = begin + at, .end = begin + end};
      Add({.turn = Turn::kRotated, .at = word});
      Add({.turn = Turn::kReversed, .at = word});
    }
    at = end;
  }
}

void TurnedParts::Sort(std::string_view text, std::size_t begin) {
  std::ranges::sort(turned_, {}, [](const Turned& part) { return std::tuple(part.turn, part.at.begin, part.at.end); });
  const auto reversed = std::ranges::find(turned_, Turn::kReversed, &Turned::turn) - turned_.begin();
  parts_.clear();
  rotated_ = Join(std::span(turned_).first(static_cast<std::size_t>(reversed)), parts_);
  Join(std::span(turned_).subspan(static_cast<std::size_t>(reversed)), parts_);
  FindStretches(text, begin);
}

// Appends the spans, those that touch as one, and returns how many there are then.
std::size_t TurnedParts::Join(std::span<const Turned> turned, std::vector<Span>& parts) {
  const std::size_t first = parts.size();
  for (const Turned& part : turned) {
    if (parts.size() > first && part.at.begin <= parts.back().end) {
      parts.back().end = std::max(parts.back().end, part.at.end);
    } else {
      parts.push_back(part.at);
    }
  }
  return parts.size();
}

std::span<const Span> TurnedParts::PartsOf(Turn turn) const {
  const std::span<const Span> all = parts_;
  return turn == Turn::kRotated ? all.first(rotated_) : all.subspan(rotated_);
}

void TurnedParts::FindStretches(std::string_view text, std::size_t begin) {
  stretches_.clear();
  size_ = text.size();
  PieceFinder pieces(text, begin);
  std::size_t done = begin;
  for (const Turned& part : turned_) {
    if (part.turn != Turn::kReversed || part.at.begin < done || part.at.begin >= text.size()) continue;
    const bool is_phrase = part.reach == Turned::Reach::kPhrase;
    const std::size_t from =
        is_phrase ? part.at.begin - std::min(part.at.begin, kBefore) : pieces.At(part.at.begin).begin;
    const std::size_t reach = is_phrase ? part.at.end + kReach : part.at.end - 1;
    done = reach >= text.size() ? text.size() : pieces.At(reach).end;
    stretches_.push_back({.begin = part.at.begin, .read = {.begin = from, .end = done}, .reach = part.reach});
  }
}

std::size_t TurnedParts::OpenFrom(std::size_t seam) const {
  const auto end_of = [&](const Stretch& stretch) {
    return stretch.read.end == size_ ? size_ + 1 : stretch.read.end;  // it goes on when more comes
  };
  const auto over = std::ranges::upper_bound(stretches_, seam, {}, end_of);
  return over != stretches_.end() && over->begin < seam ? over->begin : seam;
}

bool HasPartIn(std::span<const Span> parts, Span span) {
  const auto next = std::ranges::upper_bound(parts, span.begin, {}, &Span::end);
  return next != parts.end() && next->begin < span.end;
}

}  // namespace gatehouse::inspect::text
