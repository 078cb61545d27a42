#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "features/accounting/bill.h"

namespace gatehouse::features::accounting {

// How far two figures may lie apart and count as the same.
struct Tolerance {
  std::int64_t permyriad = 100;   // of the larger one: 100 is 1 %
  base::NanoUsd usd{10'000'000};  // and in any case, of amounts of money
};

// One figure of one model on one day, from both sides; 0 where a side has none.
struct Compared {
  std::int64_t day_ms = 0;
  std::string model;
  enum class Measure : std::uint8_t { kUsd, kRequests, kInput, kOutput } measure = Measure::kUsd;
  std::int64_t theirs = 0;  // nano-USD of kUsd
  std::int64_t ours = 0;
  enum class Verdict : std::uint8_t { kSame, kWithin, kBeyond } verdict = Verdict::kSame;

  std::int64_t difference() const { return ours - theirs; }
};
std::string_view ToString(Compared::Measure measure);  // "usd", "requests", "input", "output"

struct Reconciliation {
  std::vector<Compared> figures;  // by day, model and measure
  std::vector<Compared> totals;   // a figure for each measure; without day and model
  bool agrees() const;            // nothing is beyond
};

// Compares what a provider says with what the ledger says, on the days that the bill has: every measure that it has at
// all. Names that differ in a date at their end (gpt-5-2026-01-31, claude-x-20260131) are one model.
Reconciliation Reconcile(const Bill& theirs, const Bill& ours, const Tolerance& tolerance);

// For people: a line for each figure that differs, or for each at all, then the totals.
enum class Shown : std::uint8_t { kBeyond, kAll };
std::string ReconciliationText(const Reconciliation& reconciliation, Shown shown);
// {"agrees": ..., "figures": [...], "totals": [...]}.
std::string ReconciliationJson(const Reconciliation& reconciliation);

}  // namespace gatehouse::features::accounting
