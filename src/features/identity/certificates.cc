#include "features/identity/certificates.h"

#include <algorithm>
#include <utility>

#include "features/identity/refusal.h"

namespace gatehouse::features::identity {
namespace {

constexpr std::string_view kScheme = "spiffe://";

std::string_view TakeSegment(std::string_view& path) {
  const auto slash = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return segment;
}

pipeline::Principal PrincipalOf(const CertificateRule& rule, std::string_view id) {
  return {.organization = rule.organization,
          .team = rule.team,
          .project = rule.project,
          .name = rule.name.empty() ? std::string(id.substr(kScheme.size())) : rule.name,
          .key_id = "certificate:" + std::string(id.substr(kScheme.size())),
          .kind = rule.kind,
          .authentication = pipeline::Authentication::kClientCertificate,
          .roles = rule.roles,
          .models = rule.models};
}

}  // namespace

bool IsSpiffePattern(std::string_view pattern) {
  if (!pattern.starts_with(kScheme)) return false;
  pattern.remove_prefix(kScheme.size());
  const std::string_view domain = TakeSegment(pattern);
  if (domain.empty() || domain.find('*') != std::string_view::npos) return false;
  while (!pattern.empty()) {
    const std::string_view segment = TakeSegment(pattern);
    const bool any = segment == "*" || (segment == "**" && pattern.empty());
    if (segment.empty() || (!any && segment.find('*') != std::string_view::npos)) return false;
  }
  return true;
}

bool MatchesSpiffe(std::string_view pattern, std::string_view id) {
  if (!pattern.starts_with(kScheme) || !id.starts_with(kScheme)) return false;
  pattern.remove_prefix(kScheme.size());
  id.remove_prefix(kScheme.size());
  while (!pattern.empty() && !id.empty()) {
    const std::string_view wanted = TakeSegment(pattern);
    if (wanted == "**" && pattern.empty()) return true;
    const std::string_view segment = TakeSegment(id);
    if (segment.empty() || (wanted != "*" && wanted != segment)) return false;
  }
  return pattern.empty() && id.empty();
}

base::Result<std::shared_ptr<const pipeline::Principal>> CertificateAuthenticator::Find(std::string_view spiffe_id) {
  const std::uint64_t places = placement_ == nullptr ? 0 : placement_->version();
  if (std::exchange(places_, places) != places || seen_.size() >= kMaxSeen) seen_.clear();
  const std::string id(spiffe_id);
  if (const auto seen = seen_.find(id); seen != seen_.end()) return seen->second;
  const auto rule =
      std::ranges::find_if(rules_, [&](const CertificateRule& one) { return MatchesSpiffe(one.pattern, id); });
  if (rule == rules_.end()) {
    return Refusal("Your client certificate is valid, but nobody is known here by its SPIFFE id.", "no rule for " + id);
  }
  pipeline::Principal principal = PrincipalOf(*rule, id);
  if (placement_ != nullptr) GH_CHECK_OK(placement_->Place(principal));
  return seen_.emplace(id, std::make_shared<const pipeline::Principal>(std::move(principal))).first->second;
}

}  // namespace gatehouse::features::identity
