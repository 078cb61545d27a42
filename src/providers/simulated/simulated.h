#pragma once

#include <memory>
#include <string>

#include "codec/config/node.h"
#include "providers/common/blueprint.h"

namespace gatehouse::providers::simulated {

// A provider inside the process, for the demo, tests and benchmarks: answers follow from the request alone. It echoes
// what it was told, calls the tools it is given, fills the JSON schema it is asked for, and embeds by hashing words.
// `latency`, `tokens_per_second` and `faults` (error_rate, error, cut_after_events) make it behave like a real one on a
// bad day.
std::unique_ptr<const common::Blueprint> Read(const std::string& name, const codec::config::Node& node);

}  // namespace gatehouse::providers::simulated
