#include "features/guard/guard_stage.h"

#include <utility>
#include <variant>

#include "features/guard/guarded_answer.h"
#include "features/guard/request_change.h"

namespace gatehouse::features::guard {
namespace {

using base::Status;
using pipeline::Exchange;
using pipeline::Side;

// The answer's frames as they come are the client's, until somebody has to make others of them.
class ByFirstBatch final : public llm::EventSource {
 public:
  ByFirstBatch(std::unique_ptr<Inspection> inspection, pipeline::ChatReply& reply, llm::DialectId client)
      : inspection_(std::move(inspection)),
        upstream_(std::move(reply.events)),
        origin_(reply.dialect),
        delivery_(reply.delivery),
        same_dialect_(reply.dialect == client ? Same::kYes : Same::kNo) {}

  net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override {
    if (guarded_ == nullptr) {
      auto outcome = co_await upstream_->Pull(first_);
      if (!outcome.ok() || outcome.value() == Outcome::kEnd) {
        batch.Clear();
        co_return outcome;
      }
      Choose();
    }
    co_return co_await guarded_->Pull(batch);
  }

 private:
  enum class Same : std::uint8_t { kYes, kNo };

  // The first batch once more, then the rest.
  class Again final : public llm::EventSource {
   public:
    Again(llm::Batch first, std::unique_ptr<llm::EventSource> rest)
        : first_(std::move(first)), rest_(std::move(rest)) {}
    net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override {
      if (again_) {
        again_ = false;
        batch = std::move(first_);
        co_return Outcome::kBatch;
      }
      co_return co_await rest_->Pull(batch);
    }

   private:
    llm::Batch first_;
    std::unique_ptr<llm::EventSource> rest_;
    bool again_ = true;
  };

  void Choose() {
    // Frames say things twice, and the second time would be let go before a guardrail has answered.
    const bool waits = delivery_ == llm::Delivery::kStream && inspection_->Asks(Side::kAnswer);
    const bool passes = same_dialect_ == Same::kYes && first_.raw_is_current && !waits;
    auto again = std::make_unique<Again>(std::move(first_), std::move(upstream_));
    if (!passes) {
      guarded_ = std::make_unique<GuardedEvents>(std::move(inspection_), std::move(again), origin_);
    } else if (delivery_ == llm::Delivery::kStream) {
      guarded_ = std::make_unique<GuardedFrames>(std::move(inspection_), std::move(again), origin_);
    } else {
      guarded_ = std::make_unique<GuardedBody>(std::move(inspection_), std::move(again), origin_);
    }
  }

  std::unique_ptr<Inspection> inspection_;
  std::unique_ptr<llm::EventSource> upstream_;
  const llm::DialectId origin_;
  const llm::Delivery delivery_;
  const Same same_dialect_;
  llm::Batch first_;
  std::unique_ptr<GuardedAnswer> guarded_;
};

// A whole answer with another body than it came with.
class ChangedBody final : public llm::EventSource {
 public:
  ChangedBody(std::string body, llm::Batch whole) : body_(std::move(body)), whole_(std::move(whole)) {
    whole_.frames.front().raw = body_;
  }
  net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    if (std::exchange(pulled_, Pulled::kYes) == Pulled::kYes) co_return Outcome::kEnd;
    batch = std::move(whole_);
    co_return Outcome::kBatch;
  }
  llm::Batch* Whole() override { return pulled_ == Pulled::kYes ? nullptr : &whole_; }

 private:
  const std::string body_;
  llm::Batch whole_;
  enum class Pulled : std::uint8_t { kNo, kYes } pulled_ = Pulled::kNo;
};

// The answer, where it has come in one body that can be looked at in one turn and goes to its client as it is; nullptr
// where it is looked at as it is pulled.
llm::Batch* WholeAnswer(const Inspection& inspection, pipeline::ChatReply& chat, llm::DialectId client) {
  if (chat.delivery != llm::Delivery::kWhole || chat.dialect != client || inspection.Asks(Side::kAnswer))
    return nullptr;
  llm::Batch* const whole = chat.events->Whole();
  if (whole == nullptr || !whole->raw_is_current || whole->frames.size() != 1) return nullptr;
  return whole->frames.front().raw.size() < Inspection::kLong ? whole : nullptr;
}

Status ChangeWhole(Inspection& inspection, llm::Batch& whole, pipeline::ChatReply& chat) {
  GH_CHECK_OK(inspection.EnterCalls(whole.events));
  GH_TRY(auto changed, LookAtWhole(inspection, whole, chat.dialect));
  if (changed) chat.events = std::make_unique<ChangedBody>(*std::move(changed), std::move(whole));
  return base::Ok();
}

// "EMAIL_ADDRESS;mask;2, aws-access-token;annotate;1": what was done about the request, for its client.
void AddHeader(const pipeline::InspectionReport& report, pipeline::Reply& reply) {
  constexpr std::size_t kMostNamed = 20;
  std::string value;
  std::size_t named = 0;
  for (const pipeline::InspectionNote& note : report.notes) {
    if (note.measure == "none" || note.measure == "shadow" || ++named > kMostNamed) continue;
    value.append(value.empty() ? "" : ", ").append(note.entity).append(";").append(note.measure);
    value.append(";").append(std::to_string(note.count));
  }
  if (!value.empty()) reply.headers.push_back({.name = "gatehouse-guard", .value = std::move(value)});
}

// Looks at a request of whatever kind, and changes it.
struct RequestLook {
  Inspection& inspection;

