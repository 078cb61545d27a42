#include "features/identity/mapping.h"

#include <algorithm>
#include <utility>

#include "features/identity/refusal.h"

namespace gatehouse::features::identity {
namespace {

using codec::json::Value;
using pipeline::NodeKind;
using pipeline::Principal;

constexpr std::size_t kMaxValues = 1024;
constexpr std::size_t kMaxSubjectBytes = 256;

Value Descend(Value claims, std::string_view path) {
  if (const Value whole = claims[path]; !whole.IsMissing()) return whole;
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return {};
  return Descend(claims[path.substr(0, dot)], path.substr(dot + 1));
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty() && words.size() < kMaxValues) {
    const auto blank = std::min(text.find(' '), text.size());
    if (blank != 0) words.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return words;
}

bool Matches(const MappingRule& rule, Value claims) {
  const auto values = ValuesOf(claims, rule.claim);
  return rule.value == "*" ? !values.empty() : std::ranges::find(values, rule.value) != values.end();
}

void AddNew(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& one : from) {
    if (std::ranges::find(to, one) == to.end()) to.push_back(one);
  }
}

// Introspection leaves `sub` out where a client acts on its own behalf (RFC 7662, 2.2): then it is its `client_id`.
Value SubjectOf(Value claims, const Mapping& mapping) {
  const Value subject = Descend(claims, mapping.subject);
  return subject.IsMissing() && mapping.subject == "sub" ? claims["client_id"] : subject;
}

NodeKind KindOf(Value claims, std::string_view subject, const Mapping& mapping) {
  switch (mapping.kind) {
    case Mapping::Kind::kUser: return NodeKind::kUser;
    case Mapping::Kind::kApplication: return NodeKind::kApplication;
    case Mapping::Kind::kAgent: return NodeKind::kAgent;
    case Mapping::Kind::kByToken: break;
  }
  const std::string_view owner = claims["sub"].IsMissing() ? subject : claims["sub"].string();
  const bool own_behalf = owner == claims["client_id"].string() || owner == claims["azp"].string();
  return own_behalf && !owner.empty() ? NodeKind::kApplication : NodeKind::kUser;
}

}  // namespace

std::vector<std::string> ValuesOf(Value claims, std::string_view path) {
  const Value claim = Descend(claims, path);
  std::vector<std::string> values;
  if (claim.IsString()) {
    values = path == "scope" || path == "scp" ? Words(claim.string())
                                              : std::vector<std::string>{std::string(claim.string())};
  } else if (claim.IsArray()) {
    for (const auto& element : claim) {
      if (element.value.IsString() && values.size() < kMaxValues) values.emplace_back(element.value.string());
    }
  }
  return values;
}

base::Result<Principal> MapClaims(Value claims, const Mapping& mapping, pipeline::Authentication how) {
  const Value subject = SubjectOf(claims, mapping);
  if (!subject.IsString() || subject.string().empty() || subject.string().size() > kMaxSubjectBytes) {
    return Refusal("The access token names no subject that can be used here.", "no claim " + mapping.subject);
  }
  Principal principal{.organization = mapping.organization,
                      .name = std::string(subject.string()),
                      .kind = KindOf(claims, subject.string(), mapping),
                      .authentication = how,
                      .groups = ValuesOf(claims, mapping.groups)};
  bool matched = false;
  for (const MappingRule& rule : mapping.rules) {
    if (!Matches(rule, claims)) continue;
    matched = true;
    if (principal.team.empty() && principal.project.empty()) {
      principal.team = rule.team;
      principal.project = rule.project;
    }
    AddNew(principal.roles, rule.roles);
    AddNew(principal.models, rule.models);
  }
  if (!matched && mapping.others == Mapping::Others::kRefused) {
    return Denial("You are known, but nothing here is open to you. Ask the operator for access.",
                  "no mapping rule matches " + principal.name);
  }
  if (principal.team.empty() && principal.project.empty()) {
    principal.team = mapping.team;
    principal.project = mapping.project;
  }
  return principal;
}

}  // namespace gatehouse::features::identity
