#include "features/identity/oidc/issuer_registry.h"

#include <utility>

namespace gatehouse::features::identity::oidc {

IssuerRegistry::IssuerRegistry(net::Loop& home, const base::Log& log, Fetcher::PoolFor pool_for)
    : home_(home),
      log_(log),
      fetcher_(std::move(pool_for)),
      set_(std::make_shared<const IssuerSet>(std::vector<std::shared_ptr<Issuer>>())) {}

// Keys are carried over only from the very place that the new settings name.
std::shared_ptr<const KeyState> IssuerRegistry::KnownOf(const IssuerSettings& settings) const {
  const auto set = set_.Pin();
  const Issuer* const before = set->Find(settings.issuer);
  if (before == nullptr || !settings.HasKeySet()) return nullptr;
  const bool same_place = before->settings().key_set_url == settings.key_set_url &&
                          before->settings().ca_file == settings.ca_file &&
                          before->settings().plaintext == settings.plaintext;
  return same_place ? before->Pin() : nullptr;
}

void IssuerRegistry::Use(const std::vector<IssuerSettings>& settings) {
  std::vector<std::shared_ptr<Issuer>> issuers;
  std::vector<std::shared_ptr<IssuerAgent>> agents;
  for (const IssuerSettings& one : settings) {
    issuers.push_back(std::make_shared<Issuer>(one, home_, KnownOf(one)));
    agents.push_back(std::make_shared<IssuerAgent>(home_, log_, fetcher_, issuers.back()));
    issuers.back()->Serve(agents.back());
  }
  fetcher_.Forget();
  set_.Replace(std::make_shared<const IssuerSet>(std::move(issuers)));
  agents_ = std::move(agents);
  for (const auto& agent : agents_) agent->Start();
}

std::string IssuerRegistry::Problem() const {
  std::string problems;
  for (const auto& agent : agents_) {
    const std::string problem = agent->problem();
    if (problem.empty()) continue;
    problems.append(problems.empty() ? "" : "; ")
        .append(agent->issuer().settings().issuer)
        .append(": ")
        .append(problem);
  }
  return problems;
}

bool IssuerRegistry::Purge(std::string_view issuer) {
  bool found = issuer.empty();
  for (const auto& agent : agents_) {
    if (!issuer.empty() && agent->issuer().settings().issuer != issuer) continue;
    agent->Purge();
    found = true;
  }
  return found;
}

}  // namespace gatehouse::features::identity::oidc
