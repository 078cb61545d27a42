#include "net/tls/tls_server.h"

#include <openssl/x509v3.h>

#include <chrono>
#include <utility>

#include "base/check.h"
#include "net/tls/context.h"
#include "net/tls/credentials.h"
#include "net/tls/tls_error.h"

namespace gatehouse::net::tls {

namespace {

constexpr std::string_view kSessionContext = "gatehouse";
constexpr std::chrono::seconds kTicketLifetime = std::chrono::hours(2);

}  // namespace

// Immutable once made; shared by all handshakes and connections that began under it.
struct TlsServer::Context {
  SslContextPtr ssl;
  std::vector<LoadedIdentity> identities;
  std::string alpn;

  static int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                        unsigned int offered_size, void* self);
  static int SelectIdentity(SSL* ssl, void* self);
  base::Status UseClientAuthorities(const ServerOptions& options);
};

// The server's preference decides; with nothing in common the handshake fails (RFC 7301 section 3.2).
int TlsServer::Context::SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_size,
                                   const unsigned char* offered, unsigned int offered_size, void* self) {
  const auto& alpn = static_cast<const Context*>(self)->alpn;
  unsigned char* selected = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(alpn.data());
  const auto verdict =
      SSL_select_next_proto(&selected, out_size, ours, static_cast<unsigned int>(alpn.size()), offered, offered_size);
  *out = selected;
  return verdict == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int TlsServer::Context::SelectIdentity(SSL* ssl, void* self) {
  const auto& identities = static_cast<const Context*>(self)->identities;
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr || identities.size() == 1) return 1;
  for (const auto& identity : identities) {
    if (X509_check_host(identity.leaf.get(), name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) != 1) continue;
    return SSL_use_cert_and_key(ssl, identity.leaf.get(), identity.key.get(), identity.chain.get(), 1);
  }
  return 1;
}

base::Status TlsServer::Context::UseClientAuthorities(const ServerOptions& options) {
  if (options.client_certificates == ClientCertificates::kIgnored) return base::Ok();
  if (options.client_authorities_pem.empty()) {
    return base::InvalidRequest("Client certificates need the authorities that may have signed them.");
  }
  GH_CHECK_OK(TrustAuthorities(*ssl, options.client_authorities_pem));
  GH_TRY(const ChainPtr authorities, LoadCertificates(options.client_authorities_pem));
  for (int i = 0; i < sk_X509_num(authorities.get()); ++i) {
    GH_CHECK(SSL_CTX_add_client_CA(ssl.get(), sk_X509_value(authorities.get(), i)) == 1);
  }
  const auto required = options.client_certificates == ClientCertificates::kRequired;
  SSL_CTX_set_verify(ssl.get(), SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  return base::Ok();
}

base::Result<std::shared_ptr<const TlsServer::Context>> TlsServer::MakeContext(const ServerOptions& options) {
  if (options.identities.empty()) return base::InvalidRequest("A TLS listener needs a certificate.");
  auto context = std::make_shared<Context>();
  context->ssl = NewContext(Role::kServer);
  auto* ssl = context->ssl.get();
  for (const auto& pem : options.identities) {
    GH_TRY(LoadedIdentity identity, LoadIdentity(pem.certificate, pem.private_key));
    context->identities.push_back(std::move(identity));
  }
  const auto& first = context->identities.front();
  if (SSL_CTX_use_cert_and_key(ssl, first.leaf.get(), first.key.get(), first.chain.get(), 1) != 1) {
    return BadCredentials("A certificate cannot be used, for instance because its key is too short.");
  }
  SSL_CTX_set_cert_cb(ssl, Context::SelectIdentity, context.get());
  context->alpn = AlpnWire(options.alpn);
  if (!context->alpn.empty()) SSL_CTX_set_alpn_select_cb(ssl, Context::SelectAlpn, context.get());
  GH_CHECK_OK(context->UseClientAuthorities(options));
  // Tickets only: nothing is kept here for a client that does not come back.
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ssl, kTicketLifetime.count());
  const auto* id = reinterpret_cast<const unsigned char*>(kSessionContext.data());
  GH_CHECK(SSL_CTX_set_session_id_context(ssl, id, static_cast<unsigned int>(kSessionContext.size())) == 1);
  return std::shared_ptr<const Context>(std::move(context));
}

TlsServer::TlsServer(std::shared_ptr<const Context> context) : context_(std::move(context)) {}
TlsServer::~TlsServer() = default;

base::Result<std::unique_ptr<TlsServer>> TlsServer::Create(const ServerOptions& options) {
  GH_TRY(auto context, MakeContext(options));
  return std::unique_ptr<TlsServer>(new TlsServer(std::move(context)));
}

base::Status TlsServer::Reload(const ServerOptions& options) {
  GH_TRY(auto context, MakeContext(options));
  context_.Replace(std::move(context));
  return base::Ok();
}

Task<base::Result<std::unique_ptr<Stream>>> TlsServer::Handshake(std::unique_ptr<Stream> transport, std::string,
                                                                 Deadline deadline) {
  auto context = context_.Pin();
  SslPtr ssl(SSL_new(context->ssl.get()));
  GH_CHECK(ssl != nullptr);
  return FinishHandshake(NewStream(Role::kServer, std::move(transport), std::move(ssl), std::move(context)), deadline);
}

}  // namespace gatehouse::net::tls
