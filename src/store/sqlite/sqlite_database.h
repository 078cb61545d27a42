#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/handoff.h"
#include "store/database.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/work_queue.h"

namespace gatehouse::store::sqlite {

// A Database in one file on this machine's disk. One thread writes: all units that wait are committed together, so that
// a thousand of them cost one flush of the disk. Other threads read. Dropping it does what was accepted and closes the
// file.
class SqliteDatabase final : public Database {
 public:
  // Blocks: for the start of the process. `clock` outlives the database.
  static base::Result<std::unique_ptr<SqliteDatabase>> Open(const std::string& path, const DatabaseLimits& limits,
                                                            const base::Clock& clock);
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase() override;

  net::Task<base::Result<Rows>> Query(net::Loop& loop, Statement statement, net::Deadline deadline) override;
  net::Task<base::Result<std::vector<Rows>>> Write(net::Loop& loop, std::vector<Statement> unit,
                                                   net::Deadline deadline) override;
  Health health() const override;

 private:
  using UnitResult = base::Result<std::vector<Rows>>;
  struct Read {
    Statement statement;
    base::TimePoint deadline;
    net::Handoff<base::Result<Rows>>::Sender answer;
  };
  struct Unit {
    std::vector<Statement> statements;
    base::TimePoint deadline;
    net::Handoff<UnitResult>::Sender answer;
  };

  SqliteDatabase(std::unique_ptr<Connection> writer, std::vector<std::unique_ptr<Connection>> readers,
                 const DatabaseLimits& limits);

  void ReadAll(Connection& connection);
  void WriteAll();
  void Commit(std::vector<Unit> units);
  UnitResult Do(const Unit& unit);
  UnitResult DoAtomically(const Unit& unit);
  base::Status Probe();
  void Note(const base::Status& committed);

  WorkQueue<Read> reads_;
  WorkQueue<Unit> units_;
  std::unique_ptr<Connection> writer_;                // the writing thread's
  std::vector<std::unique_ptr<Connection>> readers_;  // each one thread's
  std::uint16_t probes_ = 0;                          // the writing thread's
  mutable std::mutex mutex_;
  Health health_;                     // guarded by mutex_
  std::vector<std::thread> threads_;  // last: they start when the rest is ready
};

}  // namespace gatehouse::store::sqlite
