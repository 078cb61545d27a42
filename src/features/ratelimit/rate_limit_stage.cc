#include "features/ratelimit/rate_limit_stage.h"

#include <utility>
#include <variant>

#include "features/ratelimit/admission.h"
#include "pipeline/attempt_gate.h"

namespace gatehouse::features::ratelimit {

using base::Result;
using pipeline::Reply;

namespace {

// An answer on its way to the client. Gives its slots back before the last of it is sent: a client that waits for its
// answers one after the other never meets itself.
class CountedEvents final : public llm::EventSource {
 public:
  CountedEvents(std::unique_ptr<llm::EventSource> events, Admission& admission)
      : events_(std::move(events)), admission_(admission) {}

  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    auto outcome = co_await events_->Pull(batch);
    if (!outcome.ok() || outcome.value() == Outcome::kEnd) admission_.ReleaseSlots();
    co_return outcome;
  }

 private:
  std::unique_ptr<llm::EventSource> events_;
  Admission& admission_;  // the exchange's, which outlives the reply
};

}  // namespace

net::Task<Result<Reply>> RateLimitStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  if (rules().empty() || std::holds_alternative<pipeline::ModelsCall>(exchange.operation)) {
    return std::move(next)(exchange);
  }
  auto& admission = exchange.Emplace<Admission>(selection_, exchange);
  if (!admission.IsConcerned()) return std::move(next)(exchange);
  base::Status entered = admission.Enter();
  if (admission.lack() != Admission::Lack::kNothing) [[unlikely]] {
    return FetchAndServe(exchange, admission, std::move(next));
  }
  exchange.Attach(admission.Standing());
  if (!entered.ok()) return Refuse(std::move(entered).TakeError());
  Guard(exchange, admission);
  if (!rules().CountsSlots()) return std::move(next)(exchange);
  return Serve(exchange, admission, std::move(next));
}

// Has every call to a provider ask the rules of that provider.
void RateLimitStage::Guard(pipeline::Exchange& exchange, Admission& admission) const {
  exchange.gates.Add(admission);
  if (rules().replenisher() == nullptr || !rules().HasProviderRules()) [[likely]]
    return;
  pipeline::AddWait(exchange, admission);
}

// What this gateway had drawn of a limit that several share did not suffice.
net::Task<Result<Reply>> RateLimitStage::FetchAndServe(pipeline::Exchange& exchange, Admission& admission,
                                                       pipeline::Next next) const {
  base::Status entered = co_await admission.FetchAndEnter();
  exchange.Attach(admission.Standing());
  GH_CO_CHECK_OK(std::move(entered));
  Guard(exchange, admission);
  co_return co_await Serve(exchange, admission, std::move(next));
}

net::Task<Result<Reply>> RateLimitStage::Refuse(base::Error error) { co_return error; }

net::Task<Result<Reply>> RateLimitStage::Serve(pipeline::Exchange& exchange, Admission& admission,
                                               pipeline::Next next) {
  GH_CO_CHECK_OK(co_await admission.TakeSlots());
  auto reply = co_await std::move(next)(exchange);
  auto* chat = reply.ok() ? std::get_if<pipeline::ChatReply>(&reply.value().answer) : nullptr;
  const bool opaque = reply.ok() && std::holds_alternative<pipeline::PassThroughReply>(reply.value().answer);
  if (chat != nullptr) {
    chat->events = std::make_unique<CountedEvents>(std::move(chat->events), admission);
  } else if (!opaque) {
    admission.ReleaseSlots();
  }
  co_return reply;
}

}  // namespace gatehouse::features::ratelimit
