#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/value.h"

namespace gatehouse::store {

// One SQL statement in the words that SQLite (3.40) and PostgreSQL (15) share: arguments are $1, $2 ..., columns are
// BIGINT, DOUBLE PRECISION, TEXT or BYTEA, ids are made by the program. The text is written by the program, never made
// of what came from outside.
struct Statement {
  std::string sql;
  std::vector<Value> arguments;
  // A write that must concern exactly so many rows, else its unit is not done (kConflict): what was read before it has
  // been changed by somebody else.
  std::optional<std::uint64_t> expected_changes;
};

// Whether the database does its work. For /readyz.
struct Health {
  enum class State : std::uint8_t { kWorking, kFailing };
  State state = State::kWorking;
  std::string reason;  // while it fails: in words for the operator
};

struct DatabaseLimits {
  std::size_t max_waiting = 4096;    // units of work, and as many reads; what comes on top is refused (kUnavailable)
  std::size_t max_rows = 100'000;    // of one answer, beyond which it is kTooLarge and never cut
  std::size_t max_bytes = 64 << 20;  // the same for its text and bytes
  std::uint64_t max_file_bytes = 0;  // of a database in a file; 0: what the disk has
};

// A relational database behind the loops: no call waits on a loop's thread. Thread-safe; outlives the tasks it gave
// out. Dropping a task withdraws what was not begun.
//
// Errors have the source kStore: kConflict for a constraint or an unexpected number of changes, kTimeout at the
// deadline, kTooLarge, kUnavailable with Retry::kSameTarget when nothing was done and it may pass, kInternal for a
// fault in a statement.
class Database {
 public:
  virtual ~Database() = default;

  // Reads. Sees every unit of work that was answered before.
  virtual net::Task<base::Result<Rows>> Query(net::Loop& loop, Statement statement, net::Deadline deadline) = 0;

  // Reads without keeping: what is bounded by max_rows and max_bytes elsewhere is not here. All of it is of one moment.
  // `visit` is called on a thread of the database, and never again once the task has ended or was dropped; whoever
  // drops the task waits for a call that is under way.
  virtual net::Task<base::Status> Scan(net::Loop& loop, Statement statement, RowVisitor visit,
                                       net::Deadline deadline) = 0;

  // Does all of the statements, in their order, or none; durable when it answers. kTimeout with Retry::kNever: it was
  // under way at the deadline and may yet be done.
  virtual net::Task<base::Result<std::vector<Rows>>> Write(net::Loop& loop, std::vector<Statement> unit,
                                                           net::Deadline deadline) = 0;

  virtual Health health() const = 0;
};

}  // namespace gatehouse::store
