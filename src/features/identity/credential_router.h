#pragma once

#include <memory>

#include "features/identity/certificates.h"
#include "features/identity/oidc/token_authenticator.h"
#include "pipeline/authenticator.h"

namespace gatehouse::features::identity {

// Sends a credential to the one who can judge it. A secret comes before a certificate: with both, the certificate is
// the channel's and the secret says who acts. A secret with the shape of a signed token is one; any other is a key, or,
// where no key is known by it, an opaque token, if an issuer is asked about those. Belongs to one loop.
class CredentialRouter final : public pipeline::Authenticator {
 public:
  // `tokens` and `certificates` are null where the configuration has none.
  CredentialRouter(std::unique_ptr<pipeline::Authenticator> keys, std::unique_ptr<oidc::TokenAuthenticator> tokens,
                   std::unique_ptr<CertificateAuthenticator> certificates)
      : keys_(std::move(keys)), tokens_(std::move(tokens)), certificates_(std::move(certificates)) {}

  net::Task<base::Result<std::shared_ptr<const pipeline::Principal>>> Authenticate(pipeline::Credential credential,
                                                                                   base::WallTime now) override;

 private:
  using Outcome = base::Result<std::shared_ptr<const pipeline::Principal>>;

  net::Task<Outcome> JudgeSecret(const pipeline::Credential& credential, base::WallTime now);
  net::Task<Outcome> JudgeAmbiguous(pipeline::Credential credential, base::WallTime now);

  std::unique_ptr<pipeline::Authenticator> keys_;
  std::unique_ptr<oidc::TokenAuthenticator> tokens_;
  std::unique_ptr<CertificateAuthenticator> certificates_;
};

}  // namespace gatehouse::features::identity
