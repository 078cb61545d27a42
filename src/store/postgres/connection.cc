#include "store/postgres/connection.h"

#include <poll.h>
#include <postgresql/libpq-fe.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "store/errors.h"
#include "store/postgres/wire_value.h"

namespace gatehouse::store::postgres {
namespace {

using base::Result;
using base::Status;

// What holds where the operator says nothing else. The server ends by itself what nobody waits for any more.
constexpr std::array<const char*, 8> kKeywords = {
    "connect_timeout",  "application_name", "client_encoding", "keepalives_idle",
    "tcp_user_timeout", "options",          "dbname",          nullptr};
constexpr const char* kOptions =
    "-c statement_timeout=60s -c lock_timeout=30s -c idle_in_transaction_session_timeout=60s";

// Classes of SQLSTATE: https://www.postgresql.org/docs/15/errcodes-appendix.html
base::Error Fault(std::string_view state, std::string detail) {
  const std::string_view group = state.substr(0, 2);
  if (group == "23") return Conflict(std::move(detail));
  if (group == "40") return UndoneByOthers(std::move(detail));
  if (state == "57014") return NotDoneInTime();
  constexpr std::string_view kPassing[] = {"08", "25", "53", "55", "57", "58"};
  // 08P01 is a statement with another number of arguments than it was given.
  if (state != "08P01" && std::ranges::find(kPassing, group) != std::end(kPassing))
    return Unavailable(std::move(detail));
  base::Error error = base::Internal(std::move(detail));
  error.source = base::ErrorSource::kStore;
  return error;
}

base::Error FaultOf(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return Fault(state == nullptr ? "08000" : state, PQresultErrorMessage(result));
}

std::uint64_t ChangesOf(PGresult* result) {
  std::uint64_t changes = 0;
  const bool reads = PQresultStatus(result) == PGRES_TUPLES_OK;
  for (const char* at = reads ? "" : PQcmdTuples(result); *at >= '0' && *at <= '9'; ++at) {
    changes = changes * 10 + static_cast<std::uint64_t>(*at - '0');
  }
  return changes;
}

std::size_t AppendRows(const PGresult* result, std::vector<Row>& rows) {
  std::size_t bytes = 0;
  for (int r = 0; r < PQntuples(result); ++r) {
    Row& row = rows.emplace_back();
    for (int c = 0; c < PQnfields(result); ++c) {
      const auto length = static_cast<std::size_t>(PQgetlength(result, r, c));
      bytes += length;
      row.push_back(PQgetisnull(result, r, c) != 0
                        ? Value()
                        : ColumnValue({PQgetvalue(result, r, c), length}, PQftype(result, c)));
    }
  }
  return bytes;
}

// A row that was read as one of Rows is.
class ReadRow final : public RowView {
 public:
  explicit ReadRow(const Row& row) : row_(row) {}
  std::int64_t Integer(std::size_t column) const override { return IntegerOf(row_.at(column)); }
  std::string_view Text(std::size_t column) const override { return TextOf(row_.at(column)); }
  std::string_view Bytes(std::size_t column) const override { return BytesOf(row_.at(column)); }
  bool IsNull(std::size_t column) const override { return store::IsNull(row_.at(column)); }

