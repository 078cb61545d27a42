#include "store/sqlite/connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "store/errors.h"

namespace gatehouse::store::sqlite {
namespace {

using base::Result;
using base::Status;

// PRAGMA application_id of our files, "GHse" in ASCII: https://sqlite.org/fileformat.html, section 1.3.18.
constexpr std::int64_t kApplicationId = 0x4748'7365;
constexpr int kStepsBetweenLooks = 4000;  // of SQLite's machine, between two looks at the clock
constexpr std::size_t kMaxKept = 128;

// WAL with synchronous=FULL: a commit is on the disk when it returns
// (https://sqlite.org/pragma.html#pragma_synchronous).
constexpr std::string_view kWriterSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000; "
    "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=1000;";
constexpr std::string_view kReaderSettings =
    "PRAGMA query_only=ON; PRAGMA busy_timeout=5000; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;";

// SQLite makes files that everybody may read; this one holds who may do what.
Status MakeFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Unavailable("cannot open " + path);
  ::close(file);
  return base::Ok();
}

struct Binder {
  sqlite3_stmt* prepared;
  int index;

  int operator()(std::monostate) const { return sqlite3_bind_null(prepared, index); }
  int operator()(std::int64_t value) const { return sqlite3_bind_int64(prepared, index, value); }
  int operator()(double value) const { return sqlite3_bind_double(prepared, index, value); }
  // The arguments outlive the run of the statement.
  int operator()(const std::string& text) const {
    return sqlite3_bind_text64(prepared, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(const Blob& blob) const {
    return sqlite3_bind_blob64(prepared, index, blob.bytes.data(), blob.bytes.size(), SQLITE_STATIC);
  }
};

Status Bind(sqlite3_stmt* prepared, const std::vector<Value>& arguments) {
  if (sqlite3_bind_parameter_count(prepared) != static_cast<int>(arguments.size())) {
    return base::Internal("a statement with another number of arguments than it was given");
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const int index = sqlite3_bind_parameter_index(prepared, ("$" + std::to_string(i + 1)).c_str());
    if (index == 0) return base::Internal("a statement that does not name $" + std::to_string(i + 1));
    if (std::visit(Binder{prepared, index}, arguments[i]) != SQLITE_OK)
      return base::Internal("cannot bind an argument");
  }
  return base::Ok();
}

std::string Bytes(const void* at, int size) {
  return at == nullptr ? std::string() : std::string(static_cast<const char*>(at), static_cast<std::size_t>(size));
}

Value Column(sqlite3_stmt* prepared, int column) {
  switch (sqlite3_column_type(prepared, column)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(prepared, column);
    case SQLITE_FLOAT: return sqlite3_column_double(prepared, column);
    case SQLITE_TEXT: return Bytes(sqlite3_column_text(prepared, column), sqlite3_column_bytes(prepared, column));
    case SQLITE_BLOB: return Blob{Bytes(sqlite3_column_blob(prepared, column), sqlite3_column_bytes(prepared, column))};
    default: return std::monostate();
  }
}

std::size_t SizeOf(sqlite3_stmt* prepared) {
  std::size_t bytes = 0;
  for (int i = 0; i < sqlite3_column_count(prepared); ++i) {
    bytes += static_cast<std::size_t>(sqlite3_column_bytes(prepared, i));
  }
  return bytes;
}

Row ReadRow(sqlite3_stmt* prepared) {
  Row row;
  const int columns = sqlite3_column_count(prepared);
  row.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) row.push_back(Column(prepared, i));
  return row;
}

// The row that a statement has stepped to.
class CurrentRow final : public RowView {
 public:
  explicit CurrentRow(sqlite3_stmt* prepared) : prepared_(prepared) {}

  std::int64_t Integer(std::size_t column) const override {
    sqlite3_value* const value = At(column);
    return sqlite3_value_type(value) == SQLITE_INTEGER ? sqlite3_value_int64(value) : 0;
  }
  std::string_view Text(std::size_t column) const override {
    sqlite3_value* const value = At(column);
    return sqlite3_value_type(value) == SQLITE_TEXT ? View(sqlite3_value_text(value), value) : std::string_view();
  }
  std::string_view Bytes(std::size_t column) const override {
    sqlite3_value* const value = At(column);
    return sqlite3_value_type(value) == SQLITE_BLOB ? View(sqlite3_value_blob(value), value) : std::string_view();
  }
  bool IsNull(std::size_t column) const override { return sqlite3_value_type(At(column)) == SQLITE_NULL; }

 private:
  // A look at the value itself instead of one call for each of its sides. Connections without a mutex of their own may
  // (https://sqlite.org/c3ref/value.html, on unprotected values).
  sqlite3_value* At(std::size_t column) const { return sqlite3_column_value(prepared_, static_cast<int>(column)); }
  static std::string_view View(const void* at, sqlite3_value* value) {
    const int size = sqlite3_value_bytes(value);
    return at == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(at), static_cast<std::size_t>(size));
  }

  sqlite3_stmt* prepared_;
};

// Ends a run however it went, so that the statement holds no lock and no view into the arguments.
class Rewind {
 public:
  explicit Rewind(sqlite3_stmt* prepared) : prepared_(prepared) {}
  Rewind(const Rewind&) = delete;
  Rewind& operator=(const Rewind&) = delete;
  ~Rewind() {
    sqlite3_reset(prepared_);
    sqlite3_clear_bindings(prepared_);
  }

 private:
  sqlite3_stmt* prepared_;
};

}  // namespace

