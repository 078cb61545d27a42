#include "store/sqlite/sqlite_database.h"

#include <pthread.h>

#include <chrono>
#include <utility>

#include "store/errors.h"

namespace gatehouse::store::sqlite {
namespace {

using base::Result;
using base::Status;

constexpr std::size_t kReaders = 2;
constexpr std::size_t kMaxUnitsPerCommit = 512;
constexpr std::chrono::milliseconds kPatience(500);  // also the time between probes of a database that fails

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path, const DatabaseLimits& limits,
                                                             const base::Clock& clock) {
  GH_TRY(auto writer, Connection::Open(path, Connection::Access::kReadWrite, limits, clock));
  std::vector<std::unique_ptr<Connection>> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    GH_TRY(auto reader, Connection::Open(path, Connection::Access::kReadOnly, limits, clock));
    readers.push_back(std::move(reader));
  }
  return std::unique_ptr<SqliteDatabase>(new SqliteDatabase(std::move(writer), std::move(readers), limits));
}

SqliteDatabase::SqliteDatabase(std::unique_ptr<Connection> writer, std::vector<std::unique_ptr<Connection>> readers,
                               const DatabaseLimits& limits)
    : WorkerDatabase(limits), writer_(std::move(writer)), readers_(std::move(readers)) {
  threads_.emplace_back([this] { WriteAll(); });
  for (const auto& reader : readers_) threads_.emplace_back([this, &reader] { ReadAll(*reader); });
}

SqliteDatabase::~SqliteDatabase() {
  Close();
  for (auto& thread : threads_) thread.join();
}

void SqliteDatabase::ReadAll(Connection& connection) {
  ::pthread_setname_np(::pthread_self(), "sqlite-read");
  while (!reads().finished()) {
    for (Read& read : reads().Take(1, kPatience)) {
      if (read.answer.Begin()) read.answer.Send(connection.Run(read.statement, read.visit, read.deadline));
    }
  }
}

void SqliteDatabase::WriteAll() {
  ::pthread_setname_np(::pthread_self(), "sqlite-write");
  while (!units().finished()) {
    auto taken = units().Take(kMaxUnitsPerCommit, kPatience);
    if (taken.empty() && health().state == Health::State::kFailing) Note(Probe());
    Commit(std::move(taken));
  }
}

// A write that means nothing: whoever refuses work while the database fails would never learn that it has recovered.
Status SqliteDatabase::Probe() { return writer_->Execute("PRAGMA user_version=" + std::to_string(++probes_)); }

// A unit that fails is undone alone; what cannot be committed fails for all of them.
void SqliteDatabase::Commit(std::vector<Unit> units) {
  std::erase_if(units, [](Unit& unit) { return !unit.answer.Begin(); });
  if (units.empty()) return;
  Status committed = writer_->Execute("BEGIN IMMEDIATE");
  std::vector<UnitResult> results;
  if (committed.ok()) {
    for (const Unit& unit : units) results.push_back(Do(unit));
    // Some faults (a full disk) end the whole transaction.
    committed = writer_->InTransaction() ? writer_->Execute("COMMIT") : Unavailable("the transaction was rolled back");
    if (writer_->InTransaction()) static_cast<void>(writer_->Execute("ROLLBACK"));
  }
  Note(committed);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const bool failed = committed.ok() || (i < results.size() && !results[i].ok());
    units[i].answer.Send(failed ? std::move(results[i]) : UnitResult(committed.error()));
  }
}

SqliteDatabase::UnitResult SqliteDatabase::Do(const Unit& unit) {
  if (!writer_->InTransaction()) return Unavailable("the transaction was rolled back");
  GH_CHECK_OK(writer_->Execute("SAVEPOINT unit"));
  auto rows = DoAtomically(unit);
  if (!rows.ok() && writer_->InTransaction()) GH_CHECK_OK(writer_->Execute("ROLLBACK TO unit"));
  if (writer_->InTransaction()) GH_CHECK_OK(writer_->Execute("RELEASE unit"));
  return rows;
}

SqliteDatabase::UnitResult SqliteDatabase::DoAtomically(const Unit& unit) {
  std::vector<Rows> answers;
  for (const Statement& statement : unit.statements) {
    GH_TRY(Rows rows, writer_->Run(statement, unit.deadline));
    answers.push_back(std::move(rows));
  }
  return answers;
}

}  // namespace gatehouse::store::sqlite
