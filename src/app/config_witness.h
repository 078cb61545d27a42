#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/config/node.h"
#include "http/fetcher.h"

namespace gatehouse::app {

// Who cosigns this gateway's log: `record.witnesses`.
struct WitnessConfig {
  std::string url;
  std::string key;  // a verifier key
  http::Plaintext plaintext = http::Plaintext::kOnLoopback;
  std::string ca_file;
  base::Duration timeout = std::chrono::seconds(5);
  bool operator==(const WitnessConfig&) const = default;
};

// Whose logs this gateway cosigns, and where it is asked: `record.witness`.
struct WitnessServiceConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string key_file;           // of `gatehouse audit witness new-key`
  std::string state;              // its folder; "": beside the record's
  std::vector<std::string> logs;  // verifier keys
  bool operator==(const WitnessServiceConfig&) const = default;
};

// A key that was passed over, because its algorithm is not known here.
struct UnknownWitnessKey {
  std::string where;  // "record.witnesses[1].key"
  std::string key;
  std::uint8_t type = 0;  // of its algorithm
  bool operator==(const UnknownWitnessKey&) const = default;
};

// Problems are noted on the tree. Witnesses and logs whose keys are of algorithms that are not known are left out and
// said in `unknown`; where no other is left it is a problem.
std::vector<WitnessConfig> ReadWitnesses(const codec::config::Node& list, std::vector<UnknownWitnessKey>& unknown);
std::optional<WitnessServiceConfig> ReadWitnessService(const codec::config::Node& node,
                                                       std::vector<UnknownWitnessKey>& unknown);

}  // namespace gatehouse::app
