#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "features/accounting/exchange_search.h"
#include "features/accounting/row.h"
#include "features/accounting/treasury.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"
#include "store/migrations.h"

namespace gatehouse::features::accounting {

// What somebody has found out that an exchange did cost which was charged at its worst. The exchange's row stays as it
// is.
struct Adjustment {
  std::int64_t id = 0;  // random
  RowName row;
  std::string request_id;
  std::int64_t admitted_ms = 0;  // of the exchange
  std::int64_t at_ms = 0;
  std::string author;  // "owner", the path of a user
  std::string note;
  base::NanoUsd before;  // as the row has it
  base::NanoUsd after;

  base::NanoUsd difference() const { return after - before; }
};

// What is to be settled, and by whom.
struct SettleRequest {
  std::string row_bytes;  // of the exchange, as the ledger has it
  RowName row;
  base::NanoUsd cost;
  std::int64_t author_id = 0;
  std::string author;
  std::string note;
};

// Settles exchanges in doubt at what they did cost: appends an adjustment, and moves sums, what is used of limits, and
// the treasury by the difference. `database` and `treasury` outlive it. Any one thread.
class Adjustments {
 public:
  Adjustments(store::Database& database, Treasury& treasury) : database_(database), treasury_(treasury) {}
  // Where several gateways share limits: the treasury is told of differences in rows of this journal alone, by
  // Follow(), whichever gateway settles them. Before anything else.
  void SharedBy(std::int64_t journal) { own_journal_ = journal; }
  // What was settled so far is in the treasury.
  net::Task<base::Status> Begin(net::Loop& loop, net::Deadline deadline);
  // Tells the treasury what was settled since Begin() and was not told yet. Needs SharedBy().
  net::Task<base::Status> Follow(net::Loop& loop, net::Deadline deadline);

  // Once for each row: kConflict for one that was settled, kInvalidRequest for one that is not in doubt. `also` is done
  // in the same unit of work.
  net::Task<base::Result<Adjustment>> Settle(net::Loop& loop, SettleRequest request, std::vector<store::Statement> also,
                                             net::Deadline deadline);

  // Those of exchanges that were admitted in [from, until), by their rows; kTooLarge beyond a bound.
  using ByRow = std::map<RowName, Adjustment>;
  net::Task<base::Result<ByRow>> Between(net::Loop& loop, std::int64_t from_ms, std::int64_t until_ms,
                                         net::Deadline deadline) const;

  // The exchanges in doubt that nobody has settled.
  struct Doubts {
    std::int64_t exchanges = 0;
    std::int64_t newest_ms = 0;  // the newest of all that were ever in doubt, to a block's width
  };
  net::Task<base::Result<Doubts>> Open(net::Loop& loop, net::Deadline deadline) const;

 private:
  net::Task<base::Result<Adjustment>> Find(net::Loop& loop, RowName row, net::Deadline deadline) const;

  store::Database& database_;
  Treasury& treasury_;
  std::optional<std::int64_t> own_journal_;
  std::int64_t followed_ = 0;  // the serial number of the last adjustment that the treasury knows
};

// The tables of adjustments; component "adjustments".
store::Schema AdjustmentSchema();

}  // namespace gatehouse::features::accounting
