#include "features/accounting/accounting_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/fake/fake_loop.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::features::accounting {
namespace {

// Puts limits in force.
void Put(Treasury& treasury, std::vector<Limit> limits, std::span<const Spent> spent, std::int64_t now) {
  Treasury::Limits shared;
  for (Limit& limit : limits) shared.push_back(std::make_shared<const Limit>(std::move(limit)));
  treasury.Apply(shared, spent, now);
}

using base::Error;
using base::ErrorCode;
using base::Result;
using pipeline::Charge;
using pipeline::Link;
using pipeline::NodeKind;
using pipeline::Reply;
using std::chrono::seconds;
using testing::HasSubstr;

// What of a row the tests look at.
struct Recorded {
  std::string model, ending, basis;
  std::uint64_t input = 0, output = 0;
  std::int64_t cost = 0;
};

// Remembers the rows that it is told to write.
class RememberingDatabase final : public store::Database {
 public:
  net::Task<Result<store::Rows>> Query(net::Loop&, store::Statement, net::Deadline) override {
    co_return store::Rows();
  }
  net::Task<base::Status> Scan(net::Loop&, store::Statement, store::RowVisitor, net::Deadline) override {
    co_return base::Ok();
  }
  net::Task<Result<std::vector<store::Rows>>> Write(net::Loop&, std::vector<store::Statement> unit,
                                                    net::Deadline) override {
    static_cast<void>(
        ReadBlock(store::BytesOf(unit.at(0).arguments.at(9)), [this](std::int64_t, std::string_view bytes) {
          Links links;
          const Row row = DecodeRow(bytes, links).value();
          rows.push_back({.model = std::string(row.model),
                          .ending = std::string(row.ending),
                          .basis = std::string(pipeline::ToString(row.basis)),
                          .input = row.usage.input,
                          .output = row.usage.output,
                          .cost = row.cost.value});
          return Going::kOn;
        }));
    co_return std::vector<store::Rows>();
  }
  store::Health health() const override { return {}; }

  std::vector<Recorded> rows;
};

// One pull of an answer: events, an error, or a while in which nothing comes.
using Move = std::variant<std::vector<llm::Event>, Error, base::Duration>;

class ScriptedEvents final : public llm::EventSource {
 public:
  ScriptedEvents(net::Loop& loop, std::vector<Move> steps) : loop_(loop), steps_(std::move(steps)) {}
  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    for (;;) {
      if (at_ == steps_.size()) co_return Outcome::kEnd;
      const Move& step = steps_[at_++];
      if (const auto* error = std::get_if<Error>(&step)) co_return *error;
      if (const auto* wait = std::get_if<base::Duration>(&step)) {
        co_await loop_.Sleep(*wait);
        continue;
      }
      batch.events = *std::get_if<std::vector<llm::Event>>(&step);
      batch.frames.push_back({.raw = "x", .event_count = static_cast<std::uint32_t>(batch.events.size())});
      co_return Outcome::kBatch;
    }
  }

 private:
  net::Loop& loop_;
  std::vector<Move> steps_;
  std::size_t at_ = 0;
};

// An answer that has come already, in one batch.
class WholeEvents final : public llm::EventSource {
 public:
  explicit WholeEvents(std::vector<llm::Event> events) {
    batch_.frames.push_back({.raw = "x", .event_count = static_cast<std::uint32_t>(events.size())});
    batch_.events = std::move(events);
  }
  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    if (std::exchange(pulled_, true)) co_return Outcome::kEnd;
    batch = std::move(batch_);
    co_return Outcome::kBatch;
  }
  llm::Batch* Whole() override { return pulled_ ? nullptr : &batch_; }

 private:
  llm::Batch batch_;
  bool pulled_ = false;
};

