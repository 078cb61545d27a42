#include "net/tls/tls_client.h"

#include <openssl/x509v3.h>

#include <utility>

#include "base/check.h"
#include "net/socket_address.h"
#include "net/tls/context.h"
#include "net/tls/credentials.h"
#include "net/tls/session_cache.h"
#include "net/tls/tls_error.h"

namespace gatehouse::net::tls {

// Immutable but for the session cache; shared by all handshakes and connections that began under it.
struct TlsClient::Context {
  SslContextPtr ssl;
  mutable SessionCache sessions;

  static int KeepSession(SSL* ssl, SSL_SESSION* session);
};

// What the callbacks of one connection refer to; its stream holds it.
struct TlsClient::Connection {
  std::shared_ptr<const Context> context;
  std::string name;

  static int Index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
  }
};

int TlsClient::Context::KeepSession(SSL* ssl, SSL_SESSION* session) {
  const auto* connection = static_cast<const Connection*>(SSL_get_ex_data(ssl, Connection::Index()));
  connection->context->sessions.Put(connection->name, SessionPtr(session));
  return 1;
}

namespace {

// Verification of the name: an address is compared with the certificate's addresses, a name with its DNS names. Only a
// name goes into the SNI extension (RFC 6066 section 3).
bool ExpectName(SSL& ssl, const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos) return false;
  if (SocketAddress::Parse(name, 0)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(&ssl), name.c_str()) == 1;
  SSL_set_hostflags(&ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(&ssl, name.c_str()) == 1 && SSL_set_tlsext_host_name(&ssl, name.c_str()) == 1;
}

Task<base::Result<std::unique_ptr<Stream>>> RefuseName() {
  co_return base::Error{.code = base::ErrorCode::kInvalidRequest,
                        .source = base::ErrorSource::kGateway,
                        .public_message = "An upstream's host name is not valid. See the gateway's configuration.",
                        .detail = "TLS: server name is empty or malformed"};
}

}  // namespace

base::Result<std::shared_ptr<const TlsClient::Context>> TlsClient::MakeContext(const ClientOptions& options) {
  auto context = std::make_shared<Context>();
  context->ssl = NewContext(Role::kClient);
  auto* ssl = context->ssl.get();
  GH_CHECK_OK(TrustAuthorities(*ssl, options.authorities_pem));
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  if (options.identity) {
    GH_TRY(const LoadedIdentity identity, LoadIdentity(options.identity->certificate, options.identity->private_key));
    if (SSL_CTX_use_cert_and_key(ssl, identity.leaf.get(), identity.key.get(), identity.chain.get(), 1) != 1) {
      return BadCredentials("A client certificate cannot be used, for instance because its key is too short.");
    }
  }
  const auto alpn = AlpnWire(options.alpn);
  const auto* wire = reinterpret_cast<const unsigned char*>(alpn.data());
  if (!alpn.empty()) GH_CHECK(SSL_CTX_set_alpn_protos(ssl, wire, static_cast<unsigned int>(alpn.size())) == 0);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ssl, Context::KeepSession);
  return std::shared_ptr<const Context>(std::move(context));
}

TlsClient::TlsClient(std::shared_ptr<const Context> context) : context_(std::move(context)) {}
TlsClient::~TlsClient() = default;

base::Result<std::unique_ptr<TlsClient>> TlsClient::Create(const ClientOptions& options) {
  GH_TRY(auto context, MakeContext(options));
  return std::unique_ptr<TlsClient>(new TlsClient(std::move(context)));
}

base::Status TlsClient::Reload(const ClientOptions& options) {
  GH_TRY(auto context, MakeContext(options));
  context_.Replace(std::move(context));
  return base::Ok();
}

Task<base::Result<std::unique_ptr<Stream>>> TlsClient::Handshake(std::unique_ptr<Stream> transport, std::string name,
                                                                 Deadline deadline) {
  if (name.ends_with('.')) name.pop_back();
  auto connection = std::make_shared<Connection>(Connection{.context = context_.Pin(), .name = std::move(name)});
  SslPtr ssl(SSL_new(connection->context->ssl.get()));
  GH_CHECK(ssl != nullptr);
  if (!ExpectName(*ssl, connection->name)) return RefuseName();
  SSL_set_ex_data(ssl.get(), Connection::Index(), connection.get());
  if (const auto session = connection->context->sessions.Take(connection->name)) {
    SSL_set_session(ssl.get(), session.get());
  }
  return FinishHandshake(NewStream(Role::kClient, std::move(transport), std::move(ssl), std::move(connection)),
                         deadline);
}

}  // namespace gatehouse::net::tls
