#include "features/routing/routing_stage.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/check.h"
#include "features/routing/attempt.h"

namespace gatehouse::features::routing {
namespace {

using base::Error;
using base::Result;
using pipeline::Reply;

Error NoSuchModel(const std::string& model) {
  return Error{
      .code = base::ErrorCode::kNotFound,
      .source = base::ErrorSource::kClient,
      .public_message = "The model '" + model +
                        "' does not exist here or your key may not use it. GET /v1/models lists those you may use.",
      .param = "model"};
}

Error AllDown(const Route& route, base::TimePoint now) {
  base::TimePoint soonest = base::TimePoint::max();
  for (const Target& target : route.targets) soonest = std::min(soonest, target.health->AvailableAt(now));
  const auto wait = std::chrono::ceil<std::chrono::seconds>(soonest - now).count();
  return Error{.code = base::ErrorCode::kUnavailable,
               .source = base::ErrorSource::kUpstream,
               .public_message = "Every provider of model '" + route.model +
                                 "' is unavailable or rate-limited at the moment. Retry after the stated time.",
               .detail = "all circuit breakers open or cooling down",
               .retry_after_seconds = static_cast<std::uint32_t>(std::max<std::int64_t>(1, wait))};
}

// Exponential with full jitter; the upstream's own wish wins where it is short enough.
std::optional<base::Duration> BackOff(const RetryPolicy& policy, const Error& error, std::uint32_t attempt,
                                      base::Random& random) {
  if (error.retry_after_seconds) {
    const base::Duration asked = std::chrono::seconds(*error.retry_after_seconds);
    if (asked > policy.max_delay) return {};
    return asked;
  }
  const base::Duration cap =
      std::min(policy.max_delay, policy.base_delay * (1U << std::min<std::uint32_t>(attempt, 10)));
  return base::Duration(static_cast<base::Duration::rep>(static_cast<double>(cap.count()) * random.Unit()));
}

// The attempts of one exchange over its candidates.
class Attempts {
 public:
  Attempts(pipeline::Exchange& exchange, const Route& route, std::vector<Candidate> candidates)
      : exchange_(exchange), route_(route), candidates_(std::move(candidates)) {}

  net::Task<Result<Reply>> Run() {
    route_.retry_budget->Deposit();
    std::optional<Error> last;
    for (std::uint32_t made = 0; made < route_.retry.max_attempts; ++made) {
      if (made > 0 && !route_.retry_budget->Withdraw()) break;
      const auto candidate = Choose();
      if (!candidate) break;
      auto reply = co_await MakeAttempt(exchange_, route_, *candidate, Reason(last));
      if (reply.ok()) co_return reply;
      last = std::move(reply).TakeError();
      if (!(co_await Prepare(*last, *candidate, made))) break;
    }
    if (!last) co_return AllDown(route_, exchange_.loop.Now());
    // What is left to try was tried here: the client's own retry would only add load.
    co_return std::move(*last);
  }

 private:
  // The next target in order whose health admits a call; a target that failed goes to the back of the line.
  std::optional<Candidate> Choose() {
    for (const Candidate& candidate : candidates_) {
      if (candidate.target->health->Admit(exchange_.loop.Now()) != TargetHealth::Admission::kRefused) return candidate;
    }
    return {};
  }

  std::string Reason(const std::optional<Error>& last) const {
    if (!last) return "first choice";
    return "after " + std::string(base::ToString(last->code));
  }

  // Decides from the error alone whether another attempt makes sense, and waits where the same target is to be asked
  // again.
  net::Task<bool> Prepare(const Error& error, Candidate failed, std::uint32_t made) {
    if (error.retry == base::Retry::kNever) co_return false;
    std::erase_if(candidates_, [&](const Candidate& c) { return c.target == failed.target; });
    if (error.retry == base::Retry::kOtherTarget) co_return !candidates_.empty();
    const bool alone = candidates_.empty();
    candidates_.push_back(failed);
    if (!alone) co_return true;
    const auto wait = BackOff(route_.retry, error, made, exchange_.random);
    if (!wait || exchange_.loop.Now() + *wait >= exchange_.deadline.at) co_return false;
    if (failed.target->health->AvailableAt(exchange_.loop.Now()) > exchange_.loop.Now() + *wait) co_return false;
    co_await exchange_.loop.Sleep(*wait);
    co_return true;
  }

  pipeline::Exchange& exchange_;  // outlives the stage's task
  const Route& route_;            // pinned by the stage's table
  std::vector<Candidate> candidates_;
};

}  // namespace

RouteTable::RouteTable(std::shared_ptr<const std::vector<Route>> routes,
                       const std::map<std::string, pipeline::Provider*, std::less<>>& providers)
    : routes_(std::move(routes)) {
  bound_.reserve(routes_->size());
  for (const Route& route : *routes_) {
    BoundRoute bound{.route = &route, .providers = {}};
    for (const Target& target : route.targets) {
      const auto found = providers.find(target.provider_name);
      GH_CHECK(found != providers.end());  // the configuration was checked before
      bound.providers.push_back(found->second);
    }
    bound_.push_back(std::move(bound));
  }
  for (const BoundRoute& bound : bound_) index_.emplace(bound.route->model, &bound);
}

const BoundRoute* RouteTable::Find(std::string_view model) const {
  const auto found = index_.find(model);
  return found == index_.end() ? nullptr : found->second;
}

pipeline::ModelsReply RouteTable::List(const pipeline::Principal& principal, std::string_view id) const {
  pipeline::ModelsReply reply;
  for (const Route& route : *routes_) {
    if ((!id.empty() && route.model != id) || !principal.MayUse(route.model)) continue;
    pipeline::ModelEntry entry{.name = route.model};
    for (const Target& target : route.targets) {
      entry.context_tokens = std::max(entry.context_tokens, target.context_tokens.value_or(0));
      entry.max_output_tokens = std::max(entry.max_output_tokens, target.max_output_tokens.value_or(0));
    }
    reply.models.push_back(std::move(entry));
  }
  return reply;
}

net::Task<Result<Reply>> RoutingStage::Handle(pipeline::Exchange& exchange, pipeline::Next) const {
  if (const auto* models = std::get_if<pipeline::ModelsCall>(&exchange.operation)) {
    auto list = table_->List(*exchange.principal, models->id);
    if (!models->id.empty() && list.models.empty()) co_return NoSuchModel(models->id);
    co_return Reply{.answer = std::move(list), .headers = {}};
  }
  const BoundRoute* bound = exchange.principal->MayUse(exchange.model) ? table_->Find(exchange.model) : nullptr;
  if (bound == nullptr) co_return NoSuchModel(exchange.model);
  exchange.deadline = exchange.deadline.Earlier({exchange.started + bound->route->timeout});
  const Needs needs = NeedsOf(exchange);
  const std::uint64_t turn = turn_.fetch_add(1, std::memory_order_relaxed);
  auto candidates = SelectTargets(*bound, needs, turn, exchange.loop.Now(), exchange.random);
  if (!candidates.ok()) co_return std::move(candidates).TakeError();
  Attempts attempts(exchange, *bound->route, std::move(candidates).value());
  co_return co_await attempts.Run();
}

}  // namespace gatehouse::features::routing
