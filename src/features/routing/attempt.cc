#include "features/routing/attempt.h"

#include <algorithm>
#include <utility>

#include "net/race.h"
#include "pipeline/attempt_wait.h"

namespace gatehouse::features::routing {
namespace {

using base::Error;
using base::Result;
using llm::EventSource;
using pipeline::Reply;

// Nothing a client would see yet: the answer may still be taken from another target.
bool IsPreamble(const llm::Event& event) {
  return std::holds_alternative<llm::Started>(event) || std::holds_alternative<llm::UsageReported>(event) ||
         std::holds_alternative<llm::OpaqueEvent>(event);
}

// Owned copy of a batch whose raw frames would die with the next Pull.
struct Kept {
  std::string bytes;
  std::vector<std::size_t> ends;  // of each frame, in `bytes`
  llm::Batch batch;

  void Append(const llm::Batch& more) {
    for (const auto& frame : more.frames) {
      bytes.append(frame.raw);
      ends.push_back(bytes.size());
      batch.frames.push_back({.raw = {},
                              .first_event = frame.first_event + static_cast<std::uint32_t>(batch.events.size()),
                              .event_count = frame.event_count});
    }
    batch.events.insert(batch.events.end(), more.events.begin(), more.events.end());
    batch.raw_is_current = batch.raw_is_current && more.raw_is_current;
  }
  void PointFrames() {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      batch.frames[i].raw = std::string_view(bytes).substr(begin, ends[i] - begin);
      begin = ends[i];
    }
  }
};

// The question put to a target's health, answered exactly once.
class Verdict {
 public:
  Verdict(const Target& target, net::Loop& loop) : health_(*target.health), loop_(loop) {}
  Verdict(const Verdict&) = delete;
  Verdict& operator=(const Verdict&) = delete;
  ~Verdict() {
    if (open_) health_.Abandoned(loop_.Now());
  }
  void Succeeded(base::Duration took) {
    open_ = false;
    health_.Succeeded(loop_.Now(), took);
  }
  void Failed(const Error& error) {
    open_ = false;
    health_.Failed(loop_.Now(), error);
  }

 private:
  TargetHealth& health_;  // the route's, which the exchange pins
  net::Loop& loop_;
  bool open_ = true;
};

// An answer that has begun: gives the batch that was pulled to find that out, then the rest. Keeps the target's load
// counted and reports a failure in mid-stream to its health.
class BegunEvents final : public EventSource {
 public:
  BegunEvents(std::unique_ptr<EventSource> rest, std::unique_ptr<Kept> kept, TargetHealth::InFlight in_flight,
              net::Loop& loop)
      : rest_(std::move(rest)), kept_(std::move(kept)), in_flight_(std::move(in_flight)), loop_(loop) {}

  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    if (!first_given_) return GiveFirst(batch);
    return PullRest(batch);
  }
  // Holds the first batch as `source` left it; its frames stay valid until the next Pull of `source`.
  llm::Batch& first() { return first_; }

 private:
  net::Task<Result<Outcome>> GiveFirst(llm::Batch& batch) {
    first_given_ = true;
    batch.Clear();
    if (kept_) {
      kept_->PointFrames();
      std::swap(batch, kept_->batch);
    } else {
      std::swap(batch, first_);
    }
    co_return Outcome::kBatch;
  }
  net::Task<Result<Outcome>> PullRest(llm::Batch& batch) {
    auto outcome = co_await rest_->Pull(batch);
    if (!outcome.ok()) in_flight_.health().BrokeOff(loop_.Now(), outcome.error());
    if (outcome.ok() && outcome.value() == Outcome::kEnd) in_flight_.health().Completed();
    co_return outcome;
  }

  std::unique_ptr<EventSource> rest_;
  llm::Batch first_;
  std::unique_ptr<Kept> kept_;  // only where more than one batch had to be pulled
  TargetHealth::InFlight in_flight_;
  net::Loop& loop_;  // outlives every exchange on it
  bool first_given_ = false;
};

Error EndedEmpty() {
  return Error{.code = base::ErrorCode::kBadUpstream,
               .source = base::ErrorSource::kUpstream,
               .retry = base::Retry::kOtherTarget,
               .public_message = "The model provider ended its answer before it began. Retry the request.",
               .detail = "stream ended without content"};
}

