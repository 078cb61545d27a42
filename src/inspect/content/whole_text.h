#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/content/prompt_leak.h"
#include "inspect/finding.h"

namespace gatehouse::inspect::content {

// What an operator wants of a text as a whole. The entity of a finding is the name of its rule.
struct WholeTextRule {
  std::string name;
  enum class Kind : std::uint8_t {
    kLength,    // at most `longest` characters (code points)
    kLanguage,  // in one of `languages`
  } kind = Kind::kLength;
  std::size_t longest = 0;
  std::vector<std::string> languages;  // ISO 639-1, as IsLanguage knows them
  float confidence = 1;
};

// Whether texts in a language can be told: "en", "de", "zh".
bool IsLanguage(std::string_view code);

// The language of a text, where it is long and plain enough to be told from all others.
std::optional<std::string_view> LanguageOf(std::string_view text);

// Watches one text that comes in pieces, which end at seams, in order: a prompt that comes back, its length, its
// language. A length is told of once, from the first character that is too much; a language of each kWindow bytes of
// text that are in none of the wanted ones, and of the end. Where the text is cut decides only how far back a finding
// reaches: what stands before the piece is gone already. Of one loop.
class TextWatch {
 public:
  static constexpr std::size_t kWindow = 1024;

  // Both outlive it; either may be null.
  TextWatch(const std::vector<WholeTextRule>* rules, const PromptRuns* prompt);

  enum class More : std::uint8_t { kMayCome, kEnded };
  // Appends what it sees in text[begin, end); what stands before was taken before.
  void Take(std::string_view text, std::size_t begin, More more, std::vector<Finding>& findings);

 private:
  void Measure(std::string_view text, std::size_t begin, std::vector<Finding>& findings);
  void ReadLanguage(std::string_view text, std::size_t begin, More more, std::vector<Finding>& findings);
  void JudgeWindow(Span span, std::vector<Finding>& findings);

  const std::vector<WholeTextRule>* rules_;
  std::optional<LeakWatch> leak_;
  std::size_t characters_ = 0;  // taken
  std::string window_;          // of the text, as far as it is not judged; only where languages are asked for
  enum class Languages : std::uint8_t { kAny, kAsked } languages_ = Languages::kAny;
};

}  // namespace gatehouse::inspect::content
