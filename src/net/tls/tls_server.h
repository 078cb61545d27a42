#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/published.h"
#include "base/result.h"
#include "net/stream.h"

namespace gatehouse::net::tls {

// A certificate chain, leaf first, and its private key, both as PEM text.
struct PemIdentity {
  std::string certificate;
  std::string private_key;
};

enum class ClientCertificates : std::uint8_t { kIgnored, kOptional, kRequired };

struct ServerOptions {
  // At least one. A client that names a host (SNI) gets the first whose certificate covers it, otherwise the first.
  std::vector<PemIdentity> identities;
  ClientCertificates client_certificates = ClientCertificates::kIgnored;
  std::string client_authorities_pem;  // who may have signed a client's certificate; needed unless they are ignored
  std::vector<std::string> alpn = {"h2", "http/1.1"};  // in the order of preference; empty: not negotiated
};

// The server's side of TLS: turns accepted connections into TLS streams. Thread-safe; all loops share one.
class TlsServer final : public Handshaker {
 public:
  static base::Result<std::unique_ptr<TlsServer>> Create(const ServerOptions& options);
  ~TlsServer() override;

  // New handshakes use the new options; connections that exist keep what they have. On an error nothing changes.
  // Session tickets do not outlive a reload: a client that lost its trust does not come back by one.
  base::Status Reload(const ServerOptions& options);

  Task<base::Result<std::unique_ptr<Stream>>> Handshake(std::unique_ptr<Stream> transport, std::string name,
                                                        Deadline deadline) override;

 private:
  struct Context;
  static base::Result<std::shared_ptr<const Context>> MakeContext(const ServerOptions& options);
  explicit TlsServer(std::shared_ptr<const Context> context);
  base::Published<Context> context_;
};

}  // namespace gatehouse::net::tls
