#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "features/accounting/row.h"
#include "features/accounting/treasury.h"
#include "store/database.h"

namespace gatehouse::features::accounting {

// How coarse sums are kept.
enum class Grain : std::uint8_t { kMinute, kHour, kDay };

std::string_view TableOf(Grain grain);                         // "rollup_minute", ...
std::int64_t BeginOf(Grain grain, std::int64_t milliseconds);  // of the piece of UTC that a time lies in

// What a row takes of the limits on its way. Views into it.
Treasury::Use UseOf(const Row& row);

// What becomes of rows as one unit of work: the rows, their sums, and what they use up of limits. Applied again, the
// unit fails with kConflict, because its batch is there: so that one whose outcome is not known can be repeated.
struct Batch {
  std::int64_t journal = 0;
  std::int64_t number = 0;
  std::vector<Row> rows;
};
std::vector<store::Statement> UnitOf(const Batch& batch, const Treasury& treasury);

}  // namespace gatehouse::features::accounting