 private:
  const Row& row_;  // outlives it
};

Reading ShowAll(const std::vector<Row>& rows, const RowVisitor& visit) {
  for (const Row& row : rows) {
    if (visit(ReadRow(row)) == Reading::kEnds) return Reading::kEnds;
  }
  return Reading::kGoesOn;
}

}  // namespace

void Connection::Closer::operator()(pg_conn* handle) const { PQfinish(handle); }
void Connection::Clearer::operator()(pg_result* result) const { PQclear(result); }

Connection::Connection(std::unique_ptr<pg_conn, Closer> handle, const DatabaseLimits& limits, const base::Clock& clock)
    : limits_(limits), clock_(clock), handle_(std::move(handle)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& conninfo, const DatabaseLimits& limits,
                                                     const base::Clock& clock) {
  const std::array<const char*, kKeywords.size()> values = {"5",     "gatehouse", "UTF8",           "30",
                                                            "30000", kOptions,    conninfo.c_str(), nullptr};
  constexpr int kExpandDbname = 1;  // what it says of the same keyword wins
  std::unique_ptr<pg_conn, Closer> handle(PQconnectdbParams(kKeywords.data(), values.data(), kExpandDbname));
  // The message names host and user, never the password.
  if (PQstatus(handle.get()) != CONNECTION_OK) return Unavailable(PQerrorMessage(handle.get()));
  PQsetnonblocking(handle.get(), 1);
  return std::unique_ptr<Connection>(new Connection(std::move(handle), limits, clock));
}

bool Connection::usable() const { return !broken_ && PQstatus(handle_.get()) == CONNECTION_OK; }

Result<Rows> Connection::Run(const Statement& statement, const RowVisitor& visit, base::TimePoint deadline) {
  GH_CHECK_OK(Send(statement));
  auto rows = Collect(visit, deadline);
  return AsExpected(std::move(rows), statement);
}

Status Connection::Send(const Statement& statement) {
  const Arguments arguments(statement.arguments);
  const int sent = PQsendQueryParams(handle_.get(), statement.sql.c_str(), arguments.size(), arguments.types(),
                                     arguments.texts(), arguments.lengths(), arguments.formats(), 0);
  if (sent == 1 && PQsetSingleRowMode(handle_.get()) == 1) return base::Ok();
  broken_ = true;
  return Unavailable(PQerrorMessage(handle_.get()));
}

Result<Rows> Connection::Collect(const RowVisitor& visit, base::TimePoint deadline) {
  std::vector<Row> rows;
  std::size_t bytes = 0;
  std::uint64_t changes = 0;
  std::optional<base::Error> fault;
  for (;;) {
    GH_TRY(const Answer answer, Next(deadline));
    if (answer == nullptr) break;
    const auto status = PQresultStatus(answer.get());
    if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      bytes += AppendRows(answer.get(), rows);
      changes += ChangesOf(answer.get());
    } else if (!fault) {
      fault = FaultOf(answer.get());
    }
    if (visit) {
      if (ShowAll(rows, visit) == Reading::kEnds) {
        broken_ = true;  // nor is it here
        return Rows();
      }
      rows.clear();
      bytes = 0;
    }
    if (rows.size() > limits_.max_rows || bytes > limits_.max_bytes) {
      broken_ = true;  // the rest of the answer is not worth reading
      return AnswerTooLarge("more than " + std::to_string(limits_.max_rows) + " rows or " +
                            std::to_string(limits_.max_bytes) + " bytes");
    }
  }
  if (fault) return *std::move(fault);
  return Rows(std::move(rows), changes);
}

// Late or broken, the connection goes: a server that has stopped would not hear a cancel request either.
Result<Connection::Answer> Connection::Next(base::TimePoint deadline) {
  const Wait wait = AwaitAnswer(deadline);
  if (wait == Wait::kReady) return Answer(PQgetResult(handle_.get()));
  broken_ = true;
  if (wait == Wait::kLate) return NotDoneInTime();
  return Unavailable(PQerrorMessage(handle_.get()));
}

Connection::Wait Connection::AwaitAnswer(base::TimePoint deadline) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLook(1000);  // the longest time between two looks at the clock
  for (;;) {
    const int unsent = PQflush(handle_.get());
    if (unsent < 0) return Wait::kBroken;
    if (unsent == 0 && PQisBusy(handle_.get()) == 0) return Wait::kReady;
    const base::TimePoint now = clock_.Now();
    if (now >= deadline) return Wait::kLate;
    const auto left = std::chrono::ceil<milliseconds>(std::min<base::Duration>(deadline - now, kLook));
    pollfd watched{.fd = PQsocket(handle_.get()), .events = POLLIN, .revents = 0};
    if (unsent == 1) watched.events |= POLLOUT;
    if (::poll(&watched, 1, static_cast<int>(left.count())) > 0 && PQconsumeInput(handle_.get()) == 0) {
      return Wait::kBroken;
    }
  }
}

}  // namespace gatehouse::store::postgres
