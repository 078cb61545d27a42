#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/config/node.h"
#include "features/accounting/accounting_stage.h"
#include "features/accounting/limit_reader.h"
#include "features/common/zone_files.h"

namespace gatehouse::app {

struct AccountingConfig {
  // Off: nothing is held, settled or written down, for a gateway whose traffic another one accounts for.
  enum class Keeping : std::uint8_t { kOn, kOff } keeping = Keeping::kOn;
  features::accounting::AccountingSettings settings;
  std::string journal;  // "": beside the database
  std::uint32_t journal_slots = 32'768;
  std::vector<features::accounting::StatedLimit> budgets;
};

// Reads the sections `accounting` and `budgets`. Problems are noted on the tree.
AccountingConfig ReadAccounting(const codec::config::Node& root, const features::common::ZoneFiles& zones);

}  // namespace gatehouse::app
