#include "features/alerts/dispatcher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "codec/crypto/random.h"

namespace gatehouse::features::alerts {
namespace {

using base::Result;

constexpr std::size_t kMostWaiting = 1024;
constexpr std::size_t kMostTold = 16'384;
constexpr std::size_t kMostAtOnce = 16;  // that one channel is sent past the database
constexpr std::int64_t kPage = 16;
constexpr base::Duration kPoll = std::chrono::seconds(5);  // for what other gateways took on, and for what is due again
constexpr base::Duration kDatabaseTime = std::chrono::seconds(10);
constexpr base::Duration kPause = std::chrono::seconds(2);   // while the database does not answer
constexpr base::Duration kGrace = std::chrono::seconds(30);  // beyond an attempt's time, before another may take it
constexpr base::Duration kCleanUp = std::chrono::hours(1);
constexpr base::Duration kFirstPause = std::chrono::seconds(5);
constexpr base::Duration kLongestPause = std::chrono::hours(1);
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::int64_t Milliseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::uint64_t RandomNumber() {
  std::uint64_t number = 0;
  for (const char byte : codec::crypto::RandomBytes(sizeof number)) {
    number = number << 8U | static_cast<unsigned char>(byte);
  }
  return number;
}

double RandomShare() { return static_cast<double>(RandomNumber() >> 11U) * 0x1p-53; }

}  // namespace

Dispatcher::Dispatcher(Parts parts)
    : parts_(parts),
      outbox_(parts.database, parts.loop),
      arrived_(parts.loop),
      taking_on_(parts.loop),
      telling_(parts.loop) {
  taking_on_.Spawn(TakeOnForever());
  taking_on_.Spawn(CleanUpForever());
}

std::int64_t Dispatcher::NowMs() const {
  return std::chrono::floor<std::chrono::milliseconds>(parts_.loop.clock().Wall()).time_since_epoch().count();
}

net::Deadline Dispatcher::Soon() const { return parts_.loop.In(kDatabaseTime); }

Alert Dispatcher::Named(common::Notice notice) const {
  return {.id = static_cast<std::int64_t>(RandomNumber() >> 1U), .at_ms = NowMs(), .notice = std::move(notice)};
}

void Dispatcher::Use(AlertSettings settings, Channels channels) {
  serving_ = std::make_unique<net::TaskGroup>(parts_.loop);
  settings_ = std::move(settings);
  told_.clear();  // other reminders may be wanted
  std::map<std::string, std::shared_ptr<Lane>, std::less<>> lanes;
  for (const ChannelSettings& one : settings_.channels) {
    const auto channel = channels.find(one.name);
    if (channel == channels.end()) continue;
    auto lane = std::make_shared<Lane>(parts_.loop, one.name, one, channel->second);
    if (const auto old = lanes_.find(one.name); old != lanes_.end()) lane->standing = old->second->standing;
    lane->standing.name = one.name;
    lane->standing.kind = channel->second->kind();
    lane->standing.target = channel->second->target();
    lanes.emplace(one.name, std::move(lane));
  }
  lanes_ = std::move(lanes);
  for (const auto& [name, lane] : lanes_) serving_->Spawn(Serve(lane));
}

void Dispatcher::Raise(common::Notice notice) {
  if (const auto told = told_.find(notice.key); told != told_.end() && NowMs() < told->second.remind_ms) return;
  const bool waits = std::ranges::any_of(waiting_, [&](const common::Notice& one) { return one.key == notice.key; });
  if (waits) return;
  if (waiting_.size() >= kMostWaiting) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(notice));
  arrived_.Set();
}

net::Task<> Dispatcher::TakeOnForever() {
  for (;;) {
    if (waiting_.empty()) {
      static_cast<void>(co_await arrived_.Wait(net::Deadline::Never()));
      continue;
    }
    const common::Notice notice = waiting_.front();
    const base::Status taken = co_await TakeOn(notice);
    if (!taken.ok() && notice.needs == common::Notice::Needs::kDatabase) {
      parts_.log.Warning("an alert waits for the database", {{"kind", notice.kind}, {"detail", taken.error().detail}});
      co_await parts_.loop.Sleep(kPause);
      continue;
    }
    if (!taken.ok()) TellAtOnce(notice);
    waiting_.pop_front();
  }
}

void Dispatcher::NoteRaised(const Alert& alert) {
  const common::Notice& notice = alert.notice;
  ++raised_[notice.kind];
  parts_.log.Warning("alert",
                     {{"kind", notice.kind}, {"severity", ToString(notice.severity)}, {"title", notice.title}});
  Tell({.what = "raised", .alert = alert});
}

