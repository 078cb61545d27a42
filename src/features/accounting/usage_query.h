#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "features/accounting/block.h"
#include "net/loop.h"
#include "net/task.h"
#include "pipeline/principal.h"
#include "store/database.h"

namespace gatehouse::features::accounting {

// By what sums are told apart.
enum class UsageKey : std::uint8_t {
  kTime,
  kOrganization,
  kTeam,
  kProject,
  kActor,
  kKey,
  kSurface,
  kModel,
  kProvider,
  kUpstreamModel,
  kOutcome,
};

std::string_view ToString(UsageKey key);  // "time", "organization", ...
std::optional<UsageKey> ParseUsageKey(std::string_view name);
bool IsNode(UsageKey key);  // whether its values are nodes of the tenancy tree

// Which sums are wanted. Times are in milliseconds since 1970; `from` and `until` are widened to whole grains.
struct UsageQuery {
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;  // not itself
  Grain grain = Grain::kDay;
  std::vector<UsageKey> by;
  std::optional<pipeline::NodeId> within;  // only what is below this node
  std::uint32_t at_most = 1000;            // lines
};

// What was used under one combination of keys.
struct UsageLine {
  std::vector<store::Value> keys;  // as in UsageQuery::by: numbers for time and nodes, texts for the rest
  std::int64_t exchanges = 0;
  std::int64_t estimated = 0;  // of them: cost not by the provider's own figures
  std::int64_t input = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;
  base::NanoUsd cost;
};
struct UsageReport {
  std::vector<UsageLine> lines;  // dearest first, or by time where that is a key
  bool complete = true;          // false: there are more than were asked for
};

// kInvalidRequest for a span or a number of lines that makes no sense.
net::Task<base::Result<UsageReport>> QueryUsage(store::Database& database, net::Loop& loop, UsageQuery query,
                                                net::Deadline deadline);

}  // namespace gatehouse::features::accounting
