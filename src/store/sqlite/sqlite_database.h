#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/database.h"
#include "store/sqlite/connection.h"
#include "store/worker_database.h"

namespace gatehouse::store::sqlite {

// A Database in one file on this machine's disk. One thread writes: all units that wait are committed together, so that
// a thousand of them cost one flush of the disk. Other threads read. Dropping it does what was accepted and closes the
// file.
class SqliteDatabase final : public WorkerDatabase {
 public:
  // Blocks: for the start of the process. `clock` outlives the database.
  static base::Result<std::unique_ptr<SqliteDatabase>> Open(const std::string& path, const DatabaseLimits& limits,
                                                            const base::Clock& clock);
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase() override;

 private:
  SqliteDatabase(std::unique_ptr<Connection> writer, std::vector<std::unique_ptr<Connection>> readers,
                 const DatabaseLimits& limits);

  void ReadAll(Connection& connection);
  void WriteAll();
  void Commit(std::vector<Unit> units);
  UnitResult Do(const Unit& unit);
  UnitResult DoAtomically(const Unit& unit);
  base::Status Probe();

  std::unique_ptr<Connection> writer_;                // the writing thread's
  std::vector<std::unique_ptr<Connection>> readers_;  // each one thread's
  std::uint16_t probes_ = 0;                          // the writing thread's
  std::vector<std::thread> threads_;                  // last: they start when the rest is ready
};

}  // namespace gatehouse::store::sqlite