// Takes it on, or, where it was before, reminds of it when that is due.
net::Task<base::Status> Dispatcher::TakeOn(common::Notice notice) {
  const Alert alert = Named(notice);
  GH_CO_TRY(const Outbox::Taken taken, co_await outbox_.Add(alert, ChannelsFor(settings_, notice), Soon()));
  if (told_.size() >= kMostTold) told_.clear();
  if (taken == Outbox::Taken::kKnown) co_return co_await Remind(std::move(notice));
  NoteRaised(alert);
  const bool again = notice.lasts == common::Notice::Lasts::kUntilMended && settings_.remind_every.count() > 0;
  told_[notice.key] = {.remind_ms = again ? alert.at_ms + Milliseconds(settings_.remind_every) : kNever};
  for (const auto& [name, lane] : lanes_) lane->arrived.Set();
  co_return base::Ok();
}

net::Task<base::Status> Dispatcher::Remind(common::Notice notice) {
  const std::int64_t every = Milliseconds(settings_.remind_every);
  if (notice.lasts == common::Notice::Lasts::kNo || every <= 0) {
    told_[notice.key] = {.remind_ms = kNever};
    co_return base::Ok();
  }
  GH_CO_TRY(const auto first, co_await outbox_.ToldAt(notice.key, Soon()));
  const std::int64_t now = NowMs();
  const std::int64_t began = first.value_or(now);
  const std::int64_t times = (now - began) / every;
  const std::string event = notice.key;
  if (times >= 1) {
    notice.key += "#" + std::to_string(times);
    notice.title = "Still: " + notice.title;
    const Alert again = Named(notice);
    GH_CO_TRY(const Outbox::Taken taken, co_await outbox_.Add(again, ChannelsFor(settings_, notice), Soon()));
    if (taken == Outbox::Taken::kNew) NoteRaised(again);
    for (const auto& [name, lane] : lanes_) lane->arrived.Set();
  }
  told_[event] = {.remind_ms = began + (times + 1) * every};
  co_return base::Ok();
}

// Without the database, whose failure it is about: once by each process, and no further attempt. A channel that takes
// its time holds no other one back.
void Dispatcher::TellAtOnce(const common::Notice& notice) {
  const Alert alert = Named(notice);
  told_[notice.key] = {.remind_ms = kNever};
  NoteRaised(alert);
  for (const std::string& name : ChannelsFor(settings_, notice)) {
    const auto found = lanes_.find(name);
    if (found == lanes_.end()) continue;
    if (found->second->at_once >= kMostAtOnce) {
      ++dropped_;
      continue;
    }
    telling_.Spawn(SendOnce(found->second, alert));
  }
}

net::Task<> Dispatcher::SendOnce(std::shared_ptr<Lane> lane, Alert alert) {
  struct Sending {
    explicit Sending(Lane& its) : of(its) { ++of.at_once; }
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;
    ~Sending() { --of.at_once; }
    Lane& of;  // the task's, which goes later
  } const sending(*lane);
  Attempted attempted =
      co_await lane->channel->Send(alert, parts_.loop.clock().Wall(), parts_.loop.In(lane->settings.timeout));
  static_cast<void>(OutcomeOf(*lane, {.alert = std::move(alert), .channel = lane->name}, std::move(attempted)));
}

net::Task<> Dispatcher::Serve(std::shared_ptr<Lane> lane) {
  for (;;) {
    std::size_t found = 0;
    do {
      found = co_await DeliverDue(lane);
    } while (found == static_cast<std::size_t>(kPage));
    static_cast<void>(co_await lane->arrived.Wait(parts_.loop.In(kPoll)));
  }
}

net::Task<std::size_t> Dispatcher::DeliverDue(std::shared_ptr<Lane> lane) {
  auto due = co_await outbox_.DueAt(lane->name, NowMs(), kPage, Soon());
  if (!due.ok()) co_return 0;  // the database is away, which others say
  for (Outbox::Due& one : due.value()) {
    const base::Status done = co_await Deliver(lane, std::move(one));
    if (done.ok()) continue;
    parts_.log.Warning("what became of an alert cannot be written down; it may be sent again",
                       {{"channel", lane->name}, {"detail", done.error().detail}});
    co_return 0;
  }
  co_return due.value().size();
}

net::Task<base::Status> Dispatcher::Deliver(std::shared_ptr<Lane> lane, Outbox::Due due) {
  const base::Duration timeout = lane->settings.timeout;
  GH_CO_TRY(const Outbox::Claimed claimed,
            co_await outbox_.Claim(due, NowMs() + Milliseconds(timeout + kGrace), Soon()));
  if (claimed == Outbox::Claimed::kElsewhere) co_return base::Ok();
  ++due.attempts;
  Attempted attempted = co_await lane->channel->Send(due.alert, parts_.loop.clock().Wall(), parts_.loop.In(timeout));
  Outbox::Outcome outcome = OutcomeOf(*lane, due, std::move(attempted));
  co_return co_await outbox_.Note(std::move(due), std::move(outcome), Soon());
}

