#pragma once

#include <memory>
#include <string>

#include "app/config_identity.h"
#include "app/upstreams.h"
#include "base/log.h"
#include "features/identity/oidc/issuer_registry.h"
#include "features/identity/password_verifier.h"
#include "features/identity/placement.h"
#include "net/epoll_loop.h"
#include "pipeline/authenticator.h"

namespace gatehouse::app {

// The process's connections to identity providers, on the main loop, and what the loops check credentials with.
// Belongs to the main thread but for Wrap().
class IdentityProviders {
 public:
  // Both outlive it.
  IdentityProviders(net::EpollLoop& loop, const base::Log& log);

  // Puts the configuration in force; does not wait for anybody to answer.
  void Use(const IdentityConfig& config);
  // Whom people's passwords are shown to; null where the configuration names no directory.
  std::shared_ptr<features::identity::PasswordVerifier> passwords() const { return passwords_; }
  // What the operator should know; "" when all is well.
  std::string Problem() const;

  // All ways to say who one is, of one loop: keys, and what the configuration adds. `placement` outlives it; null:
  // principals without chain. Any thread.
  std::shared_ptr<pipeline::Authenticator> Wrap(std::unique_ptr<pipeline::Authenticator> keys,
                                                const IdentityConfig& config, net::Loop& loop,
                                                const features::identity::Placement* placement) const;

 private:
  Upstreams upstreams_;
  features::identity::oidc::IssuerRegistry issuers_;  // uses upstreams_
  std::shared_ptr<features::identity::PasswordVerifier> passwords_;
};

}  // namespace gatehouse::app
