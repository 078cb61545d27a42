#include "store/worker_database.h"

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

base::Error Full() { return Unavailable("too much waits for the database already"); }

}  // namespace

net::Task<Result<Rows>> WorkerDatabase::Query(net::Loop& loop, Statement statement, net::Deadline deadline) {
  net::Handoff<Result<Rows>> handoff(loop);
  const auto pushed = reads_.Push({std::move(statement), deadline.at, handoff.sender()});
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
