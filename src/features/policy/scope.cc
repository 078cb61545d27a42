#include "features/policy/scope.h"

#include <algorithm>
#include <array>
#include <span>

namespace gatehouse::features::policy {

// Remembers one star only: when the text does not go on as the pattern says, the last star takes one more character.
bool GlobMatches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

PrincipalPattern::PrincipalPattern(std::string_view text) {
  for (;;) {
    const std::size_t slash = text.find('/');
    steps_.emplace_back(text.substr(0, slash));
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
}

bool PrincipalPattern::Matches(const pipeline::Principal& principal) const {
  const std::array<std::string_view, kDepth> path = {principal.organization, principal.team, principal.project,
                                                     principal.name};
  if (steps_.size() > path.size()) return false;
  return std::ranges::equal(steps_, std::span(path).first(steps_.size()), GlobMatches);
}

bool Scope::Covers(const Subject& subject, UnknownModel unknown) const {
  if (!surfaces.test(static_cast<std::size_t>(subject.surface))) return false;
  const auto is_it = [&](const PrincipalPattern& pattern) { return pattern.Matches(subject.principal); };
  if (!principals.empty() && std::ranges::none_of(principals, is_it)) return false;
  const auto has = [&](const std::string& group) {
    return std::ranges::find(subject.principal.groups, group) != subject.principal.groups.end();
  };
  if (!groups.empty() && std::ranges::none_of(groups, has)) return false;
  if (models.empty()) return true;
  if (subject.knows_model == Subject::Model::kUnknown) return unknown == UnknownModel::kCovered;
  const auto named = [&](const std::string& pattern) { return GlobMatches(pattern, subject.model); };
  return std::ranges::any_of(models, named);
}

}  // namespace gatehouse::features::policy
