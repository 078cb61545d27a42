#pragma once

// For tests; never included by product code.

#include <string>
#include <utility>
#include <vector>

#include "features/accounting/block.h"
#include "features/accounting/row.h"

namespace gatehouse::features::accounting {

inline std::string Encoded(const Row& row) {
  EncodedRow bytes;
  return std::string(Encode(row, bytes));
}

struct NumberedRow {
  std::int64_t number = 0;
  Row row;
};

// What the ledger would write for these rows.
inline std::vector<store::Statement> UnitOf(std::int64_t journal, std::int64_t block,
                                            const std::vector<NumberedRow>& rows, const Treasury& treasury) {
  BlockBuilder builder;
  for (const auto& [number, row] : rows) static_cast<void>(builder.Add(number, Encoded(row)));
  return builder.Take(journal, block, treasury);
}

}  // namespace gatehouse::features::accounting
