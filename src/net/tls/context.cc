#include "net/tls/context.h"

#include <utility>

#include "base/check.h"
#include "net/tls/stream_bio.h"

namespace gatehouse::net::tls {

namespace {

// Forward secrecy and AEAD only (RFC 9325 section 4.2).
constexpr const char* kCiphersTls12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kCiphersTls13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

}  // namespace

SslContextPtr NewContext(Role role) {
  SslContextPtr context(SSL_CTX_new(role == Role::kServer ? TLS_server_method() : TLS_client_method()));
  GH_CHECK(context != nullptr);
  GH_CHECK(SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1);
  GH_CHECK(SSL_CTX_set_cipher_list(context.get(), kCiphersTls12) == 1);
  GH_CHECK(SSL_CTX_set_ciphersuites(context.get(), kCiphersTls13) == 1);
  GH_CHECK(SSL_CTX_set1_groups_list(context.get(), kGroups) == 1);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

std::string AlpnWire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const auto& protocol : protocols) {
    GH_CHECK(!protocol.empty() && protocol.size() <= 255);
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

std::unique_ptr<TlsStream> NewStream(Role role, std::unique_ptr<Stream> transport, SslPtr ssl,
                                     std::shared_ptr<const void> owner) {
  auto bio = MakeStreamBio(*transport);
  auto* shared = bio.release();
  SSL_set_bio(ssl.get(), shared, shared);
  role == Role::kServer ? SSL_set_accept_state(ssl.get()) : SSL_set_connect_state(ssl.get());
  return std::make_unique<TlsStream>(std::move(transport), std::move(ssl), std::move(owner));
}

Task<base::Result<std::unique_ptr<Stream>>> FinishHandshake(std::unique_ptr<TlsStream> stream, Deadline deadline) {
  auto status = co_await stream->Handshake(deadline);
  if (!status.ok()) co_return std::move(status).TakeError();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace gatehouse::net::tls
