#include "features/oversight/approval_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "features/oversight/follow.h"

namespace gatehouse::features::oversight {
namespace {

using base::Result;
using base::Status;

constexpr base::Duration kQueryTime = std::chrono::seconds(10);
constexpr std::int64_t kAtOnce = 1000;
constexpr std::chrono::hours kLongest(24 * 31);  // nothing waits for longer, by the configuration's bound

}  // namespace

ApprovalQueue::ApprovalQueue(Parts parts) : parts_(parts), book_(parts.database), tasks_(parts.loop) {}

std::int64_t ApprovalQueue::NowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(parts_.loop.clock().Wall().time_since_epoch()).count();
}

net::Task<Result<ApprovalBook::Submitted>> ApprovalQueue::Submit(Call call, Approval fresh, ApprovalBounds bounds) {
  GH_CO_TRY(auto submitted, co_await book_.Submit(call, std::move(fresh), bounds));
  if (submitted.found == ApprovalBook::Found::kNew) parts_.witness.NoteRequest(submitted.approval);
  co_return submitted;
}

net::Task<Result<Approval>> ApprovalQueue::Do(Call call, std::int64_t id, Move move) {
  const bool votes = move.kind == Move::Kind::kApprove || move.kind == Move::Kind::kDeny;
  GH_CO_TRY(Approval approval, co_await book_.Do(call, id, std::move(move)));
  if (votes) parts_.witness.NoteVote(approval, approval.votes.back());
  if (approval.state == Approval::State::kPending) co_return approval;
  parts_.witness.NoteOutcome(approval);
  Wake(id);
  co_return approval;
}

ApprovalQueue::Waiter::Waiter(ApprovalQueue& queue, net::Loop& loop, std::int64_t id)
    : queue_(queue), loop_(loop), id_(id), handoff_(std::in_place, loop) {
  const std::scoped_lock lock(queue_.mutex_);
  if (queue_.waiting_.size() >= kMostWaiting) return;
  place_ = Place::kOne;
  number_ = ++queue_.last_number_;
  queue_.waiting_.emplace(number_, Waiting{.id = id, .sender = handoff_->sender()});
}

ApprovalQueue::Waiter::~Waiter() {
  const std::scoped_lock lock(queue_.mutex_);
  queue_.waiting_.erase(number_);
}

net::Task<> ApprovalQueue::Waiter::Wait(net::Deadline deadline) {
  static_cast<void>(co_await handoff_->Receive(deadline));
  handoff_.emplace(loop_);
  const std::scoped_lock lock(queue_.mutex_);
  const auto found = queue_.waiting_.find(number_);
  if (found != queue_.waiting_.end()) found->second.sender = handoff_->sender();
}

bool ApprovalQueue::Waiter::IsAlone() const {
  const std::scoped_lock lock(queue_.mutex_);
  return std::ranges::none_of(queue_.waiting_,
                              [&](const auto& one) { return one.first != number_ && one.second.id == id_; });
}

void ApprovalQueue::Wake(std::int64_t id) {
  const std::scoped_lock lock(mutex_);
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.id != id) {
      ++at;
      continue;
    }
    at->second.sender.Send({});
    at = waiting_.erase(at);
  }
}

void ApprovalQueue::Withdraw(std::int64_t id) {
  parts_.loop.Post([this, id] {
    tasks_.Spawn([](ApprovalQueue& self, std::int64_t which) -> net::Task<> {
      // What was decided meanwhile stays so. It may be on its way into the database still, or never come there.
      constexpr int kLooks = 20;
      constexpr std::chrono::milliseconds kBetweenLooks(50);
      for (int look = 0; look < kLooks; ++look) {
        const auto done = co_await self.Do({.loop = self.parts_.loop, .deadline = self.parts_.loop.In(kQueryTime)},
                                           which, {.kind = Move::Kind::kCancel, .at_ms = self.NowMs()});
        if (done.ok() || done.error().code != base::ErrorCode::kNotFound) co_return;
        co_await self.parts_.loop.Sleep(kBetweenLooks);
      }
    }(*this, id));
  });
}

net::Task<Status> ApprovalQueue::WakeChanged(Call call) {
  GH_CO_TRY(const auto changes, co_await book_.Since(call, std::max<std::int64_t>(known_, 0), kAtOnce));
  if (changes.last == known_) co_return base::Ok();
  for (const Approval& approval : changes.approvals) {
    if (approval.state != Approval::State::kPending) Wake(approval.id);
  }
  known_ = changes.last;
  const std::int64_t since = NowMs() - std::chrono::milliseconds(kLongest).count();
  GH_CO_TRY(const auto counts, co_await book_.Counts(call, since));
  pending_ = 0;
  for (const auto& count : counts) {
    if (count.state == Approval::State::kPending) pending_ = count.approvals;
  }
  co_return base::Ok();
}

// All gateways do this; of each request, one of them comes first.
net::Task<Status> ApprovalQueue::ExpireDue(Call call) {
  GH_CO_TRY(const auto due, co_await book_.Due(call, NowMs(), kAtOnce));
  for (const Approval& approval : due) {
    static_cast<void>(co_await Do(call, approval.id, {.kind = Move::Kind::kExpire, .at_ms = NowMs()}));
  }
  co_return base::Ok();
}

net::Task<Status> ApprovalQueue::Look(net::Deadline deadline) {
  const Call call{.loop = parts_.loop, .deadline = deadline};
  GH_CO_CHECK_OK(co_await ExpireDue(call));
  co_return co_await WakeChanged(call);
}

net::Task<> ApprovalQueue::Follow(base::Duration interval, const base::Log& log) {
  return FollowForever(
      parts_.loop, log, {.interval = interval, .problem = "requests for approval cannot be read"},
      [this](net::Deadline deadline) { return Look(deadline); },
      [this](net::Deadline deadline, std::int64_t before_ms) {
        return book_.Forget({.loop = parts_.loop, .deadline = deadline}, before_ms);
      });
}

}  // namespace gatehouse::features::oversight
