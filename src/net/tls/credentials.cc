#include "net/tls/credentials.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

#include "base/check.h"
#include "net/tls/tls_error.h"

namespace gatehouse::net::tls {

namespace {

BioPtr OpenText(std::string_view text) {
  BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  GH_CHECK(bio != nullptr);
  return bio;
}

// Without it OpenSSL would ask for a password on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

}  // namespace

base::Result<ChainPtr> LoadCertificates(std::string_view pem) {
  ERR_clear_error();
  const auto text = OpenText(pem);
  ChainPtr chain(sk_X509_new_null());
  while (auto* certificate = PEM_read_bio_X509(text.get(), nullptr, NoPassword, nullptr)) {
    GH_CHECK(sk_X509_push(chain.get(), certificate) > 0);
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return BadCredentials("A certificate is malformed.");
  ERR_clear_error();
  if (sk_X509_num(chain.get()) == 0) return BadCredentials("A certificate file holds no certificate.");
  return chain;
}

base::Result<LoadedIdentity> LoadIdentity(std::string_view certificate_pem, std::string_view private_key_pem) {
  GH_TRY(ChainPtr chain, LoadCertificates(certificate_pem));
  CertificatePtr leaf(sk_X509_shift(chain.get()));
  const auto text = OpenText(private_key_pem);
  PrivateKeyPtr key(PEM_read_bio_PrivateKey(text.get(), nullptr, NoPassword, nullptr));
  if (!key) return BadCredentials("A private key is malformed, or encrypted, which is not supported.");
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    return BadCredentials("A private key does not belong to its certificate.");
  }
  return LoadedIdentity{.leaf = std::move(leaf), .chain = std::move(chain), .key = std::move(key)};
}

base::Status TrustAuthorities(SSL_CTX& context, std::string_view pem) {
  if (pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(&context) != 1)
      return BadCredentials("The system has no trusted authorities.");
    return base::Ok();
  }
  GH_TRY(const ChainPtr authorities, LoadCertificates(pem));
  auto* store = SSL_CTX_get_cert_store(&context);
  for (int i = 0; i < sk_X509_num(authorities.get()); ++i) {
    auto* authority = sk_X509_value(authorities.get(), i);
    if (X509_STORE_add_cert(store, authority) != 1) return BadCredentials("A trusted authority cannot be used.");
  }
  // An intermediate that the operator names is trusted as named, without its root.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return base::Ok();
}

}  // namespace gatehouse::net::tls
