#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "codec/config/node.h"

namespace gatehouse::features::accounting {

// What one side says was used of one model on one day. What a side does not say is not there.
struct BillLine {
  std::int64_t day_ms = 0;  // when the day began, in UTC
  std::string model;
  std::optional<base::NanoUsd> cost;
  std::optional<std::int64_t> requests;
  std::optional<std::int64_t> input;   // tokens, cached ones included
  std::optional<std::int64_t> output;  // tokens, reasoning included
};

struct Bill {
  std::string form;  // for people: "costs of OpenAI"
  std::vector<BillLine> lines;
  std::vector<std::string> warnings;
};

// Where a table has what, and by what names. `columns` of a FOCUS table unless it is said otherwise.
struct BillMapping {
  std::vector<std::string> day = {"ChargePeriodStart"};  // the first of these columns that a table has
  std::vector<std::string> model = {"x_Model", "ResourceName", "SkuId", "ResourceId"};
  std::vector<std::string> cost = {"BilledCost"};
  std::vector<std::string> requests;
  std::vector<std::string> input;  // of these and the next, the sum of all that the table has
  std::vector<std::string> output;
  std::vector<std::string> currency = {"BillingCurrency"};
  enum class Unit : std::uint8_t { kUsd, kCents } unit = Unit::kUsd;
  char delimiter = ',';
  std::map<std::string, std::string, std::less<>> models;  // the bill's name -> the one in the ledger
  std::vector<std::string> leave_out;                      // patterns of names that are no models
};

// Of a mapping file (docs/reconciliation.md). Problems are noted on the tree.
BillMapping ReadMapping(const codec::config::Node& root);

// Reads a provider's export: the JSON pages of OpenAI's usage and costs and of Anthropic's usage and cost reports, or a
// table with a line for names. kInvalidRequest, in words for who exported it.
base::Result<Bill> ReadBill(std::string_view text, const BillMapping& mapping);

// What the gateway's usage endpoint answered by time, provider and upstream_model, by day: of one provider, or of all
// for "".
base::Result<Bill> ReadLedgerUsage(std::string_view json, std::string_view provider);

// Dollars or cents as exports write them ("0.0123", "1.3e-05", "$1,234.50") in nano-USD, rounded half away from zero;
// nullopt for anything else and for what is out of range.
std::optional<base::NanoUsd> ParseAmount(std::string_view text, BillMapping::Unit unit);

}  // namespace gatehouse::features::accounting
