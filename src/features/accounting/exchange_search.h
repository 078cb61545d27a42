#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "features/accounting/row.h"
#include "net/loop.h"
#include "net/task.h"
#include "pipeline/principal.h"
#include "store/database.h"

namespace gatehouse::features::accounting {

// The name of a row, for ever: its journal's id and its number there.
struct RowName {
  std::int64_t journal = 0;
  std::int64_t number = 0;
  auto operator<=>(const RowName&) const = default;
};
std::string ToString(RowName name);  // "12345678901234567890-17"
std::optional<RowName> ParseRowName(std::string_view text);

// Which exchanges are wanted.
struct ExchangeQuery {
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;               // not itself
  std::string request_id;                  // "": any
  std::optional<pipeline::NodeId> within;  // only what is below this node
  enum class Which : std::uint8_t { kAll, kInDoubt } which = Which::kAll;
  std::vector<RowName> except;  // sorted; not these
  std::uint32_t at_most = 100;
};

struct ExchangeList {
  std::vector<std::string> rows;  // their bytes, newest blocks first
  std::vector<RowName> names;     // of the rows, in their order
  bool complete = true;           // false: there are more, or more than it looked at
};

// Reads blocks of the ledger from the newest on, until it has enough, and no more than a bound of them. kInvalidRequest
// for a span or a number that makes no sense.
net::Task<base::Result<ExchangeList>> SearchExchanges(store::Database& database, net::Loop& loop, ExchangeQuery query,
                                                      net::Deadline deadline);

// A row as the members of a JSON object that the caller opens and closes.
void WriteRow(codec::json::Writer& writer, const Row& row);

}  // namespace gatehouse::features::accounting
