#include "inspect/secret/plausible.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include "codec/crypto/crc32.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::secret {
namespace {

// Whoever writes these means no particular credential.
constexpr auto kStandIns = std::to_array<std::string_view>({
    "example", "your",    "changeme", "change_me", "change-me", "placeholder", "redacted",
    "insert",  "replace", "dummy",    "sample",    "sk-1234",   "xxxx",        "****",
    "....",    "<",       "${",       "{{",        "todo",      "_here",       "-here",
});
// Keys that documentation has published, by their last characters: they open nothing.
constexpr auto kPublished = std::to_array<std::string_view>(
    {"-oo6YyIs", "Eke8agEM", "HIAODrlU", "R_znhrh0", "fhixbX4A", "_UUPwX7c", "KctWmLd4", "jaXeDQgY", "_a_p4wtM",
     "jmdnP5sQ", "rOq1cS7g", "FnzAvvuU", "JmprNXsw", "aOi4FmqE", "VL_n0nvY", "06d14126", "b625c8f1"});

constexpr std::size_t kRepeated = 6;   // the same character so often in a row is nobody's key
constexpr std::size_t kAscending = 4;  // characters in a row that count as a sequence: "4567", "abcd"

std::size_t LongestRepetition(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    run = at > 0 && text[at] == text[at - 1] ? run + 1 : 1;
    longest = std::max(longest, run);
  }
  return longest;
}

// How many characters stand in sequences.
std::size_t InSequences(std::string_view text) {
  std::size_t all = 0;
  std::size_t run = 1;
  for (std::size_t at = 1; at <= text.size(); ++at) {
    const bool goes_on = at < text.size() && (text[at] == text[at - 1] + 1 || (text[at] == '0' && text[at - 1] == '9'));
    if (goes_on) {
      ++run;
      continue;
    }
    if (run >= kAscending) all += run;
    run = 1;
  }
  return all;
}

bool IsVowel(char byte) { return std::string_view("aeiouy").find(Lower(byte)) != std::string_view::npos; }

// A run of letters as a word has them: from four on, vowels at least every fourth.
bool IsPronounceable(std::string_view letters) {
  if (letters.size() < 4) return false;
  std::size_t consonants = 0;
  std::size_t vowels = 0;
  for (const char letter : letters) {
    consonants = IsVowel(letter) ? 0 : consonants + 1;
    vowels += IsVowel(letter) ? 1U : 0U;
    if (consonants > 4) return false;
  }
  return vowels * 5 >= letters.size();
}

// The end of the word that begins at `begin`: a capital and small letters, or letters of one case.
std::size_t WordEnd(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  const auto is_lower = [&](std::size_t at) { return text[at] >= 'a' && text[at] <= 'z'; };
  const auto is_upper = [&](std::size_t at) { return text[at] >= 'A' && text[at] <= 'Z'; };
  if (is_upper(begin) && end < text.size() && is_upper(end)) {
    while (end < text.size() && is_upper(end)) ++end;
  } else {
    while (end < text.size() && is_lower(end)) ++end;
  }
  return end;
}

std::string Base62OfSix(std::uint32_t value) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string digits(6, '0');
  for (std::size_t at = digits.size(); at-- > 0; value /= 62) digits[at] = kDigits[value % 62];
  return digits;
}

}  // namespace

double Entropy(std::string_view text) {
  std::array<std::size_t, 256> counts{};
  for (const char byte : text) ++counts[static_cast<unsigned char>(byte)];
  double bits = 0;
  const auto size = static_cast<double>(text.size());
  for (const std::size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / size;
    bits -= share * std::log2(share);
  }
  return bits;
}

bool IsPlaceholder(std::string_view text) {
  if (text.empty() || LongestRepetition(text) >= std::min(kRepeated, std::max<std::size_t>(text.size(), 3)))
    return true;
  if (InSequences(text) * 2 >= text.size()) return true;
  if (text.front() == '$' || text.front() == '%' || text.front() == '[') return true;
  if (text.front() == '{' && IsWordy(text)) return true;
  if (std::ranges::any_of(kPublished, [&](std::string_view end) { return text.ends_with(end); })) return true;
  std::string folded(text);
  std::ranges::transform(folded, folded.begin(), Lower);
  return std::ranges::any_of(kStandIns, [&](std::string_view word) { return folded.find(word) != std::string::npos; });
}

bool IsWordy(std::string_view text) {
  std::size_t in_words = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (!IsLetter(text[at])) {
      ++at;
      continue;
    }
    const std::size_t end = WordEnd(text, at);
    if (IsPronounceable(text.substr(at, end - at))) in_words += end - at;
    at = end;
  }
  return in_words * 2 > text.size();
}

bool HasDigit(std::string_view text) { return std::ranges::any_of(text, IsDigit); }
bool HasLetter(std::string_view text) { return std::ranges::any_of(text, IsLetter); }
bool HasUpper(std::string_view text) {
  return std::ranges::any_of(text, [](char byte) { return byte >= 'A' && byte <= 'Z'; });
}
bool HasLower(std::string_view text) {
  return std::ranges::any_of(text, [](char byte) { return byte >= 'a' && byte <= 'z'; });
}

bool HasChecksum(std::string_view token, Checksum kind) {
  if (kind == Checksum::kNone || token.size() <= 6) return false;
  std::string_view covered = token.substr(0, token.size() - 6);
  if (kind == Checksum::kCrc32OfRandom) covered.remove_prefix(covered.find('_') + 1);
  return Base62OfSix(codec::crypto::Crc32(covered)) == token.substr(token.size() - 6);
}

}  // namespace gatehouse::inspect::secret
