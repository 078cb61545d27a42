#include "app/identity_providers.h"

#include <utility>

#include "features/identity/credential_router.h"
#include "features/identity/ldap/ldap_verifier.h"

namespace gatehouse::app {
namespace {

namespace identity = features::identity;

// Of one provider: fetches are few, introspections wait for one another rather than for connections.
constexpr http::PoolLimits kPoolLimits = {.max_connections = 16, .max_waiting = 512, .max_idle = 4};

}  // namespace

IdentityProviders::IdentityProviders(net::EpollLoop& loop, const base::Log& log)
    : upstreams_(loop, log), issuers_(loop, log, upstreams_.PoolsForFetching(kPoolLimits)) {}

void IdentityProviders::Use(const IdentityConfig& config) {
  issuers_.Use(config.issuers);
  passwords_ =
      config.ldap ? std::make_shared<identity::ldap::LdapVerifier>(*config.ldap, base::SystemClock()) : nullptr;
}

std::string IdentityProviders::Problem() const {
  const std::string problem = issuers_.Problem();
  return problem.empty() ? problem : "identity providers: " + problem;
}

std::shared_ptr<pipeline::Authenticator> IdentityProviders::Wrap(std::unique_ptr<pipeline::Authenticator> keys,
                                                                 const IdentityConfig& config, net::Loop& loop,
                                                                 const identity::Placement* placement) const {
  if (config.issuers.empty() && config.certificates.empty()) return keys;
  std::unique_ptr<identity::oidc::TokenAuthenticator> tokens;
  if (!config.issuers.empty()) {
    tokens = std::make_unique<identity::oidc::TokenAuthenticator>(loop, issuers_.Pin(), placement);
  }
  std::unique_ptr<identity::CertificateAuthenticator> certificates;
  if (!config.certificates.empty()) {
    certificates = std::make_unique<identity::CertificateAuthenticator>(config.certificates, placement);
  }
  return std::make_shared<identity::CredentialRouter>(std::move(keys), std::move(tokens), std::move(certificates));
}

}  // namespace gatehouse::app
