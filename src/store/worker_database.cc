#include "store/worker_database.h"

#include <memory>
#include <mutex>
#include <utility>

#include "store/errors.h"

namespace gatehouse::store {
namespace {

using base::Result;

template <class T>
net::Task<Result<T>> Await(net::Handoff<Result<T>>& handoff, net::Deadline deadline) {
  auto answer = co_await handoff.Receive(deadline);
  if (answer) co_return *std::move(answer);
  co_return handoff.begun() ? InDoubt() : NotDoneInTime();
}

// What stands between a visitor, which its caller owns, and the thread that shows it rows.
class Gate {
 public:
  explicit Gate(RowVisitor visit) : visit_(std::move(visit)) {}

  Reading Show(const RowView& row) {
    const std::scoped_lock lock(mutex_);
    return visit_ ? visit_(row) : Reading::kEnds;
  }

  // Shuts it at its end.
  class Closer {
   public:
    explicit Closer(Gate& gate) : gate_(gate) {}
    Closer(const Closer&) = delete;
    Closer& operator=(const Closer&) = delete;
    ~Closer() {
      const std::scoped_lock lock(gate_.mutex_);
      gate_.visit_ = nullptr;
    }

   private:
    Gate& gate_;
  };

 private:
  std::mutex mutex_;
  RowVisitor visit_;  // guarded by mutex_; empty once it is shut
};

base::Error Full() { return Unavailable("too much waits for the database already"); }

}  // namespace

net::Task<Result<Rows>> WorkerDatabase::Query(net::Loop& loop, Statement statement, net::Deadline deadline) {
  return ReadRows(loop, std::move(statement), {}, deadline);
}

net::Task<base::Status> WorkerDatabase::Scan(net::Loop& loop, Statement statement, RowVisitor visit,
                                             net::Deadline deadline) {
  const auto gate = std::make_shared<Gate>(std::move(visit));
  const Gate::Closer closer(*gate);
  auto rows =
      co_await ReadRows(loop, std::move(statement), [gate](const RowView& row) { return gate->Show(row); }, deadline);
  if (!rows.ok()) co_return std::move(rows).TakeError();
  co_return base::Ok();
}

net::Task<Result<Rows>> WorkerDatabase::ReadRows(net::Loop& loop, Statement statement, RowVisitor visit,
                                                 net::Deadline deadline) {
  net::Handoff<Result<Rows>> handoff(loop);
  const auto pushed = reads_.Push({std::move(statement), std::move(visit), deadline.at, handoff.sender()});
  if (pushed == decltype(reads_)::Outcome::kFull) co_return Full();
  auto answer = co_await Await(handoff, deadline);
  // Nothing was changed: a read that was cut off may be repeated.
  if (!answer.ok() && answer.error().code == base::ErrorCode::kTimeout) co_return NotDoneInTime();
  co_return answer;
}

net::Task<Result<std::vector<Rows>>> WorkerDatabase::Write(net::Loop& loop, std::vector<Statement> unit,
                                                           net::Deadline deadline) {
  net::Handoff<UnitResult> handoff(loop);
  const auto pushed = units_.Push({std::move(unit), deadline.at, handoff.sender()});
  if (pushed == decltype(units_)::Outcome::kFull) co_return Full();
  auto answer = co_await Await(handoff, deadline);
  co_return answer;
}

Health WorkerDatabase::health() const {
  const std::scoped_lock lock(mutex_);
  return health_;
}

void WorkerDatabase::Close() {
  reads_.Close();
  units_.Close();
}

void WorkerDatabase::Note(const base::Status& used) {
  const std::scoped_lock lock(mutex_);
  health_ = used.ok() ? Health{} : Health{Health::State::kFailing, used.error().detail};
}

}  // namespace gatehouse::store