// Pulls until something a client would see has come.
net::Task<Result<std::unique_ptr<EventSource>>> Begin(std::unique_ptr<EventSource> source,
                                                      TargetHealth::InFlight in_flight, net::Loop& loop) {
  std::unique_ptr<Kept> kept;
  llm::Batch batch;
  for (;;) {
    auto outcome = co_await source->Pull(batch);
    if (!outcome.ok()) co_return std::move(outcome).TakeError();
    if (outcome.value() == EventSource::Outcome::kEnd) co_return EndedEmpty();
    const bool begun = !std::ranges::all_of(batch.events, IsPreamble);
    if (begun && !kept) break;
    if (!kept) kept = std::make_unique<Kept>();
    kept->Append(batch);
    if (begun) break;
  }
  auto events = std::make_unique<BegunEvents>(std::move(source), std::move(kept), std::move(in_flight), loop);
  events->first() = std::move(batch);
  co_return std::unique_ptr<EventSource>(std::move(events));
}

net::Task<Result<Reply>> CallAndBegin(pipeline::Exchange& exchange, const Route& route, Candidate candidate) {
  const pipeline::CallContext context{.model = candidate.target->model,
                                      .default_max_output_tokens = candidate.target->max_output_tokens,
                                      .losses = route.losses,
                                      .deadline = exchange.deadline};
  TargetHealth::InFlight in_flight(candidate.target->health);
  auto reply = co_await candidate.provider->Call(exchange, context);
  if (!reply.ok()) co_return reply;
  auto* const chat = std::get_if<pipeline::ChatReply>(&reply.value().answer);
  // Of a whole answer all is there; what an opaque one still sends says nothing of its target.
  if (chat == nullptr || chat->delivery == llm::Delivery::kWhole) {
    in_flight.health().Completed();
    co_return reply;
  }
  auto begun = co_await Begin(std::move(chat->events), std::move(in_flight), exchange.loop);
  if (!begun.ok()) co_return std::move(begun).TakeFailure();
  chat->events = std::move(begun).value();
  co_return reply;
}

Error FirstEventTimeout() {
  return Error{
      .code = base::ErrorCode::kTimeout,
      .source = base::ErrorSource::kUpstream,
      .retry = base::Retry::kOtherTarget,
      .public_message = "The model provider did not begin to answer in time. Retry, or ask for a faster model.",
      .detail = "first_event_timeout passed"};
}

// Asks again when what was lacking is there.
net::Task<base::Status> BeginLater(pipeline::Exchange& exchange, const Target& target, base::Status begun) {
  while (!begun.ok()) {
    pipeline::AttemptWait* const wait = pipeline::FindLacking(exchange);
    if (wait == nullptr) break;
    co_await wait->Fetch();
    begun = exchange.gates.Begin(target.provider_name, target.model);
  }
  co_return begun;
}

net::Task<Result<Reply>> CallWithin(base::Duration limit, pipeline::Exchange& exchange, const Route& route,
                                    Candidate candidate) {
  auto raced = co_await net::RaceTasks(CallAndBegin(exchange, route, candidate), exchange.loop.Sleep(limit));
  if (raced.first) co_return std::move(*raced.first);
  co_return FirstEventTimeout();
}

net::Task<Result<Reply>> CallInTime(pipeline::Exchange& exchange, const Route& route, Candidate candidate) {
  if (!route.first_event_timeout) return CallAndBegin(exchange, route, candidate);
  return CallWithin(*route.first_event_timeout, exchange, route, candidate);
}

}  // namespace

net::Task<Result<Reply>> MakeAttempt(pipeline::Exchange& exchange, const Route& route, Candidate candidate,
                                     std::string reason) {
  Verdict verdict(*candidate.target, exchange.loop);
  base::Status begun = exchange.gates.Begin(candidate.target->provider_name, candidate.target->model);
  if (!begun.ok()) GH_CO_CHECK_OK(co_await BeginLater(exchange, *candidate.target, std::move(begun)));
  const base::TimePoint began = exchange.loop.Now();
  auto reply = co_await CallInTime(exchange, route, candidate);

  const base::TimePoint now = exchange.loop.Now();
  pipeline::Attempt attempt{.provider = candidate.target->provider_name,
                            .model = candidate.target->model,
                            .started_after = began - exchange.started,
                            .took = now - began,
                            .status = 200,
                            .outcome = "ok",
                            .reason = std::move(reason)};
  if (reply.ok()) {
    verdict.Succeeded(now - began);
    exchange.outcome.provider = candidate.target->provider_name;
    exchange.outcome.upstream_model = candidate.target->model;
    exchange.outcome.time_to_first_event = now - exchange.started;
  } else {
    verdict.Failed(reply.error());
    exchange.gates.Failed(reply.error());
    attempt.status = reply.error().upstream_status;
    attempt.outcome = base::ToString(reply.error().code);
  }
  exchange.attempts.push_back(std::move(attempt));
  co_return reply;
}

}  // namespace gatehouse::features::routing
