#include "features/oversight/review_queue.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "features/oversight/follow.h"

namespace gatehouse::features::oversight {
namespace {

using base::Result;
using base::Status;

constexpr std::size_t kAtOnce = 500;      // of one unit of work
constexpr std::int64_t kDueAtOnce = 200;  // of one look
constexpr std::string_view kNoRoom = "full";
constexpr std::string_view kNotWritten = "unwritten";

// Takes the first ones.
std::vector<Review> Cut(std::vector<Review>& reviews, std::size_t at_most) {
  const auto end = reviews.begin() + static_cast<std::ptrdiff_t>(std::min(at_most, reviews.size()));
  std::vector<Review> taken(std::move_iterator(reviews.begin()), std::move_iterator(end));
  reviews.erase(reviews.begin(), end);
  return taken;
}

}  // namespace

std::int64_t ReviewQueue::NowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(parts_.loop.clock().Wall().time_since_epoch()).count();
}

void ReviewQueue::Add(Review review) {
  const std::scoped_lock lock(mutex_);
  auto& place = unwritten_.size() < kMostUnwritten ? unwritten_ : unwanted_;
  if (place.size() < kMostUnwritten) place.push_back(std::move(review));
}

// Before those that came since.
void ReviewQueue::PutBack(std::vector<Review> reviews) {
  const std::scoped_lock lock(mutex_);
  reviews.insert(reviews.end(), std::move_iterator(unwritten_.begin()), std::move_iterator(unwritten_.end()));
  unwritten_ = std::move(reviews);
}

net::Task<Result<Review>> ReviewQueue::Judge(Call call, std::int64_t id, Verdict verdict) {
  GH_CO_TRY(Review review, co_await book_.Judge(call, id, std::move(verdict)));
  parts_.witness.NoteVerdict(review, review.verdicts.back());
  co_return review;
}

net::Task<Status> ReviewQueue::Open(Call call, Review review) {
  const std::vector<Review> one = {review};
  GH_CO_CHECK_OK(co_await book_.Insert(call, one));
  parts_.witness.NoteOpened(review);
  co_return base::Ok();
}

// With several gateways at once it may come to a few more than the bound.
net::Task<Status> ReviewQueue::WriteDown(Call call) {
  std::vector<Review> fresh;
  std::vector<Review> unwanted;
  {
    const std::scoped_lock lock(mutex_);
    fresh.swap(unwritten_);
    unwanted.swap(unwanted_);
  }
  for (const Review& review : unwanted) parts_.witness.NoteMissed(review, kNotWritten);
  while (!fresh.empty()) {
    auto standing = co_await book_.Count(call);
    if (!standing.ok()) {
      PutBack(std::move(fresh));
      co_return std::move(standing).TakeFailure();
    }
    const std::int64_t room = std::max<std::int64_t>(0, most_waiting_ - standing.value().waiting);
    const std::vector<Review> some = Cut(fresh, std::min(kAtOnce, static_cast<std::size_t>(room)));
    if (some.empty()) break;
    const Status written = co_await book_.Insert(call, some);
    if (!written.ok()) {
      fresh.insert(fresh.begin(), some.begin(), some.end());
      PutBack(std::move(fresh));
      co_return written;
    }
    for (const Review& review : some) parts_.witness.NoteOpened(review);
  }
  for (const Review& review : fresh) parts_.witness.NoteMissed(review, kNoRoom);
  co_return base::Ok();
}

// All gateways do this; of each review, one of them comes first.
net::Task<Status> ReviewQueue::TellDue(Call call) {
  GH_CO_TRY(auto due, co_await book_.Due(call, NowMs(), kDueAtOnce));
  for (Review& review : due) {
    const auto marked = co_await book_.MarkOverdue(call, std::move(review), NowMs());
    if (marked.ok()) parts_.witness.NoteOverdue(marked.value());
  }
  co_return base::Ok();
}

net::Task<Status> ReviewQueue::Look(net::Deadline deadline) {
  const Call call{.loop = parts_.loop, .deadline = deadline};
  GH_CO_CHECK_OK(co_await WriteDown(call));
  GH_CO_CHECK_OK(co_await TellDue(call));
  GH_CO_TRY(standing_, co_await book_.Count(call));
  co_return base::Ok();
}

net::Task<> ReviewQueue::Follow(base::Duration interval, const base::Log& log) {
  return FollowForever(
      parts_.loop, log, {.interval = interval, .problem = "reviews cannot be written down or read"},
      [this](net::Deadline deadline) { return Look(deadline); },
      [this](net::Deadline deadline, std::int64_t before_ms) {
        return book_.Forget({.loop = parts_.loop, .deadline = deadline}, before_ms);
      });
}

}  // namespace gatehouse::features::oversight