// The last stage: calls one target, as the routing would.
struct Script {
  std::string provider = "acme";
  std::vector<Error> failures;  // of attempts before
  std::optional<Error> error;
  std::vector<Move> answer;
  std::optional<std::vector<llm::Event>> whole;  // instead
  base::Duration delay{};
  base::Duration pause{};  // after each of the failures
};
class Upstream final : public pipeline::Stage {
 public:
  explicit Upstream(Script& script) : script_(script) {}
  std::string_view Name() const override { return "upstream"; }
  net::Task<Result<Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next) const override {
    const Script script = script_;
    for (const Error& failure : script.failures) {
      GH_CO_CHECK_OK(exchange.gates.Begin(script.provider, "big"));
      exchange.gates.Failed(failure);
      if (script.pause.count() > 0) co_await exchange.loop.Sleep(script.pause);
    }
    GH_CO_CHECK_OK(exchange.gates.Begin(script.provider, "big"));
    if (script.delay.count() > 0) co_await exchange.loop.Sleep(script.delay);
    if (script.error) {
      exchange.gates.Failed(*script.error);
      co_return *script.error;
    }
    exchange.outcome.provider = script.provider;
    exchange.outcome.upstream_model = "big";
    if (script.whole) {
      co_return Reply{.answer = pipeline::ChatReply{llm::DialectId::kOpenAiChat, llm::Delivery::kWhole,
                                                    std::make_unique<WholeEvents>(*script.whole)},
                      .headers = {}};
    }
    co_return Reply{.answer = pipeline::ChatReply{llm::DialectId::kOpenAiChat, llm::Delivery::kStream,
                                                  std::make_unique<ScriptedEvents>(exchange.loop, script.answer)},
                    .headers = {}};
  }

 private:
  Script& script_;
};

class OneOffer final : public pipeline::Offers {
 public:
  std::span<const pipeline::Offer> Of(std::string_view model) const override {
    if (model == "unknown") return unknown_;
    return model == "public" || model == "cheap" ? std::span<const pipeline::Offer>(offers_)
                                                 : std::span<const pipeline::Offer>();
  }

 private:
  std::vector<pipeline::Offer> offers_ = {{.provider = "acme", .model = "big"}};
  std::vector<pipeline::Offer> unknown_ = {{.provider = "acme", .model = "nobody-knows"}};
};

// 1 USD per million tokens in, 10 out: 1,000 and 10,000 nano-USD a token.
std::shared_ptr<const llm::price::Catalogue> Prices() {
  auto file = llm::price::ReadCatalogueFile(
      R"({"version": "v1", "providers": [{"id": "acme", "models": [
           {"id": "big", "match": {"equals": "big"}, "prices": {"input_mtok": 1, "output_mtok": 10}}]}]})");
  return llm::price::Catalogue::Make(std::move(file).value(), {}, {{.name = "acme", .kind = "openai_compatible"}})
      .value();
}

const std::vector<llm::Event> kText = {llm::TextDelta{.text = "four"}};
std::vector<llm::Event> Used(std::uint64_t input, std::uint64_t output) {
  return {llm::UsageReported{{.input = input, .output = output, .source = llm::UsageSource::kProvider}}};
}

class AccountingStageTest : public testing::Test {
 protected:
  AccountingStageTest()
      : journal_(store::Journal::Open(
                     folder_.file(), {.slots = 4, .intent_bytes = kMostIntentBytes, .outcome_bytes = kMostEncodedBytes})
                     .value()),
        ledger_({.loop = loop_, .database = database_, .journal = *journal_, .treasury = treasury_, .log = log_}),
        accounting_(
            {.loop = loop_, .treasury = treasury_, .ledger = ledger_, .share = journal_->ShareOf(0, 1), .index = 0}) {
    ledger_.OnWritten([this](std::uint32_t, std::vector<std::uint32_t> slots) { accounting_.Release(slots); });
    ledger_.Start();
  }

  void Limit(Dimension dimension, std::int64_t amount, std::vector<accounting::Step> steps = {}) {
    Put(treasury_,
        {{.id = 9,
          .organization = {1},
          .node = {2},
          .name = "monthly",
          .dimension = dimension,
          .amount = amount,
          .window = {.unit = WindowSpec::Unit::kMonth},
          .steps = std::move(steps)}},
        {}, Now());
  }
  std::int64_t Now() { return SecondsOf(clock_.Wall()); }
  Treasury::Standing Standing() { return treasury_.Standings({1}, Now()).at(0); }

