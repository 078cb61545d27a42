#include "app/config_accounting.h"

#include <array>

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::Node;
using features::accounting::AccountingSettings;
using features::accounting::ExposureSettings;

constexpr std::int64_t kMostTokens = 100'000'000;

void ReadCount(const Node& node, std::int64_t least, std::int64_t most, std::uint64_t& into) {
  if (const auto value = node.AsInteger({.min = least, .max = most})) into = static_cast<std::uint64_t>(*value);
}

void ReadExposure(const Node& node, ExposureSettings& exposure) {
  ReadCount(node["default_output_tokens"], 1, kMostTokens, exposure.default_output_tokens);
  ReadCount(node["least_output_tokens"], 1, kMostTokens, exposure.least_output_tokens);
  ReadCount(node["image_tokens"], 0, kMostTokens, exposure.image_tokens);
  ReadCount(node["server_tool_calls"], 0, 1000, exposure.server_tool_calls);
  ReadCount(node["server_tool_tokens"], 0, kMostTokens, exposure.server_tool_tokens);
  if (const auto usd = node["opaque_request_usd"].AsString()) {
    exposure.opaque_price = base::ParseUsd(*usd);
    if (!exposure.opaque_price || exposure.opaque_price->value < 0) {
      node["opaque_request_usd"].AddProblem("must be dollars with at most nine decimals, such as 0.04");
    }
  }
}

}  // namespace

AccountingConfig ReadAccounting(const Node& root, const features::common::ZoneFiles& zones) {
  const Node node = root["accounting"];
  AccountingConfig config;
  ReadExposure(node, config.settings.exposure);
  config.settings.drain.at_most = node["drain"]["at_most"].AsDuration().value_or(config.settings.drain.at_most);
  if (const auto calls = node["drain"]["calls"].AsInteger({.min = 0, .max = 1'000'000})) {
    config.settings.drain.calls = static_cast<std::size_t>(*calls);
  }
  constexpr std::array<Choice<AccountingSettings::WhenFull>, 2> kWhenFull = {
      {{"refuse", AccountingSettings::WhenFull::kRefuse},
       {"pass_unrecorded", AccountingSettings::WhenFull::kPassUnrecorded}}};
  config.settings.when_full = node["when_journal_full"].AsEnum<AccountingSettings::WhenFull>(kWhenFull).value_or(
      AccountingSettings::WhenFull::kRefuse);
  config.journal = node["journal"].AsString().value_or("");
  if (const auto slots = node["journal_slots"].AsInteger({.min = 1024, .max = 4'000'000})) {
    config.journal_slots = static_cast<std::uint32_t>(*slots);
  }
  config.budgets = features::accounting::ReadLimits(root["budgets"], zones);
  if (!node["enabled"].AsBool().value_or(true)) config.keeping = AccountingConfig::Keeping::kOff;
  if (config.keeping == AccountingConfig::Keeping::kOff && !config.budgets.empty()) {
    node["enabled"].AddProblem("must be true where there are `budgets`: nothing would keep them");
  }
  return config;
}

}  // namespace gatehouse::app
