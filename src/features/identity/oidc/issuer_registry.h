#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/published.h"
#include "features/identity/oidc/fetcher.h"
#include "features/identity/oidc/issuer.h"
#include "features/identity/oidc/issuer_agent.h"

namespace gatehouse::features::identity::oidc {

// All identity providers of the process: keeps what was fetched when the configuration changes. Belongs to the home
// loop but for Pin(). Dropping it ends all fetching; issuers that are still pinned serve the keys they have.
class IssuerRegistry {
 public:
  // Both outlive the registry.
  IssuerRegistry(net::Loop& home, const base::Log& log, Fetcher::PoolFor pool_for);

  // Puts these issuers in the place of those before. Nothing is waited for: an issuer that is down is no error.
  void Use(const std::vector<IssuerSettings>& settings);
  // Those in force. Any thread.
  std::shared_ptr<const IssuerSet> Pin() const { return set_.Pin(); }

  // What the operator should know, an issuer each: "https://login.example.com: ..."; "" when all is well.
  std::string Problem() const;
  // Forgets the keys of that issuer, or of all where it is "", and fetches them again. False: there is no such issuer.
  bool Purge(std::string_view issuer);

 private:
  std::shared_ptr<const KeyState> KnownOf(const IssuerSettings& settings) const;

  net::Loop& home_;
  const base::Log& log_;
  Fetcher fetcher_;
  base::Published<IssuerSet> set_;
  std::vector<std::shared_ptr<IssuerAgent>> agents_;  // of the issuers in the set; uses the rest
};

}  // namespace gatehouse::features::identity::oidc