  // A request of about 80 tokens at most.
  pipeline::Exchange& NewExchange(std::optional<std::uint64_t> max_output = 100, std::string model = "public") {
    pipeline::ChatCall call{.dialect = llm::DialectId::kOpenAiChat,
                            .body = std::move(pipeline::JsonBody::Parse("{}")).value(),
                            .request = std::make_unique<llm::ChatRequest>(),
                            .delivery = llm::Delivery::kStream};
    call.request->messages.push_back({.blocks = {llm::TextBlock{.text = "hello"}}});
    call.request->max_output_tokens = max_output;
    exchange_ = std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, std::move(call));
    if (principal_ == nullptr) {
      pipeline::Principal principal{.organization = "acme"};
      principal.chain = {{NodeKind::kOrganization, {1}}, {NodeKind::kApplication, {2}}};
      principal_ = std::make_shared<const pipeline::Principal>(std::move(principal));
    }
    exchange_->principal = principal_;
    exchange_->model = std::move(model);
    exchange_->started = loop_.Now();
    return *exchange_;
  }

  Result<Reply> Run() {
    if (!stage_) {
      stages_.push_back(std::make_unique<Upstream>(script_));
      stage_.emplace(accounting_, settings_, Prices(), std::make_shared<OneOffer>());
    }
    auto reply = loop_.AwaitFor(stage_->Handle(*exchange_, pipeline::Next(stages_)), wait_);
    if (!reply) return base::Internal("still waiting");
    return std::move(*reply);
  }
  // Reads so many batches, or all; what is left is dropped as if the client went away.
  std::optional<Error> Read(Reply& reply, int batches = 1000) {
    llm::Batch batch;
    for (int i = 0; i < batches; ++i) {
      auto outcome = loop_.AwaitFor(std::get_if<pipeline::ChatReply>(&reply.answer)->events->Pull(batch), seconds(10));
      if (!outcome.has_value()) return base::Internal("still waiting");
      if (!outcome->ok()) return outcome->error();
      if (outcome->value() == llm::EventSource::Outcome::kEnd) return {};
    }
    return {};
  }
  // What the session does at its end; the exchange lives on where somebody keeps it.
  void End(std::uint16_t status = 200) {
    LedgerObserver observer(accounting_);
    observer.Ended({.exchange = exchange_.get(), .principal = exchange_->principal.get(), .status = status});
    exchange_.reset();
    loop_.Advance(Ledger::kGather);
  }
  Recorded Last() {
    EXPECT_FALSE(database_.rows.empty());
    return database_.rows.empty() ? Recorded() : database_.rows.back();
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  base::LogWriter lines_{2};
  base::Log log_{lines_, clock_, base::LogLevel::kError};
  store::sqlite::TestFolder folder_;
  RememberingDatabase database_;
  std::unique_ptr<store::Journal> journal_;
  Treasury treasury_;
  Ledger ledger_;
  LoopAccounting accounting_;
  AccountingSettings settings_;
  Script script_;
  base::Duration wait_ = seconds(100);
  pipeline::Stages stages_;
  std::shared_ptr<const pipeline::Principal> principal_;
  std::optional<AccountingStage> stage_;
  std::shared_ptr<pipeline::Exchange> exchange_;
};