  Status operator()(pipeline::ChatCall& call) const { return Look(call, call.dialect); }
  Status operator()(pipeline::EmbeddingCall& call) const { return Look(call, call.dialect); }
  Status operator()(pipeline::CountCall& call) const { return Look(call, call.dialect); }
  Status operator()(pipeline::RerankCall& call) const { return Look(call, llm::DialectId::kCohere); }
  Status operator()(pipeline::PassThroughCall&) const {
    inspection.NoteUnscanned("opaque");
    return base::Ok();
  }
  Status operator()(pipeline::ModelsCall&) const { return inspection.Enter(pipeline::Phase::kPrompt); }

  template <class Call>
  Status Look(Call& call, llm::DialectId dialect) const {
    const TextTable& table = inspection.settings().tables.Of(dialect, BodyKind::kRequest);
    GH_TRY(auto changed, inspection.LookAtBody(call.body->text(), call.body->root(), table, Side::kRequest));
    return changed ? ChangeBody(call, *std::move(changed)) : base::Ok();
  }
};

// The body of what can be looked into, and the table of its texts; no body for the rest.
struct RequestBody {
  const pipeline::JsonBody* body = nullptr;
  llm::DialectId dialect = llm::DialectId::kOpenAiChat;

  bool IsLong() const { return body != nullptr && body->text().size() >= Inspection::kLong; }
};
RequestBody BodyOf(const pipeline::Operation& operation) {
  struct Dispatch {
    RequestBody operator()(const pipeline::ChatCall& call) const { return {call.body.get(), call.dialect}; }
    RequestBody operator()(const pipeline::EmbeddingCall& call) const { return {call.body.get(), call.dialect}; }
    RequestBody operator()(const pipeline::CountCall& call) const { return {call.body.get(), call.dialect}; }
    RequestBody operator()(const pipeline::RerankCall& call) const {
      return {call.body.get(), llm::DialectId::kCohere};
    }
    RequestBody operator()(const pipeline::PassThroughCall&) const { return {}; }
    RequestBody operator()(const pipeline::ModelsCall&) const { return {}; }
  };
  return std::visit(Dispatch(), operation);
}

std::vector<std::unique_ptr<Hook>> HooksOf(const GuardSettings& settings, const HookMeans& means) {
  std::vector<std::unique_ptr<Hook>> hooks;
  if (means.fetcher == nullptr) return hooks;  // a stage that nothing passes: what it enforces is looked at
  hooks.reserve(settings.hooks.size());
  for (const HookSettings& one : settings.hooks) {
    hooks.push_back(std::make_unique<Hook>(one, *means.fetcher, *means.loop, *means.calls));
  }
  return hooks;
}

// The answer is made of its events (see ByFirstBatch), or the beginning of every call has to be told.
void WantEvents(Exchange& exchange) {
  if (auto* call = std::get_if<pipeline::ChatCall>(&exchange.operation)) call->detail = llm::Detail::kFull;
}

}  // namespace

GuardStage::GuardStage(std::shared_ptr<const GuardSettings> settings, base::Secret key, base::CounterFamily& findings,
                       HookMeans hook_means, std::unique_ptr<const pipeline::ContentRules> rules,
                       std::unique_ptr<ConversationTokens> conversations, std::shared_ptr<pipeline::ApprovalDesk> desk)
    : settings_(std::move(settings)),
      key_(std::move(key)),
      findings_(findings),
      hooks_(HooksOf(*settings_, hook_means)),
      rules_(std::move(rules)),
      conversations_(std::move(conversations)),
      desk_(std::move(desk)),
      scratch_(*settings_->inspector) {}

pipeline::Enforcement GuardStage::Enforces(pipeline::Surface surface, pipeline::Phase phase) const {
  const bool looks = rules_ != nullptr && surface != pipeline::Surface::kPassThrough;
  return looks && pipeline::IsOfContent(phase) ? pipeline::Enforcement::kEnforced : pipeline::Enforcement::kNone;
}

net::Task<Status> GuardStage::AskAboutRequest(Inspection& inspection, const Exchange& exchange) {
  const RequestBody request = BodyOf(exchange.operation);
  if (request.body == nullptr) co_return base::Ok();
  const TextTable& table = inspection.settings().tables.Of(request.dialect, BodyKind::kRequest);
  co_return co_await inspection.AskAboutBody(request.body->root(), table, Side::kRequest);
}

Status GuardStage::LookAtRequest(Inspection& inspection, Exchange& exchange) {
  return std::visit(RequestLook{inspection}, exchange.operation);
}

