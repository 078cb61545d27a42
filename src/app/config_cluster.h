#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "codec/config/node.h"
#include "features/accounting/lessor.h"
#include "features/accounting/limit_reader.h"
#include "features/ratelimit/sharing.h"
#include "net/stream.h"
#include "providers/common/blueprint.h"

namespace gatehouse::app {

// The Redis server that gateways share.
struct RedisConfig {
  net::Endpoint endpoint;
  std::string username;
  base::Secret password;
  std::uint32_t database = 0;
  std::string prefix = "gatehouse:";  // of every key and channel
  std::optional<providers::common::UpstreamTls> tls;
  bool operator==(const RedisConfig& other) const {
    return endpoint == other.endpoint && username == other.username && database == other.database &&
           prefix == other.prefix && tls == other.tls && password.Reveal() == other.password.Reveal();
  }
};

// One gateway among several that share budgets and rate limits.
struct ClusterConfig {
  std::string node;  // its name; "": made from its journal
  RedisConfig redis;
  features::accounting::LessorSettings lease;
  features::ratelimit::SharingSettings rate;
  bool operator==(const ClusterConfig&) const = default;
};

// Reads the section `cluster`; nullopt where there is none. Problems are noted on the tree.
std::optional<ClusterConfig> ReadCluster(const codec::config::Node& root, std::vector<std::string>& files);
// Notes on `node` which of the budgets are more than several gateways can count together.
void CheckShareable(const std::vector<features::accounting::StatedLimit>& budgets, const codec::config::Node& node);

}  // namespace gatehouse::app
