#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/database.h"
#include "store/value.h"

struct pg_conn;
struct pg_result;

namespace gatehouse::store::postgres {

// One connection to a PostgreSQL server. Blocks; belongs to one thread at a time. After an error that leaves the
// server's side unknown it is no longer usable() and is to be replaced.
class Connection {
 public:
  // `conninfo` as libpq takes it (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING).
  static base::Result<std::unique_ptr<Connection>> Open(const std::string& conninfo, const DatabaseLimits& limits,
                                                        const base::Clock& clock);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // kTimeout at `deadline`; the server stops within a minute.
  base::Result<Rows> Run(const Statement& statement, base::TimePoint deadline) { return Run(statement, {}, deadline); }
  // The same; the rows are shown to `visit`, where there is one, and not kept.
  base::Result<Rows> Run(const Statement& statement, const RowVisitor& visit, base::TimePoint deadline);
  bool usable() const;

 private:
  struct Closer {
    void operator()(pg_conn* handle) const;
  };
  struct Clearer {
    void operator()(pg_result* result) const;
  };
  using Answer = std::unique_ptr<pg_result, Clearer>;
  enum class Wait : std::uint8_t { kReady, kLate, kBroken };

  Connection(std::unique_ptr<pg_conn, Closer> handle, const DatabaseLimits& limits, const base::Clock& clock);

  base::Status Send(const Statement& statement);
  base::Result<Rows> Collect(const RowVisitor& visit, base::TimePoint deadline);
  // The next part of the answer; null at its end.
  base::Result<Answer> Next(base::TimePoint deadline);
  Wait AwaitAnswer(base::TimePoint deadline);

  const DatabaseLimits limits_;
  const base::Clock& clock_;  // outlives the connection
  std::unique_ptr<pg_conn, Closer> handle_;
  bool broken_ = false;
};

}  // namespace gatehouse::store::postgres