void Connection::Closer::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void Connection::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Connection::Connection(std::unique_ptr<sqlite3, Closer> handle, const DatabaseLimits& limits, const base::Clock& clock)
    : limits_(limits), clock_(clock), handle_(std::move(handle)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Access access,
                                                     const DatabaseLimits& limits, const base::Clock& clock) {
  if (access == Access::kReadWrite) GH_CHECK_OK(MakeFile(path));
  const int mode = access == Access::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<sqlite3, Closer> handle(raw);
  if (code != SQLITE_OK) return Unavailable("cannot open " + path + ": " + sqlite3_errstr(code));
  std::unique_ptr<Connection> connection(new Connection(std::move(handle), limits, clock));
  GH_CHECK_OK(connection->SetUp(access));
  return connection;
}

Status Connection::SetUp(Access access) {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_progress_handler(handle_.get(), kStepsBetweenLooks, &OnProgress, this);
  if (access == Access::kReadOnly) return Execute(kReaderSettings);
  GH_CHECK_OK(Claim());
  GH_CHECK_OK(Execute(kWriterSettings));
  if (limits_.max_file_bytes == 0) return base::Ok();
  constexpr std::int64_t kSmallestPage = 512;
  GH_TRY(const Rows page, Run({.sql = "PRAGMA page_size"}, base::TimePoint::max()));
  const auto page_bytes = static_cast<std::uint64_t>(std::max(kSmallestPage, IntegerOf(page.at(0).at(0))));
  const auto pages = limits_.max_file_bytes / page_bytes;
  return Execute("PRAGMA max_page_count=" + std::to_string(pages));
}

// A new file becomes ours; one with tables has to be ours already.
Status Connection::Claim() {
  GH_TRY(const Rows id, Run({.sql = "PRAGMA application_id"}, base::TimePoint::max()));
  GH_TRY(const Rows tables, Run({.sql = "SELECT count(*) FROM sqlite_schema"}, base::TimePoint::max()));
  if (IntegerOf(id.at(0).at(0)) == kApplicationId) return base::Ok();
  if (IntegerOf(tables.at(0).at(0)) == 0) return Execute("PRAGMA application_id=" + std::to_string(kApplicationId));
  base::Error error = Conflict("the file has tables and another application_id");
  error.public_message = "This file is the database of another program. Name a file of its own for the gateway.";
  return error;
}

int Connection::OnProgress(void* self) {
  const auto* connection = static_cast<const Connection*>(self);
  const bool late =
      connection->deadline_ != base::TimePoint::max() && connection->clock_.Now() >= connection->deadline_;
  return late ? 1 : 0;
}

base::Error Connection::Fault(int code) const {
  std::string detail = sqlite3_errmsg(handle_.get());
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT: return Conflict(std::move(detail));
    case SQLITE_INTERRUPT: return NotDoneInTime();
    case SQLITE_TOOBIG: return AnswerTooLarge(std::move(detail));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL: return Unavailable(std::move(detail));
    default: break;
  }
  base::Error error = base::Internal(std::move(detail));
  error.source = base::ErrorSource::kStore;
  return error;
}

Status Connection::Execute(std::string_view sql) {
  const int code = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Fault(code);
  return base::Ok();
}

bool Connection::InTransaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

Result<sqlite3_stmt*> Connection::Prepare(const std::string& sql) {
  if (const auto found = by_sql_.find(sql); found != by_sql_.end()) {
    kept_.splice(kept_.begin(), kept_, found->second);
    return found->second->prepared.get();
  }
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.c_str(), static_cast<int>(sql.size() + 1),
                                      SQLITE_PREPARE_PERSISTENT, &raw, &rest);
  Prepared prepared(raw);
  if (code != SQLITE_OK) return Fault(code);
  if (prepared == nullptr || *rest != '\0') return base::Internal("not one statement: " + sql);
  if (kept_.size() >= kMaxKept) {
    by_sql_.erase(kept_.back().sql);
    kept_.pop_back();
  }
  kept_.push_front({sql, std::move(prepared)});
  by_sql_.emplace(kept_.front().sql, kept_.begin());
  return kept_.front().prepared.get();
}

Result<Rows> Connection::Run(const Statement& statement, const RowVisitor& visit, base::TimePoint deadline) {
  if (clock_.Now() >= deadline) return NotDoneInTime();
  GH_TRY(sqlite3_stmt* const prepared, Prepare(statement.sql));
  const Rewind rewind(prepared);
  GH_CHECK_OK(Bind(prepared, statement.arguments));
  deadline_ = deadline;
  auto rows = Collect(prepared, visit);
  deadline_ = base::TimePoint::max();
  return AsExpected(std::move(rows), statement);
}

Result<Rows> Connection::Collect(sqlite3_stmt* prepared, const RowVisitor& visit) {
  const CurrentRow current(prepared);
  std::vector<Row> rows;
  std::size_t bytes = 0;
  const auto before = sqlite3_total_changes64(handle_.get());
  int code = SQLITE_OK;
  while ((code = sqlite3_step(prepared)) == SQLITE_ROW) {
    if (visit) {
      if (visit(current) == Reading::kGoesOn) continue;
      return Rows();
    }
    bytes += SizeOf(prepared);
    if (rows.size() == limits_.max_rows || bytes > limits_.max_bytes) {
      return AnswerTooLarge("more than " + std::to_string(rows.size()) + " rows or " +
                            std::to_string(limits_.max_bytes) + " bytes");
    }
    rows.push_back(ReadRow(prepared));
  }
  if (code != SQLITE_DONE) return Fault(code);
  // Without those of foreign keys' actions; a statement that changes no row leaves the last one's figure standing.
  const bool changed = sqlite3_total_changes64(handle_.get()) != before;
  const auto changes = changed ? sqlite3_changes64(handle_.get()) : 0;
  return Rows(std::move(rows), static_cast<std::uint64_t>(changes));
}

}  // namespace gatehouse::store::sqlite
