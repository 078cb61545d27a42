#pragma once

#include <memory>
#include <string>

#include "net/stream.h"

namespace gatehouse::http {

// Connects through an HTTP proxy's CONNECT (RFC 9110, 9.3.6). What it gives is the tunnel: a TLS connector over it
// reaches https origins. Belongs to one loop; dropping a Connect() task closes what it had opened.
class ProxyConnector final : public net::Connector {
 public:
  // `inner` outlives this; `authorization` is the value of Proxy-Authorization, "" for none.
  ProxyConnector(net::Connector& inner, net::Endpoint proxy, std::string authorization);

  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint endpoint,
                                                                net::Deadline deadline) override;

 private:
  net::Connector& inner_;
  net::Endpoint proxy_;
  std::string authorization_;
};

}  // namespace gatehouse::http
