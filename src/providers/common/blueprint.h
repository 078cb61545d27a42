#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "codec/config/node.h"
#include "http/client.h"
#include "net/stream.h"
#include "pipeline/provider.h"
#include "providers/common/http_provider.h"
#include "providers/common/vendor.h"

namespace gatehouse::providers::common {

// How to trust and speak to an https upstream.
struct UpstreamTls {
  std::string ca_file;           // "" = the system's authorities
  std::string certificate_file;  // client certificate for mTLS, with key_file
  std::string key_file;
  bool operator==(const UpstreamTls&) const = default;
};

// An upstream's address, limits and trust, as configured.
struct Upstream {
  http::Origin origin;
  std::string base_path;  // without trailing slash
  UpstreamTls tls;
  http::PoolLimits pool;
  UpstreamLimits limits;
};

// What providers need of their loop. Pools are found by what they connect to, so that they survive a reload.
class LoopServices {
 public:
  virtual ~LoopServices() = default;
  virtual net::Loop& loop() = 0;
  virtual std::shared_ptr<http::Pool> PoolFor(const Upstream& upstream) = 0;
};

// A provider as configured: immutable and shared; each loop builds its own instance from it.
class Blueprint {
 public:
  virtual ~Blueprint() = default;
  virtual std::unique_ptr<pipeline::Provider> Build(LoopServices& services) const = 0;
  virtual pipeline::Capabilities capabilities() const = 0;
  // What it connects to; nullptr: nothing.
  virtual const Upstream* upstream() const { return nullptr; }
};

// Reads one kind of provider. Problems are noted on the node's tree, with defaults in their place.
using ReadBlueprint = std::unique_ptr<const Blueprint> (*)(const std::string& name, const codec::config::Node& node);

// The blueprint of every provider that is a Vendor behind HTTP.
std::unique_ptr<const Blueprint> NewHttpBlueprint(std::string name, std::shared_ptr<const Vendor> vendor,
                                                  Upstream upstream);

// Reads base_url, timeouts, connections, proxy, tls, http2, propagate_trace.
Upstream ReadUpstream(const codec::config::Node& node, std::string_view default_base_url);

}  // namespace gatehouse::providers::common
