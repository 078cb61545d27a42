#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/published.h"
#include "base/result.h"
#include "net/stream.h"
#include "net/tls/tls_server.h"

namespace gatehouse::net::tls {

struct ClientOptions {
  std::string authorities_pem;                   // whom to trust; empty: the system's authorities
  std::optional<PemIdentity> identity;           // shown to servers that ask for a certificate
  std::vector<std::string> alpn = {"http/1.1"};  // offered, in the order of preference; empty: none
};

// The client's side of TLS: turns connections to servers into TLS streams. Always verifies the server's certificate and
// that it is for the name asked for. Keeps sessions per name and resumes them. Thread-safe; all loops share one.
class TlsClient final : public Handshaker {
 public:
  static base::Result<std::unique_ptr<TlsClient>> Create(const ClientOptions& options);
  ~TlsClient() override;

  // New handshakes use the new options, and no session of the old ones. On an error nothing changes.
  base::Status Reload(const ClientOptions& options);

  Task<base::Result<std::unique_ptr<Stream>>> Handshake(std::unique_ptr<Stream> transport, std::string name,
                                                        Deadline deadline) override;

 private:
  struct Context;
  struct Connection;
  static base::Result<std::shared_ptr<const Context>> MakeContext(const ClientOptions& options);
  explicit TlsClient(std::shared_ptr<const Context> context);
  base::Published<Context> context_;
};

}  // namespace gatehouse::net::tls
