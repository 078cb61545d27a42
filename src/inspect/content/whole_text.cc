#include "inspect/content/whole_text.h"

#include <cld2/public/compact_lang_det.h>

#include <algorithm>
#include <array>

namespace gatehouse::inspect::content {
namespace {

bool BeginsCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

// Without what a cut has left of characters at both ends.
std::string_view WholeCharacters(std::string_view text) {
  while (!text.empty() && !BeginsCharacter(text.front())) text.remove_prefix(1);
  std::size_t last = text.size();
  while (last > 0 && !BeginsCharacter(text[last - 1])) --last;
  return last > 0 && static_cast<unsigned char>(text[last - 1]) >= 0x80U ? text.substr(0, last - 1) : text;
}

// A Chinese text is Chinese in either script.
std::string_view Base(std::string_view code) { return code.substr(0, code.find('-')); }

CLD2::Language Named(std::string_view code) { return CLD2::GetLanguageFromName(std::string(code).c_str()); }

}  // namespace

bool IsLanguage(std::string_view code) {
  const bool fits = code.size() == 2 && std::ranges::all_of(code, [](char c) { return c >= 'a' && c <= 'z'; });
  return fits && Named(code) != CLD2::UNKNOWN_LANGUAGE;
}

std::optional<std::string_view> LanguageOf(std::string_view text) {
  std::array<CLD2::Language, 3> languages{};
  std::array<int, 3> percents{};
  std::array<double, 3> scores{};
  int bytes = 0;
  int valid = 0;
  bool reliable = false;
  const std::string whole(WholeCharacters(text));
  CLD2::ExtDetectLanguageSummaryCheckUTF8(whole.c_str(), static_cast<int>(whole.size()), /*is_plain_text=*/true,
                                          /*cld_hints=*/nullptr, /*flags=*/0, languages.data(), percents.data(),
                                          scores.data(), /*resultchunkvector=*/nullptr, &bytes, &reliable, &valid);
  constexpr int kMost = 70;  // percent of the text
  if (!reliable || languages[0] == CLD2::UNKNOWN_LANGUAGE || percents[0] < kMost) return {};
  return Base(CLD2::LanguageCode(languages[0]));
}

TextWatch::TextWatch(const std::vector<WholeTextRule>* rules, const PromptRuns* prompt) : rules_(rules) {
  if (prompt != nullptr) leak_.emplace(*prompt);
  const bool asks = rules != nullptr && std::ranges::any_of(*rules, [](const WholeTextRule& rule) {
                      return rule.kind == WholeTextRule::Kind::kLanguage;
                    });
  if (asks) languages_ = Languages::kAsked;
}

void TextWatch::Take(std::string_view text, std::size_t begin, More more, std::vector<Finding>& findings) {
  if (leak_) leak_->Take(text, begin, findings);
  if (rules_ == nullptr) return;
  Measure(text, begin, findings);
  if (languages_ == Languages::kAsked) ReadLanguage(text, begin, more, findings);
}

void TextWatch::Measure(std::string_view text, std::size_t begin, std::vector<Finding>& findings) {
  const std::size_t before = characters_;
  const std::string_view piece = text.substr(begin);
  characters_ += static_cast<std::size_t>(std::ranges::count_if(piece, BeginsCharacter));
  for (const WholeTextRule& rule : *rules_) {
    if (rule.kind != WholeTextRule::Kind::kLength || before > rule.longest || characters_ <= rule.longest) continue;
    std::size_t at = begin;
    for (std::size_t left = rule.longest - before + 1; left > 0; ++at) {
      if (BeginsCharacter(text[at])) --left;
    }
    findings.push_back({.category = Category::kContent,
                        .entity = rule.name,
                        .span = {.begin = at - 1, .end = text.size()},
                        .confidence = rule.confidence});
  }
}

void TextWatch::ReadLanguage(std::string_view text, std::size_t begin, More more, std::vector<Finding>& findings) {
  while (begin < text.size()) {
    const std::size_t part = std::min(text.size() - begin, kWindow - window_.size());
    window_.append(text, begin, part);
    if (window_.size() == kWindow) JudgeWindow({.begin = begin, .end = begin + part}, findings);
    begin += part;
  }
  if (more == More::kEnded && !window_.empty()) {
    const std::size_t part = std::min(window_.size(), text.size());
    JudgeWindow({.begin = text.size() - part, .end = text.size()}, findings);
  }
}

void TextWatch::JudgeWindow(Span span, std::vector<Finding>& findings) {
  const auto language = LanguageOf(window_);
  window_.clear();
  if (!language || span.size() == 0) return;
  for (const WholeTextRule& rule : *rules_) {
    const bool wanted = std::ranges::find(rule.languages, *language) != rule.languages.end();
    if (rule.kind != WholeTextRule::Kind::kLanguage || wanted) continue;
    findings.push_back(
        {.category = Category::kContent, .entity = rule.name, .span = span, .confidence = rule.confidence});
  }
}

}  // namespace gatehouse::inspect::content