TEST_F(AccountingStageTest, SettlesToWhatTheProviderReports) {
  Limit(Dimension::kUsd, 10'000'000);
  script_.answer = {kText, Used(12, 34)};
  NewExchange();
  auto reply = Run();
  ASSERT_TRUE(reply.ok());
  EXPECT_GT(Standing().held, 1'000'000);
  EXPECT_FALSE(Read(reply.value()));
  EXPECT_EQ(Standing().held, 0);
  EXPECT_EQ(Standing().spent, 12'000 + 340'000);
  EXPECT_EQ(exchange_->charge.cost.value, 352'000);
  End();
  EXPECT_EQ(Last().basis, "provider");
  EXPECT_EQ(Last().cost, 352'000);
  EXPECT_EQ(Last().input, 12);
  EXPECT_EQ(Last().output, 34);
  EXPECT_TRUE(journal_->Recover().entries.empty());
}

TEST_F(AccountingStageTest, AnAnswerThatHasComeIsSettledAtOnce) {
  Limit(Dimension::kUsd, 10'000'000);
  script_.whole = Used(12, 34);
  NewExchange();
  auto reply = Run();
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(Standing().held, 0);
  EXPECT_EQ(Standing().spent, 352'000);
  EXPECT_NE(std::get_if<pipeline::ChatReply>(&reply.value().answer)->events->Whole(), nullptr) << "for the client";
  End();
  EXPECT_EQ(Last().basis, "provider");
  EXPECT_EQ(Last().cost, 352'000);
  EXPECT_TRUE(journal_->Recover().entries.empty());
}

TEST_F(AccountingStageTest, AnAnswerThatHasComeWithoutFiguresIsEstimated) {
  script_.whole = std::vector<llm::Event>{llm::TextDelta{.text = std::string(400, 'x')}};
  NewExchange();
  ASSERT_TRUE(Run().ok());
  End();
  EXPECT_EQ(Last().basis, "estimated");
  EXPECT_EQ(Last().output, 100);
}

TEST_F(AccountingStageTest, NewTermsHoldForWhoWasThereBefore) {
  script_.whole = Used(12, 34);
  const auto passes = [this] {
    NewExchange();
    const bool passed = Run().ok();
    End();
    return passed;
  };
  EXPECT_TRUE(passes()) << "no limit is known";
  Limit(Dimension::kUsd, 500'000);
  EXPECT_FALSE(passes());
  Limit(Dimension::kUsd, 10'000'000);
  EXPECT_TRUE(passes());
  Put(treasury_, {}, {}, Now());
  EXPECT_TRUE(passes()) << "its account is gone";
  EXPECT_EQ(principal_.use_count(), 2) << "all of that was one principal's";
}

TEST_F(AccountingStageTest, WhatDoesNotFitIsRefusedWithAllThatAPersonNeeds) {
  Limit(Dimension::kUsd, 500'000);
  NewExchange();
  const auto reply = Run();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kBudgetExceeded);
  EXPECT_THAT(reply.error().public_message, HasSubstr("limit 'monthly' of this application (0.0005 USD per month)"));
  EXPECT_THAT(reply.error().public_message, HasSubstr("0.0005 USD left"));
  EXPECT_THAT(reply.error().public_message, HasSubstr("An answer of at most 42 tokens would fit"));
  EXPECT_THAT(reply.error().public_message, HasSubstr("It starts anew at 2023-12-01T00:00:00Z"));
  EXPECT_TRUE(reply.error().retry_after_seconds.has_value());
  End(429);
  EXPECT_EQ(Last().basis, "nothing");
  EXPECT_EQ(Last().cost, 0);
  EXPECT_EQ(Standing().held, 0);
}

TEST_F(AccountingStageTest, AnAnswerWithoutABoundGetsOneThatIsPaidFor) {
  Limit(Dimension::kUsd, 1'077'000);
  script_.answer = {kText, Used(12, 34)};
  NewExchange(std::nullopt);
  auto reply = Run();
  ASSERT_TRUE(reply.ok());
  const auto* call = std::get_if<pipeline::ChatCall>(&exchange_->operation);
  EXPECT_EQ(call->output_limit, 100U);
  EXPECT_EQ(call->request->max_output_tokens, 100U);
  EXPECT_TRUE(call->body_is_current);
  EXPECT_EQ(Standing().held, 1'077'000);
}

TEST_F(AccountingStageTest, WithoutLimitsNothingIsChangedAndEverythingIsCounted) {
  script_.answer = {kText, Used(12, 34)};
  NewExchange(std::nullopt);
  auto reply = Run();
  ASSERT_TRUE(reply.ok());
  EXPECT_FALSE(std::get_if<pipeline::ChatCall>(&exchange_->operation)->output_limit);
  EXPECT_FALSE(Read(reply.value()));
  End();
  EXPECT_EQ(Last().cost, 352'000);
}

TEST_F(AccountingStageTest, AStreamWhoseClientWentIsReadToItsEnd) {
  Limit(Dimension::kUsd, 10'000'000);
  std::vector<std::int64_t> settled;
  accounting_.TellOfFlights([&](const pipeline::Exchange& exchange) { settled.push_back(exchange.charge.cost.value); });
  script_.answer = {kText, kText, seconds(5), kText, Used(12, 34)};
  NewExchange();
  if (auto reply = Run(); reply.ok()) EXPECT_FALSE(Read(reply.value(), 1));
  End(200);
  EXPECT_EQ(accounting_.draining(), 1U);
  EXPECT_TRUE(database_.rows.empty()) << "not known yet";
  EXPECT_GT(Standing().held, 0);
  EXPECT_TRUE(settled.empty());
  loop_.Advance(seconds(6));
  EXPECT_EQ(settled, std::vector<std::int64_t>{352'000});
  EXPECT_EQ(accounting_.draining(), 0U);
  EXPECT_EQ(Standing().spent, 352'000);
  EXPECT_EQ(Last().basis, "provider");
  EXPECT_EQ(Last().cost, 352'000);
}

TEST_F(AccountingStageTest, AStreamThatDoesNotEndIsReadForSoLongOnly) {
  Limit(Dimension::kUsd, 10'000'000);
  script_.answer = {kText, kText, seconds(500), Used(12, 34)};
  NewExchange();
  {
    auto reply = Run();
    ASSERT_TRUE(reply.ok());
    EXPECT_FALSE(Read(reply.value(), 1));
  }
  End(200);
  loop_.Advance(seconds(59));
  EXPECT_EQ(accounting_.draining(), 1U);
  loop_.Advance(seconds(2));
  EXPECT_EQ(accounting_.draining(), 0U);
  EXPECT_EQ(Last().basis, "estimated");
  EXPECT_EQ(Last().output, 2) << "eight bytes of text";
  EXPECT_EQ(Standing().held, 0);
  EXPECT_EQ(Standing().spent, Last().cost);
}

TEST_F(AccountingStageTest, ACallWhoseClientWentBeforeTheAnswerIsSeenThrough) {
  Limit(Dimension::kUsd, 10'000'000);
  script_.delay = seconds(20);
  script_.answer = {kText, Used(12, 34)};
  wait_ = seconds(1);
  NewExchange();
  EXPECT_FALSE(Run().ok());
  End(0);
  EXPECT_EQ(accounting_.draining(), 1U);
  loop_.Advance(seconds(20));
  EXPECT_EQ(Last().basis, "provider");
  EXPECT_EQ(Last().cost, 352'000);
  EXPECT_EQ(Standing().spent, 352'000);
}

TEST_F(AccountingStageTest, AReplyThatCameAndWasNeverTakenIsSeenThrough) {
  Limit(Dimension::kUsd, 10'000'000);
  script_.answer = {kText, Used(12, 34)};
  NewExchange();
  {
    auto reply = Run();
    ASSERT_TRUE(reply.ok());
  }
  End(0);
  EXPECT_EQ(accounting_.draining(), 0U);
  EXPECT_EQ(Last().basis, "provider");
  EXPECT_EQ(Last().cost, 352'000);
}

TEST_F(AccountingStageTest, WithoutDrainingItStaysInDoubtAtItsWorst) {
  Limit(Dimension::kUsd, 10'000'000);
  settings_.drain.at_most = {};
  script_.delay = seconds(20);
  wait_ = seconds(1);
  NewExchange();
  EXPECT_FALSE(Run().ok());
  End(0);
  EXPECT_EQ(Last().basis, "worst_case");
  EXPECT_EQ(Last().cost, 1'077'000);
  EXPECT_EQ(Standing().spent, 1'077'000);
}

TEST_F(AccountingStageTest, AFailureThatTheProviderAdmitsCostsNothing) {
  Limit(Dimension::kUsd, 10'000'000);
  script_.error =
      Error{.code = ErrorCode::kUnavailable, .source = base::ErrorSource::kUpstream, .upstream_status = 503};
  NewExchange();
  EXPECT_FALSE(Run().ok());
  End(503);
  EXPECT_EQ(Last().cost, 0);
  EXPECT_EQ(Standing().spent, 0);
  EXPECT_EQ(Standing().held, 0);
}

TEST_F(AccountingStageTest, AnAttemptWhoseEndNobodySawIsChargedAtItsWorst) {
  Limit(Dimension::kUsd, 10'000'000);
  script_.failures = {Error{.code = ErrorCode::kTimeout, .source = base::ErrorSource::kUpstream}};
  script_.answer = {kText, Used(12, 34)};
  NewExchange();
  auto reply = Run();
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(Standing().held, 2 * 1'077'000) << "both may be billed";
  EXPECT_FALSE(Read(reply.value()));
  End();
  EXPECT_EQ(Last().basis, "worst_case");
  EXPECT_EQ(Last().cost, 352'000 + 1'077'000);
}

TEST_F(AccountingStageTest, AClientThatGoesBetweenTwoAttemptsOwesTheFirstAlone) {
  Limit(Dimension::kUsd, 10'000'000);
  settings_.drain.at_most = {};
  script_.failures = {Error{.code = ErrorCode::kTimeout, .source = base::ErrorSource::kUpstream}};
  script_.pause = seconds(20);
  wait_ = seconds(1);
  NewExchange();
  EXPECT_FALSE(Run().ok());
  End(0);
  EXPECT_EQ(Last().cost, 1'077'000);
}

TEST_F(AccountingStageTest, ASecondAttemptThatCannotBePaidForIsNotMade) {
  Limit(Dimension::kUsd, 2'000'000);
  script_.failures = {Error{.code = ErrorCode::kTimeout, .source = base::ErrorSource::kUpstream}};
  NewExchange();
  const auto reply = Run();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kBudgetExceeded);
}

TEST_F(AccountingStageTest, AStreamThatBreaksOffIsEstimated) {
  Limit(Dimension::kUsd, 10'000'000);
  script_.answer = {kText, kText, Error{.code = ErrorCode::kBadUpstream, .source = base::ErrorSource::kUpstream}};
  NewExchange();
  auto reply = Run();
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(Read(reply.value()));
  End();
  EXPECT_EQ(Last().basis, "estimated");
  EXPECT_EQ(Last().output, 2);
}

TEST_F(AccountingStageTest, AnAnswerFarBeyondWhatIsHeldIsCut) {
  Limit(Dimension::kTokens, 200);
  script_.answer.assign(500, Move(std::vector<llm::Event>()));  // frames that are passed on unread
  NewExchange(20);
  auto reply = Run();
  ASSERT_TRUE(reply.ok());
  const auto error = Read(reply.value());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kBudgetExceeded);
  End();
  EXPECT_EQ(Last().basis, "estimated");
}

TEST_F(AccountingStageTest, ACheaperModelAnswersFromItsStepOn) {
  Limit(Dimension::kUsd, 2'000'000,
        {{.permille = 500, .action = accounting::Step::Action::kDowngrade, .model = "cheap"}});
  script_.answer = {kText, Used(12, 34)};
  NewExchange();
  auto reply = Run();
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(exchange_->model, "cheap");
  ASSERT_EQ(exchange_->warnings.size(), 1U);
  EXPECT_THAT(exchange_->warnings[0], HasSubstr("cheap answers instead of public"));
  EXPECT_FALSE(Read(reply.value()));
  End();
  EXPECT_EQ(Last().model, "cheap");
}

TEST_F(AccountingStageTest, WhatNobodyKnowsThePriceOfIsRefusedWhereMoneyIsLimited) {
  NewExchange(100, "unknown");
  script_.answer = {kText, Used(12, 34)};
  {
    auto reply = Run();
    ASSERT_TRUE(reply.ok()) << "no limit in money, no question";
    EXPECT_FALSE(Read(reply.value()));
  }
  End();
  Limit(Dimension::kUsd, 2'000'000);
  NewExchange(100, "unknown");
  const auto refused = Run();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().public_message, HasSubstr("What this request costs is not known"));
}

TEST_F(AccountingStageTest, AFullJournalRefuses) {
  script_.answer = {kText, seconds(1), Used(1, 1)};
  std::vector<std::shared_ptr<pipeline::Exchange>> open;
  std::vector<Reply> replies;
  for (int i = 0; i < 4; ++i) {
    NewExchange();
    auto reply = Run();
    ASSERT_TRUE(reply.ok()) << i;
    open.push_back(exchange_);
    replies.push_back(std::move(reply).value());
  }
  NewExchange();
  const auto refused = Run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  End(503);
  EXPECT_EQ(accounting_.unrecorded(), 1U);
  for (auto& reply : replies) EXPECT_FALSE(Read(reply));
}

}  // namespace
}  // namespace gatehouse::features::accounting
