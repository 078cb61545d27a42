#include "features/oversight/approval_desk.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/json/writer.h"
#include "features/oversight/word.h"

namespace gatehouse::features::oversight {
namespace {

using base::Result;
using base::Status;
using pipeline::Exchange;
using State = Approval::State;

constexpr base::Duration kStoreTime = std::chrono::seconds(5);
constexpr std::uint32_t kRetrySeconds = 5;

std::string Hex(std::string_view text) {
  return codec::crypto::HexEncode(codec::crypto::AsText(codec::crypto::Sha256(text)));
}

// What the client asked for, as it said it.
struct BodyText {
  std::string operator()(const pipeline::ChatCall& call) const { return call.body->text(); }
  std::string operator()(const pipeline::EmbeddingCall& call) const { return call.body->text(); }
  std::string operator()(const pipeline::CountCall& call) const { return call.body->text(); }
  std::string operator()(const pipeline::RerankCall& call) const { return call.body->text(); }
  std::string operator()(const pipeline::PassThroughCall& call) const {
    return call.method + " " + call.path + "\n" + call.content_type + "\n" + call.body;
  }
  std::string operator()(const pipeline::ModelsCall& call) const { return call.id; }
};

std::int64_t NowMs(const Exchange& exchange) {
  const auto wall = exchange.loop.clock().Wall().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
}

std::int64_t Ms(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string Signed(const Approval& approval) {
  return " (policy rule '" + approval.rule + "', approval " + approval.Word() + ")";
}

base::Error Required(const Approval& approval) {
  const std::string said = approval.message.empty() ? "People have to approve this request first." : approval.message;
  return {.code = base::ErrorCode::kDenied,
          .source = base::ErrorSource::kPolicy,
          .retry = base::Retry::kNever,
          .public_message = "approval_required: " + said +
                            " Send exactly the same again once it is approved; until then, this is the answer." +
                            Signed(approval),
          .retry_after_seconds = kRetrySeconds};
}

base::Error NotGiven(const Approval& approval, std::string why) {
  return {
      .code = base::ErrorCode::kDenied,
      .source = base::ErrorSource::kPolicy,
      .retry = base::Retry::kNever,
      .public_message = "approval_" + std::string(ToString(approval.state)) + ": " + std::move(why) + Signed(approval)};
}

base::Error Refusal(const Approval& approval) {
  switch (approval.state) {
    case State::kPending: return Required(approval);
    case State::kDenied:
      return NotGiven(approval, "People have denied this request: " +
                                    (approval.votes.empty() ? std::string() : approval.votes.back().reason));
    case State::kExpired: return NotGiven(approval, "Nobody has decided about this request in time.");
    case State::kRevoked: return NotGiven(approval, "The approval of this request was taken back.");
    case State::kApproved:
    case State::kConsumed:
    case State::kExpiredUnused:
    case State::kCancelled: break;
  }
  return NotGiven(approval, "The approval cannot be used any more. Send the request again to ask anew.");
}

base::Error Unasked(const base::Error& error) {
  if (error.source != base::ErrorSource::kStore) return error;
  return {
      .code = base::ErrorCode::kUnavailable,
      .source = base::ErrorSource::kStore,
      .retry = base::Retry::kSameTarget,
      .public_message = "This request needs an approval, and nobody can be asked at the moment. Try again in a while.",
      .detail = "approvals: " + error.detail,
      .retry_after_seconds = kRetrySeconds};
}

// Says that whoever asked has gone, unless it is said that he has not.
class Withdrawal {
 public:
  Withdrawal(ApprovalQueue& queue, const ApprovalQueue::Waiter& waiter, std::int64_t id)
      : queue_(queue), waiter_(waiter), id_(id) {}
  Withdrawal(const Withdrawal&) = delete;
  Withdrawal& operator=(const Withdrawal&) = delete;
  ~Withdrawal() {
    if (armed_ && waiter_.IsAlone()) queue_.Withdraw(id_);
  }
  void Disarm() { armed_ = false; }

 private:
  ApprovalQueue& queue_;
  const ApprovalQueue::Waiter& waiter_;
  const std::int64_t id_;
  bool armed_ = true;
};

// The same while the request is on its way into the database, where nobody else can wait for it yet.
class EarlyWithdrawal {
 public:
  EarlyWithdrawal(ApprovalQueue& queue, std::int64_t id) : queue_(queue), id_(id) {}
  EarlyWithdrawal(const EarlyWithdrawal&) = delete;
  EarlyWithdrawal& operator=(const EarlyWithdrawal&) = delete;
  ~EarlyWithdrawal() {
    if (armed_) queue_.Withdraw(id_);
  }
  void Disarm() { armed_ = false; }

 private:
  ApprovalQueue& queue_;
  const std::int64_t id_;
  bool armed_ = true;
};

}  // namespace

// Names of models and keys are hashed, so that nothing needs an escape: sorting members is then all that RFC 8785 asks.
std::string BindingOf(const Exchange& exchange, const pipeline::ApprovalQuestion& question, std::string_view policy) {
  std::string canonical;
  codec::json::Writer writer(canonical);
  writer.BeginObject().Field("body", Hex(std::visit(BodyText(), exchange.operation))).Key("chain").BeginArray();
  for (const pipeline::Link& link : exchange.principal->chain) writer.String(std::to_string(link.id.value));
  writer.EndArray()
      .Field("key", Hex(exchange.principal->key_id))
      .Field("model", Hex(exchange.model))
      .Field("phase", pipeline::ToString(question.phase))
      .Field("policy", policy)
      .Field("surface", pipeline::ToString(exchange.surface))
      .EndObject();
  return Hex(canonical);
}

ApprovalSettings ApprovalSettings::With(const pipeline::ApprovalTerms& terms) const {
  ApprovalSettings settings = *this;
  settings.mode = terms.mode.value_or(mode);
  settings.hold_timeout = terms.hold_timeout.value_or(hold_timeout);
  settings.decide_within = terms.decide_within.value_or(decide_within);
  settings.use_within = terms.use_within.value_or(use_within);
  settings.quorum = terms.quorum.value_or(quorum);
  return settings;
}

Approval ApprovalDesk::RequestFor(const Exchange& exchange, const ApprovalSettings& terms,
                                  pipeline::ApprovalQuestion question) const {
  const std::int64_t now = NowMs(exchange);
  Approval approval{.id = NewId(), .binding = BindingOf(exchange, question, policy_)};
  approval.chain = ChainOf(*exchange.principal);
  approval.path = PathOf(*exchange.principal);
  approval.surface = pipeline::ToString(exchange.surface);
  approval.model = exchange.model;
  approval.phase = pipeline::ToString(question.phase);
  approval.rule = std::move(question.rule);
  approval.message = std::move(question.message);
  approval.request_id = exchange.id;
  approval.quorum = terms.quorum;
  approval.created_ms = approval.changed_ms = now;
  approval.decide_by_ms = now + Ms(terms.decide_within);
  approval.use_within_ms = Ms(terms.use_within);
  return approval;
}

// Where the client can be kept, it hears something after each time in which nothing happened.
net::Task<Status> ApprovalDesk::WaitAndKeep(ApprovalQueue::Waiter& waiter, const Exchange& exchange,
                                            base::TimePoint until, base::Duration keep_alive) {
  const auto* holdable = exchange.Find<pipeline::Holdable>();
  if (holdable == nullptr) {
    co_await waiter.Wait({until});
    co_return base::Ok();
  }
  const base::TimePoint beat = exchange.loop.Now() + keep_alive;
  co_await waiter.Wait({std::min(until, beat)});
  if (exchange.loop.Now() < beat) co_return base::Ok();
  co_return co_await holdable->hold->KeepAlive("waiting for " + exchange.Find<pipeline::ApprovalPending>()->id);
}

// The exchange's own time stands still meanwhile.
net::Task<Result<Approval>> ApprovalDesk::Hold(Exchange& exchange, ApprovalSettings terms,
                                               ApprovalBook::Submitted submitted) const {
  const std::int64_t id = submitted.approval.id;
  ApprovalQueue::Waiter waiter(queue_, exchange.loop, id);
  if (waiter.place() == ApprovalQueue::Waiter::Place::kNone) co_return std::move(submitted.approval);
  Withdrawal withdrawal(queue_, waiter, id);
  exchange.Attach(pipeline::ApprovalPending{.id = submitted.approval.Word()});
  const bool own = submitted.found == ApprovalBook::Found::kNew;
  if (!own || settings_.gone == ApprovalSettings::Gone::kKept) withdrawal.Disarm();
  const base::TimePoint began = exchange.loop.Now();
  const base::TimePoint end = began + terms.hold_timeout;
  // What was decided before it was waited for is seen by the look behind.
  auto known = co_await queue_.book().Show({.loop = exchange.loop, .deadline = exchange.loop.In(kStoreTime)}, id);
  while (known.ok() && known.value().state == State::kPending && exchange.loop.Now() < end) {
    GH_CO_CHECK_OK(co_await WaitAndKeep(waiter, exchange, end, terms.keep_alive));
    known = co_await queue_.book().Show({.loop = exchange.loop, .deadline = exchange.loop.In(kStoreTime)}, id);
  }
  withdrawal.Disarm();
  if (exchange.deadline != net::Deadline::Never()) exchange.deadline.at += exchange.loop.Now() - began;
  co_return known;
}

net::Task<Status> ApprovalDesk::Settle(Exchange& exchange, Approval approval) const {
  exchange.Attach(pipeline::ApprovalPending{.id = approval.Word()});
  if (approval.state != State::kApproved) co_return Refusal(approval);
  auto used = co_await queue_.Do({.loop = exchange.loop, .deadline = exchange.loop.In(kStoreTime)}, approval.id,
                                 {.kind = Move::Kind::kConsume, .at_ms = NowMs(exchange)});
  if (used.ok()) co_return base::Ok();
  if (used.error().code != base::ErrorCode::kConflict) co_return Unasked(used.error());
  // Somebody else has used it, or it was taken back.
  auto now =
      co_await queue_.book().Show({.loop = exchange.loop, .deadline = exchange.loop.In(kStoreTime)}, approval.id);
  co_return now.ok() ? Refusal(now.value()) : Unasked(now.error());
}

net::Task<Status> ApprovalDesk::Ask(Exchange& exchange, pipeline::ApprovalQuestion question) {
  const ApprovalSettings terms = settings_.With(question.terms);
  Approval request = RequestFor(exchange, terms, std::move(question));
  EarlyWithdrawal withdrawal(queue_, request.id);
  const bool blocks = terms.mode == ApprovalSettings::Mode::kBlock;
  if (!blocks || settings_.gone == ApprovalSettings::Gone::kKept) withdrawal.Disarm();
  auto submitted = co_await queue_.Submit({.loop = exchange.loop, .deadline = exchange.loop.In(kStoreTime)},
                                          std::move(request), settings_.bounds);
  withdrawal.Disarm();
  if (!submitted.ok()) co_return Unasked(submitted.error());
  Approval approval = submitted.value().approval;
  if (approval.state == State::kPending && blocks) {
    auto held = co_await Hold(exchange, terms, std::move(submitted).value());
    if (!held.ok()) co_return Unasked(held.error());
    approval = std::move(held).value();
  }
  co_return co_await Settle(exchange, std::move(approval));
}

}  // namespace gatehouse::features::oversight
