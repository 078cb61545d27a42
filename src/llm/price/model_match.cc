#include "llm/price/model_match.h"

#include <algorithm>
#include <utility>

namespace gatehouse::llm::price {

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return lower;
}

ModelMatch ModelMatch::Of(Kind kind, std::string_view text) {
  ModelMatch match;
  match.kind_ = kind;
  match.text_ = LowerCase(text);
  return match;
}

ModelMatch ModelMatch::Of(codec::cel::Regex regex) {
  ModelMatch match;
  match.kind_ = Kind::kRegex;
  match.regex_ = std::move(regex);
  return match;
}

ModelMatch ModelMatch::Of(Kind kind, std::vector<ModelMatch> parts) {
  ModelMatch match;
  match.kind_ = kind;
  match.parts_ = std::move(parts);
  return match;
}

bool ModelMatch::Matches(std::string_view name) const {
  const auto matches = [name](const ModelMatch& part) { return part.Matches(name); };
  switch (kind_) {
    case Kind::kEquals: return name == text_;
    case Kind::kStartsWith: return name.starts_with(text_);
    case Kind::kEndsWith: return name.ends_with(text_);
    case Kind::kContains: return name.find(text_) != std::string_view::npos;
    case Kind::kRegex: return regex_->Matches(name);
    case Kind::kNot: return !parts_.front().Matches(name);
    case Kind::kAny: return std::ranges::any_of(parts_, matches);
    case Kind::kAll: return std::ranges::all_of(parts_, matches);
  }
  return false;
}

}  // namespace gatehouse::llm::price
