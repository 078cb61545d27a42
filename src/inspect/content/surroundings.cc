#include "inspect/content/surroundings.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "inspect/detector.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::content {
namespace {

constexpr std::size_t kQuoteReach = 24;  // bytes between a quote's sign and what is quoted

// Whoever writes these writes about attacks.
constexpr auto kSubjects = std::to_array<std::string_view>({
    "prompt injection", "injection attack", "prompt-injection", "jailbreak", "attacker",     "adversar",
    "malicious",        "such as",          "for example",      "e.g.",      "for instance", "example:",
    "phrases like",     "red team",         "red-team",         "owasp",     "vulnerab",     "detect",
    "attempts to",      "like \"",          "like '",
});
constexpr auto kInvisible = std::to_array<std::string_view>({
    "display:none",      "display: none",      "visibility:hidden", "visibility: hidden",
    "font-size:0",       "font-size: 0",       "opacity:0",         "opacity: 0",
    "color:white",       "color: white",       "color:#fff",        "color: #fff",
    "color:transparent", "color: transparent", "left:-9999",        "left: -9999",
    "height:0",          "height: 0",          "width:0",           "width: 0",
    "hidden>",           "font-size:1px",      "font-size: 1px",    "text-indent:-",
    "text-indent: -",
});

std::string_view Before(std::string_view text, std::size_t at, std::size_t most) {
  const std::size_t from = at - std::min(at, most);
  return text.substr(from, at - from);
}

// Words of two bytes at least, in small letters, found in one pass: by their first two bytes.
template <std::size_t N>
class WordSet {
 public:
  static_assert(N <= 32);
  constexpr explicit WordSet(const std::array<std::string_view, N>& words) : words_(words) {
    for (std::size_t word = 0; word < N; ++word) slots_.at(Slot(words[word][0], words[word][1])) |= 1U << word;
  }

  // Whether the text has one, its letters of either case.
  bool IsIn(std::string_view text) const {
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
      std::uint32_t begun = slots_[Slot(text[at], text[at + 1])];
      for (; begun != 0; begun &= begun - 1) {
        const std::string_view word = words_[static_cast<std::size_t>(std::countr_zero(begun))];
        if (secret::EqualsFolded(text.substr(at, word.size()), word)) return true;
      }
    }
    return false;
  }

 private:
  // The same for letters of either case.
  static constexpr std::size_t Slot(char first, char second) {
    return ((static_cast<unsigned char>(first) & 0x1FU) << 5U) | (static_cast<unsigned char>(second) & 0x1FU);
  }

  std::array<std::string_view, N> words_;
  std::array<std::uint32_t, 1024> slots_{};
};
constexpr WordSet kAboutAttacks(kSubjects);
constexpr WordSet kHiding(kInvisible);

// A quote that is open: its sign stands shortly before, behind a blank or at the line's beginning.
bool IsQuoted(std::string_view before) {
  for (std::size_t at = before.size(); at > 0; --at) {
    const char byte = before[at - 1];
    if (byte == '\n') return false;
    const bool is_sign = byte == '"' || byte == '\'' || byte == '`' || static_cast<unsigned char>(byte) == 0x9C ||
                         static_cast<unsigned char>(byte) == 0x9E || static_cast<unsigned char>(byte) == 0xAB;
    if (!is_sign) continue;
    const bool closes = at > 1 && secret::IsWordByte(before[at - 2]);
    return !closes;
  }
  return false;
}

bool IsSpokenAbout(std::string_view text, std::size_t at) {
  return IsQuoted(Before(text, at, kQuoteReach)) || kAboutAttacks.IsIn(Before(text, at, Detector::kContext));
}

bool IsHidden(std::string_view text, std::size_t at) {
  const std::string_view before = Before(text, at, Detector::kContext);
  if (!before.contains('<')) return false;
  const std::size_t comment = before.rfind("<!--");
  if (comment != std::string_view::npos && before.find("-->", comment) == std::string_view::npos) return true;
  const std::size_t open = before.rfind('>');
  const std::size_t element = open == std::string_view::npos ? open : before.rfind('<', open);
  if (element == std::string_view::npos || before.substr(element).starts_with("</")) return false;
  return kHiding.IsIn(before.substr(element, open + 1 - element));
}

}  // namespace

const Surroundings::Place& Surroundings::At(std::size_t at) {
  if (last_.at != at) {
    last_ = {.at = at, .spoken_about = content::IsSpokenAbout(text_, at), .hidden = content::IsHidden(text_, at)};
  }
  return last_;
}

bool IsLineBegin(std::string_view text, std::size_t at) {
  while (at > 0 && std::string_view(" \t#*->[(=_").find(text[at - 1]) != std::string_view::npos) --at;
  return at == 0 || text[at - 1] == '\n' || text[at - 1] == '.' || text[at - 1] == '"';
}

}  // namespace gatehouse::inspect::content
