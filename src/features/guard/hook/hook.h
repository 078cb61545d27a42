#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/secret.h"
#include "features/guard/hook/wire.h"
#include "http/fetcher.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::features::guard {

// A guardrail outside the gateway.
struct HookSettings {
  std::string name;
  base::Secret url;
  http::Trust trust;
  std::vector<std::pair<std::string, base::Secret>> headers;
  base::Duration timeout = std::chrono::milliseconds(500);
  // What becomes of an exchange that it says nothing about: because it does not answer in time, or is not of the form,
  // or has failed so often that it is not asked for a while, or because there is too much to show it.
  enum class Failure : std::uint8_t { kDeny, kAllow } on_failure = Failure::kDeny;
  std::bitset<2> sides = std::bitset<2>().set();
  std::bitset<inspect::kChannels> channels = std::bitset<inspect::kChannels>().set();
  std::size_t most_bytes = std::size_t{1} << 20U;  // of all texts of one question
};

// gatehouse_guard_hook_calls_total
base::Metrics::Declaration HookCallsDeclaration();

// Asks it. Remembers failures: after kFailures in a row it is left alone for kPause, and one question then tries
// whether it is back. Of one loop.
class Hook {
 public:
  static constexpr int kFailures = 5;
  static constexpr base::Duration kPause = std::chrono::seconds(10);

  // All outlive it.
  Hook(const HookSettings& settings, http::Fetcher& fetcher, net::Loop& loop, base::CounterFamily& calls)
      : settings_(settings), fetcher_(fetcher), loop_(loop), calls_(calls) {}

  const HookSettings& settings() const { return settings_; }
  bool LooksAt(pipeline::Side side) const { return settings_.sides.test(static_cast<std::size_t>(side)); }
  bool LooksAt(inspect::Channel channel) const { return settings_.channels.test(static_cast<std::size_t>(channel)); }

  // What it finds, by text. `question` and what it looks at outlive the task; `deadline` is the exchange's.
  net::Task<base::Result<HookFindings>> Ask(HookQuestion question, net::Deadline deadline);

 private:
  net::Task<base::Result<HookFindings>> Call(HookQuestion question, net::Deadline deadline);

  const HookSettings& settings_;
  http::Fetcher& fetcher_;
  net::Loop& loop_;
  base::CounterFamily& calls_;
  int failures_ = 0;
  base::TimePoint not_before_{};
};

}  // namespace gatehouse::features::guard
