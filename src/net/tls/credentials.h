#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/tls/openssl_handles.h"

namespace gatehouse::net::tls {

// A certificate with its key, parsed.
struct LoadedIdentity {
  CertificatePtr leaf;
  ChainPtr chain;  // the intermediates, leaf's issuer first
  PrivateKeyPtr key;
};

// From PEM. Refuses a key that does not belong to the certificate, and an encrypted key.
base::Result<LoadedIdentity> LoadIdentity(std::string_view certificate_pem, std::string_view private_key_pem);
// All certificates of a PEM text; at least one.
base::Result<ChainPtr> LoadCertificates(std::string_view pem);
// The trusted authorities: those of the PEM text or, when that is empty, the system's.
base::Status TrustAuthorities(SSL_CTX& context, std::string_view pem);

}  // namespace gatehouse::net::tls
