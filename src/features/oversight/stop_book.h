#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "features/oversight/stop.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::oversight {

// Stops in the database, those that were lifted too. One thread; `database` and `loop` outlive it and the tasks it gave
// out. Times are milliseconds since 1970, given by the caller.
class StopBook {
 public:
  StopBook(store::Database& database, net::Loop& loop) : database_(database), loop_(loop) {}

  // kConflict from kClient where the same is stopped already.
  net::Task<base::Status> Set(Stop stop, net::Deadline deadline);
  // One person wants it lifted; from the second one on it is. kNotFound; kConflict from kClient where it was lifted
  // before, or the same person has said so before.
  net::Task<base::Result<Stop>> Lift(std::int64_t id, Person by, std::int64_t now_ms, net::Deadline deadline);
  net::Task<base::Result<Stop>> Show(std::int64_t id, net::Deadline deadline);

  enum class Which : std::uint8_t { kInForce, kAll };
  // Newest first.
  net::Task<base::Result<std::vector<Stop>>> List(Which which, std::int64_t at_most, net::Deadline deadline);
  // Rises with every change.
  net::Task<base::Result<std::int64_t>> LastChange(net::Deadline deadline);

 private:
  net::Task<base::Result<std::vector<Stop>>> Read(store::Statement statement, net::Deadline deadline);

  store::Database& database_;
  net::Loop& loop_;
};

}  // namespace gatehouse::features::oversight
