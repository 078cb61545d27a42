#include "store/postgres/postgres_database.h"

#include <chrono>
#include <utility>

#include "store/errors.h"

namespace gatehouse::store::postgres {
namespace {

using base::Result;
using base::Status;

constexpr int kReaders = 2;
constexpr int kWriters = 4;
constexpr int kMaxTries = 100;  // of a unit that the server undoes: each time some other one got through
constexpr std::chrono::milliseconds kPatience(500);  // also the time between probes of a database that fails
// For what has to be done whatever the caller's deadline: the end of a transaction, a probe.
constexpr std::chrono::seconds kEnough(10);

Status ToStatus(const Result<Rows>& rows) { return rows.ok() ? base::Ok() : Status(rows.error()); }

// What says something about the database and not about the work that it was given.
bool IsItsFault(const base::Error& error) { return error.code == base::ErrorCode::kUnavailable; }

bool IsUndoneByOthers(const base::Error& error) {
  return error.code == base::ErrorCode::kConflict && error.retry == base::Retry::kSameTarget;
}

}  // namespace

class PostgresDatabase::Line {
 public:
  explicit Line(PostgresDatabase& database) : database_(database) {}

  Result<Connection*> Connect() {
    if (connection_ && connection_->usable()) return connection_.get();
    connection_.reset();
    GH_TRY(connection_,
           Connection::Open(std::string(database_.conninfo_.Reveal()), database_.limits_, database_.clock_));
    return connection_.get();
  }

  void ProbeIfFailing() {
    if (database_.health().state == Health::State::kWorking) return;
    auto connection = Connect();
    database_.Note(connection.ok()
                       ? ToStatus(connection.value()->Run({.sql = "SELECT 1"}, database_.clock_.Now() + kEnough))
                       : Status(connection.error()));
  }

 private:
  PostgresDatabase& database_;  // outlives its threads
  std::unique_ptr<Connection> connection_;
};

Result<std::unique_ptr<PostgresDatabase>> PostgresDatabase::Open(base::Secret conninfo, const DatabaseLimits& limits,
                                                                 const base::Clock& clock) {
  GH_TRY(const auto first, Connection::Open(std::string(conninfo.Reveal()), limits, clock));
  return std::unique_ptr<PostgresDatabase>(new PostgresDatabase(std::move(conninfo), limits, clock));
}

PostgresDatabase::PostgresDatabase(base::Secret conninfo, const DatabaseLimits& limits, const base::Clock& clock)
    : WorkerDatabase(limits), conninfo_(std::move(conninfo)), limits_(limits), clock_(clock) {
  for (int i = 0; i < kReaders; ++i) threads_.emplace_back([this] { ReadAll(); });
  for (int i = 0; i < kWriters; ++i) threads_.emplace_back([this] { WriteAll(); });
}

PostgresDatabase::~PostgresDatabase() {
  Close();
  for (auto& thread : threads_) thread.join();
}

void PostgresDatabase::ReadAll() {
  Line line(*this);
  while (!reads().finished()) {
    auto taken = reads().Take(1, kPatience);
    if (taken.empty()) line.ProbeIfFailing();
    for (Read& read : taken) {
      if (!read.answer.Begin()) continue;
      auto connection = line.Connect();
      Result<Rows> rows = connection.ok() ? connection.value()->Run(read.statement, read.visit, read.deadline)
                                          : Result<Rows>(std::move(connection).TakeError());
      if (rows.ok() || IsItsFault(rows.error())) Note(ToStatus(rows));
      read.answer.Send(std::move(rows));
    }
  }
}

void PostgresDatabase::WriteAll() {
  Line line(*this);
  while (!units().finished()) {
    for (Unit& unit : units().Take(1, kPatience)) {
      if (!unit.answer.Begin()) continue;
      auto rows = Do(line, unit);
      if (rows.ok() || IsItsFault(rows.error())) Note(rows.ok() ? base::Ok() : Status(rows.error()));
      unit.answer.Send(std::move(rows));
    }
  }
}

// Nothing was done when it is kUnavailable: what may have been done is kTimeout. A connection may have broken while it
// was idle, so that a second try on a new one is worth it.
PostgresDatabase::UnitResult PostgresDatabase::Do(Line& line, const Unit& unit) {
  for (int tries = 1;; ++tries) {
    GH_TRY(Connection* const connection, line.Connect());
    auto rows = DoOnce(*connection, unit);
    if (rows.ok() || clock_.Now() >= unit.deadline) return rows;
    const int at_most = IsUndoneByOthers(rows.error()) ? kMaxTries : IsItsFault(rows.error()) ? 2 : 1;
    if (tries >= at_most) return rows;
  }
}

PostgresDatabase::UnitResult PostgresDatabase::DoOnce(Connection& connection, const Unit& unit) {
  GH_CHECK_OK(ToStatus(connection.Run({.sql = "BEGIN"}, unit.deadline)));
  std::vector<Rows> answers;
  for (const Statement& statement : unit.statements) {
    auto rows = connection.Run(statement, unit.deadline);
    if (!rows.ok()) {
      if (connection.usable()) static_cast<void>(connection.Run({.sql = "ROLLBACK"}, clock_.Now() + kEnough));
      return std::move(rows).TakeError();
    }
    answers.push_back(std::move(rows).value());
  }
  const auto committed = connection.Run({.sql = "COMMIT"}, clock_.Now() + kEnough);
  if (!committed.ok()) return connection.usable() ? committed.error() : InDoubt();
  return answers;
}

}  // namespace gatehouse::store::postgres