Outbox::Outcome Dispatcher::OutcomeOf(Lane& lane, const Outbox::Due& due, Attempted attempted) {
  Standing& standing = lane.standing;
  const std::int64_t now = NowMs();
  if (attempted.outcome == Attempted::Outcome::kDelivered) {
    ++standing.delivered;
    standing.delivered_ms = now;
    standing.problem.clear();
    Tell({.what = "delivered", .alert = due.alert, .channel = lane.name, .attempts = due.attempts});
    return {.state = Outbox::State::kDelivered, .at_ms = now, .next_ms = 0, .said = std::move(attempted.said)};
  }
  ++standing.attempts_failed;
  standing.problem = attempted.said;
  const bool over =
      attempted.outcome == Attempted::Outcome::kRefused || now - due.alert.at_ms >= Milliseconds(settings_.retry_for);
  if (over) {
    ++standing.given_up;
    Tell({.what = "given_up", .alert = due.alert, .channel = lane.name, .attempts = due.attempts});
  }
  parts_.log.Warning(over ? "an alert could not be delivered and is given up" : "an alert could not be delivered yet",
                     {{"channel", lane.name}, {"kind", due.alert.notice.kind}, {"said", attempted.said}});
  if (over) return {.state = Outbox::State::kFailed, .at_ms = now, .next_ms = 0, .said = std::move(attempted.said)};
  base::Duration pause = PauseAfter(due.attempts, RandomShare());
  if (attempted.retry_after) pause = std::max<base::Duration>(pause, *attempted.retry_after);
  return {.state = Outbox::State::kWaiting,
          .at_ms = now,
          .next_ms = now + Milliseconds(pause),
          .said = std::move(attempted.said)};
}

// Twice as long each time, of which half is left to chance, so that those that failed together do not come together.
base::Duration Dispatcher::PauseAfter(std::int64_t attempts, double share) {
  base::Duration pause = kFirstPause;
  for (std::int64_t i = 1; i < attempts && pause < kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, kLongestPause);
  const base::Duration half = pause / 2;
  return half + base::Duration(static_cast<std::int64_t>(static_cast<double>(half.count()) * share));
}

// Gives up what is for channels that no configuration knows any more, and forgets what is old.
net::Task<> Dispatcher::CleanUpForever() {
  for (;;) {
    co_await parts_.loop.Sleep(kCleanUp);
    const std::int64_t now = NowMs();
    const auto waiting = co_await outbox_.WaitingNow(Soon());
    if (!waiting.ok()) continue;
    for (const auto& one : waiting.value()) {
      if (lanes_.contains(one.channel)) continue;
      static_cast<void>(co_await outbox_.GiveUp(
          one.channel, now - Milliseconds(settings_.retry_for),
          {.state = Outbox::State::kFailed, .at_ms = now, .next_ms = 0, .said = "no configuration has this channel"},
          Soon()));
    }
    static_cast<void>(co_await outbox_.Forget(now - Milliseconds(settings_.keep), Soon()));
  }
}

net::Task<Result<Attempted>> Dispatcher::Test(std::string channel, std::string asked_by) {
  const auto found = lanes_.find(channel);
  if (found == lanes_.end()) {
    co_return base::Error{.code = base::ErrorCode::kNotFound,
                          .source = base::ErrorSource::kClient,
                          .public_message = "There is no channel of that name."};
  }
  const auto lane = found->second;
  common::Notice notice{.kind = std::string(common::kTestNotice),
                        .key = {},
                        .severity = common::Severity::kInfo,
                        .chain = {},
                        .path = {},
                        .title = "Gatehouse: a test",
                        .text = "This is a test of the channel '" + channel + "', asked for by " + asked_by +
                                ". Nothing is wrong, and nothing has to be done.",
                        .facts = {{"channel", channel}}};
  const Alert alert = Named(std::move(notice));
  co_return co_await lane->channel->Send(alert, parts_.loop.clock().Wall(), parts_.loop.In(lane->settings.timeout));
}

std::vector<Dispatcher::Standing> Dispatcher::standings() const {
  std::vector<Standing> all;
  all.reserve(lanes_.size());
  for (const auto& [name, lane] : lanes_) all.push_back(lane->standing);
  return all;
}

}  // namespace gatehouse::features::alerts
