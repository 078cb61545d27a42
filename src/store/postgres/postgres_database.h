#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "store/database.h"
#include "store/postgres/connection.h"
#include "store/worker_database.h"

namespace gatehouse::store::postgres {

// A Database on a PostgreSQL server that several gateways share. A few threads, each with a connection of its own that
// it replaces when it breaks. A unit that the server undid because of others (deadlock, serialization) is tried again.
// Dropping it does what was accepted and closes the connections.
class PostgresDatabase final : public WorkerDatabase {
 public:
  // `conninfo` as libpq takes it; it may hold a password. Blocks until one connection stands: for the start of the
  // process. `clock` outlives the database.
  static base::Result<std::unique_ptr<PostgresDatabase>> Open(base::Secret conninfo, const DatabaseLimits& limits,
                                                              const base::Clock& clock);
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;
  ~PostgresDatabase() override;

 private:
  // A thread's connection; made when it is needed.
  class Line;

  PostgresDatabase(base::Secret conninfo, const DatabaseLimits& limits, const base::Clock& clock);

  void ReadAll();
  void WriteAll();
  UnitResult Do(Line& line, const Unit& unit);
  UnitResult DoOnce(Connection& connection, const Unit& unit);

  const base::Secret conninfo_;
  const DatabaseLimits limits_;
  const base::Clock& clock_;
  std::vector<std::thread> threads_;  // last: they start when the rest is ready
};

}  // namespace gatehouse::store::postgres
