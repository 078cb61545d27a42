#pragma once

#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/handoff.h"
#include "store/database.h"
#include "store/work_queue.h"

namespace gatehouse::store {

// What databases have in common whose drivers block: work waits in bounded queues, and threads of the implementation
// take it from there.
class WorkerDatabase : public Database {
 public:
  net::Task<base::Result<Rows>> Query(net::Loop& loop, Statement statement, net::Deadline deadline) final;
  net::Task<base::Status> Scan(net::Loop& loop, Statement statement, RowVisitor visit, net::Deadline deadline) final;
  net::Task<base::Result<std::vector<Rows>>> Write(net::Loop& loop, std::vector<Statement> unit,
                                                   net::Deadline deadline) final;
  Health health() const final;

 protected:
  using UnitResult = base::Result<std::vector<Rows>>;
  struct Read {
    Statement statement;
    RowVisitor visit;  // empty: the rows are kept and answered
    base::TimePoint deadline;
    net::Handoff<base::Result<Rows>>::Sender answer;
  };
  struct Unit {
    std::vector<Statement> statements;
    base::TimePoint deadline;
    net::Handoff<UnitResult>::Sender answer;
  };

  explicit WorkerDatabase(const DatabaseLimits& limits) : reads_(limits.max_waiting), units_(limits.max_waiting) {}

  WorkQueue<Read>& reads() { return reads_; }
  WorkQueue<Unit>& units() { return units_; }
  // Nothing more comes; what was accepted is still to be done.
  void Close();
  // How the last use of the database went. Any thread.
  void Note(const base::Status& used);

 private:
  net::Task<base::Result<Rows>> ReadRows(net::Loop& loop, Statement statement, RowVisitor visit,
                                         net::Deadline deadline);

  WorkQueue<Read> reads_;
  WorkQueue<Unit> units_;
  mutable std::mutex mutex_;
  Health health_;  // guarded by mutex_
};

}  // namespace gatehouse::store
