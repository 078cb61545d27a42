#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "store/database.h"
#include "store/value.h"

struct sqlite3;
struct sqlite3_stmt;

namespace gatehouse::store::sqlite {

// One connection to a database file, with its prepared statements. Belongs to one thread at a time.
class Connection {
 public:
  enum class Access : std::uint8_t { kReadWrite, kReadOnly };

  // kReadWrite makes the file, for its owner alone, where there is none, and sets it up: write-ahead log, every commit
  // on the disk before it is answered. kConflict for a file that is a database of another program.
  static base::Result<std::unique_ptr<Connection>> Open(const std::string& path, Access access,
                                                        const DatabaseLimits& limits, const base::Clock& clock);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Gives up at `deadline` (kTimeout), within some thousand steps of SQLite's machine.
  base::Result<Rows> Run(const Statement& statement, base::TimePoint deadline) { return Run(statement, {}, deadline); }
  // The same; the rows are shown to `visit`, where there is one, and not kept.
  base::Result<Rows> Run(const Statement& statement, const RowVisitor& visit, base::TimePoint deadline);
  // BEGIN, SAVEPOINT and their like.
  base::Status Execute(std::string_view sql);
  bool InTransaction() const;

 private:
  struct Closer {
    void operator()(sqlite3* handle) const;
  };
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Prepared = std::unique_ptr<sqlite3_stmt, Finalizer>;
  struct Kept {
    std::string sql;
    Prepared prepared;
  };

  Connection(std::unique_ptr<sqlite3, Closer> handle, const DatabaseLimits& limits, const base::Clock& clock);

  base::Status SetUp(Access access);
  base::Status Claim();
  base::Result<sqlite3_stmt*> Prepare(const std::string& sql);
  base::Result<Rows> Collect(sqlite3_stmt* prepared, const RowVisitor& visit);
  base::Error Fault(int code) const;
  static int OnProgress(void* self);

  const DatabaseLimits limits_;
  const base::Clock& clock_;  // outlives the connection
  base::TimePoint deadline_ = base::TimePoint::max();
  std::unique_ptr<sqlite3, Closer> handle_;
  std::list<Kept> kept_;                                                    // the one used last is in front
  std::unordered_map<std::string_view, std::list<Kept>::iterator> by_sql_;  // views into kept_
};

}  // namespace gatehouse::store::sqlite