Status GuardStage::LookAtAnswer(std::unique_ptr<Inspection> inspection, const Exchange& exchange,
                                pipeline::Reply& reply) {
  GH_CHECK_OK(inspection->Enter(pipeline::Phase::kResponse));  // before its first byte
  const auto* call = std::get_if<pipeline::ChatCall>(&exchange.operation);
  auto* chat = std::get_if<pipeline::ChatReply>(&reply.answer);
  if (std::holds_alternative<pipeline::PassThroughReply>(reply.answer)) inspection->NoteUnscanned("opaque");
  if (auto* ranking = std::get_if<pipeline::RerankReply>(&reply.answer)) return LookAtRanking(*inspection, *ranking);
  if (call == nullptr || chat == nullptr) return base::Ok();  // numbers
  if (auto* whole = WholeAnswer(*inspection, *chat, call->dialect)) return ChangeWhole(*inspection, *whole, *chat);
  chat->events = std::make_unique<ByFirstBatch>(std::move(inspection), *chat, call->dialect);
  return base::Ok();
}

// It repeats documents where the client asked for them.
Status GuardStage::LookAtRanking(Inspection& inspection, pipeline::RerankReply& ranking) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(ranking.raw));
  const TextTable& table = inspection.settings().tables.Of(llm::DialectId::kCohere, BodyKind::kAnswer);
  GH_TRY(auto changed, inspection.LookAtBody(ranking.raw, document.root(), table, Side::kAnswer));
  if (changed) ranking.raw = *std::move(changed);
  return base::Ok();
}

std::unique_ptr<Inspection> GuardStage::NewInspection(Exchange& exchange) const {
  return std::make_unique<Inspection>(Inspection::Means{.settings = *settings_,
                                                        .scratch = scratch_,
                                                        .findings = findings_,
                                                        .key = key_,
                                                        .hooks = hooks_,
                                                        .content = rules_.get()},
                                      exchange);
}

bool GuardStage::MustWait(const Inspection& inspection, const Exchange& exchange) const {
  return !hooks_.empty() || inspection.Reaches(pipeline::Phase::kToolCall) || inspection.IsOfNamedConversation() ||
         BodyOf(exchange.operation).IsLong();
}

net::Task<Status> GuardStage::Inspect(Inspection& inspection, Exchange& exchange) const {
  if (inspection.Asks(Side::kRequest)) GH_CO_CHECK_OK(co_await AskAboutRequest(inspection, exchange));
  if (inspection.Asks(Side::kAnswer) || inspection.Reaches(pipeline::Phase::kToolCall)) WantEvents(exchange);
  ConversationTokens* kept = inspection.IsOfNamedConversation() ? conversations_.get() : nullptr;
  if (kept != nullptr) co_await inspection.Recall(*kept);
  if (const RequestBody request = BodyOf(exchange.operation); request.IsLong()) {
    co_await inspection.ScanAhead(request.body->root(), settings_->tables.Of(request.dialect, BodyKind::kRequest));
  }
  GH_CO_CHECK_OK(LookAtRequest(inspection, exchange));
  if (kept != nullptr) co_await inspection.Keep(*kept);
  co_return base::Ok();
}

net::Task<Status> GuardStage::AskPeople(Status refused, Exchange& exchange) const {
  const auto* challenged = exchange.Find<pipeline::Challenged>();
  if (desk_ == nullptr || challenged == nullptr) co_return refused;
  const pipeline::Phase phase = challenged->question.phase;
  if (pipeline::IsApproved(exchange, phase)) co_return refused;  // for something else
  GH_CO_CHECK_OK(co_await desk_->Ask(exchange, challenged->question));
  pipeline::Approved approved;
  if (const auto* before = exchange.Find<pipeline::Approved>()) approved = *before;
  approved.phases.set(static_cast<std::size_t>(phase));
  exchange.Attach(approved);
  co_return base::Ok();
}

// A request that people were asked about is looked at again from its beginning: what was done about it was dropped with
// the refusal.
net::Task<base::Result<pipeline::Reply>> GuardStage::Handle(Exchange& exchange, pipeline::Next next) const {
  const std::size_t decided = exchange.decisions.size();
  auto inspection = NewInspection(exchange);
  Status looked =
      MustWait(*inspection, exchange) ? co_await Inspect(*inspection, exchange) : LookAtRequest(*inspection, exchange);
  while (!looked.ok()) {
    GH_CO_CHECK_OK(co_await AskPeople(std::move(looked), exchange));
    exchange.decisions.resize(decided);
    inspection.reset();
    inspection = NewInspection(exchange);
    looked = co_await Inspect(*inspection, exchange);
  }
  auto reply = co_await std::move(next)(exchange);
  if (reply.ok()) AddHeader(*exchange.Find<pipeline::InspectionReport>(), reply.value());
  if (reply.ok() && (inspection->Reaches(Side::kAnswer) || inspection->Restores() || inspection->Asks(Side::kAnswer))) {
    GH_CO_CHECK_OK(LookAtAnswer(std::move(inspection), exchange, reply.value()));
  }
  co_return reply;
}

}  // namespace gatehouse::features::guard
