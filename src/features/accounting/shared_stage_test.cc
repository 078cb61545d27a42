// The stage where several gateways share the limits.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "features/accounting/accounting_stage.h"
#include "features/accounting/test_cluster.h"
#include "net/fake/fake_loop.h"
#include "pipeline/attempt_wait.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::features::accounting {
namespace {

using base::ErrorCode;
using base::Result;
using pipeline::NodeKind;
using pipeline::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using State = UnsteadyStore::State;

// Of no interest here.
class NoDatabase final : public store::Database {
 public:
  net::Task<Result<store::Rows>> Query(net::Loop&, store::Statement, net::Deadline) override {
    co_return store::Rows();
  }
  net::Task<base::Status> Scan(net::Loop&, store::Statement, store::RowVisitor, net::Deadline) override {
    co_return base::Ok();
  }
  net::Task<Result<std::vector<store::Rows>>> Write(net::Loop&, std::vector<store::Statement>, net::Deadline) override {
    co_return std::vector<store::Rows>();
  }
  store::Health health() const override { return {}; }
};

// So many batches of so many frames each, which are passed on unread and count as a token each.
class Frames final : public llm::EventSource {
 public:
  Frames(int batches, int frames) : batches_(batches), frames_(frames) {}
  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    if (batches_-- == 0) co_return Outcome::kEnd;
    for (int i = 0; i < frames_; ++i) batch.frames.push_back({.raw = "x"});
    co_return Outcome::kBatch;
  }

 private:
  int batches_;
  const int frames_;
};

// Calls one target, as the routing would.
struct Script {
  std::function<void()> before;  // the call
  int batches = 1;
  int frames = 1;
};
class Upstream final : public pipeline::Stage {
 public:
  explicit Upstream(const Script& script) : script_(script) {}
  std::string_view Name() const override { return "upstream"; }
  net::Task<Result<Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next) const override {
    if (script_.before) script_.before();
    base::Status begun = exchange.gates.Begin("acme", "big");
    while (!begun.ok()) {
      auto* const wait = pipeline::FindLacking(exchange);
      if (wait == nullptr) co_return std::move(begun).TakeError();
      co_await wait->Fetch();
      begun = exchange.gates.Begin("acme", "big");
    }
    exchange.outcome.provider = "acme";
    co_return Reply{.answer = pipeline::ChatReply{llm::DialectId::kOpenAiChat, llm::Delivery::kStream,
                                                  std::make_unique<Frames>(script_.batches, script_.frames)},
                    .headers = {}};
  }

 private:
  const Script& script_;
};

class OneOffer final : public pipeline::Offers {
 public:
  std::span<const pipeline::Offer> Of(std::string_view) const override { return offers_; }

 private:
  std::vector<pipeline::Offer> offers_ = {{.provider = "acme", .model = "big"}};
};

std::shared_ptr<const llm::price::Catalogue> Prices() {
  auto file = llm::price::ReadCatalogueFile(
      R"({"version": "v1", "providers": [{"id": "acme", "models": [
           {"id": "big", "match": {"equals": "big"}, "prices": {"input_mtok": 1, "output_mtok": 10}}]}]})");
  return llm::price::Catalogue::Make(std::move(file).value(), {}, {{.name = "acme", .kind = "openai_compatible"}})
      .value();
}

class SharedAccountingTest : public testing::Test {
 protected:
  static constexpr std::int64_t kAmount = 16'000;

  void Start(std::string provider = {}) {
    const Treasury::Limits limits = {std::make_shared<const Limit>(Limit{.id = 7,
                                                                         .organization = {1},
                                                                         .node = {1},
                                                                         .name = "shared",
                                                                         .dimension = Dimension::kTokens,
                                                                         .amount = kAmount,
                                                                         .window = {.unit = WindowSpec::Unit::kTotal},
                                                                         .provider = std::move(provider)})};
    for (std::size_t i = 0; i < gateways_.size(); ++i) {
      gateways_.at(i) =
          std::make_unique<FakeGateway>(loop_, values_, records_, log_, static_cast<std::int64_t>(i) + 101, limits);
      ASSERT_TRUE(loop_.AwaitFor(gateways_.at(i)->lessor->Start(loop_.In(seconds(30))), seconds(60))->ok());
    }
    Treasury& treasury = gateways_[0]->treasury;
    ledger_ = std::make_unique<Ledger>(
        Ledger::Parts{.loop = loop_, .database = database_, .journal = *journal_, .treasury = treasury, .log = log_});
    accounting_ = std::make_unique<LoopAccounting>(LoopAccounting::Parts{.loop = loop_,
                                                                         .treasury = treasury,
                                                                         .ledger = *ledger_,
                                                                         .share = journal_->ShareOf(0, 1),
                                                                         .index = 0,
                                                                         .lessor = gateways_[0]->lessor.get()});
    stages_.push_back(std::make_unique<Upstream>(script_));
    stage_ = std::make_unique<AccountingStage>(*accounting_, settings_, Prices(), std::make_shared<OneOffer>());
  }
  // What nobody else can have then.
  Reservation Take(std::size_t gateway, std::int64_t tokens) {
    auto answer =
        loop_.AwaitFor(gateways_.at(gateway)->Reserve(
                           {.chain = chain_, .model = "m", .fixed = {.usd = {}, .tokens = tokens, .requests = 1}}),
                       seconds(10));
    EXPECT_TRUE(answer && std::holds_alternative<Reservation>(*answer));
    Reservation taken = std::move(std::get<Reservation>(*answer));
    EXPECT_FALSE(taken.Include(chain_, "m", "acme", gateways_.at(gateway)->Now()));
    return taken;
  }
  std::int64_t Idle() { return gateways_[0]->treasury.StakeIn({1}, 7, 0, gateways_[0]->Now())->idle(); }

  pipeline::Exchange& NewExchange(std::uint64_t max_output) {
    pipeline::ChatCall call{.dialect = llm::DialectId::kOpenAiChat,
                            .body = std::move(pipeline::JsonBody::Parse("{}")).value(),
                            .request = std::make_unique<llm::ChatRequest>(),
                            .delivery = llm::Delivery::kStream};
    call.request->messages.push_back({.blocks = {llm::TextBlock{.text = "hello"}}});
    call.request->max_output_tokens = max_output;
    exchange_ = std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, std::move(call));
    auto principal = std::make_shared<pipeline::Principal>();
    principal->chain = chain_;
    principal->organization = "acme";
    exchange_->principal = principal;
    exchange_->model = "m";
    exchange_->started = loop_.Now();
    return *exchange_;
  }
  // How long it took, and what came.
  std::pair<base::Duration, Result<Reply>> Run() {
    const base::TimePoint began = loop_.Now();
    auto reply = loop_.AwaitFor(stage_->Handle(*exchange_, pipeline::Next(stages_)), seconds(60));
    if (!reply) return {seconds(60), base::Internal("still waiting")};
    return {loop_.Now() - began, std::move(*reply)};
  }
  std::optional<base::Error> Read(Reply& reply) {
    llm::Batch batch;
    for (;;) {
      auto outcome = loop_.AwaitFor(std::get_if<pipeline::ChatReply>(&reply.answer)->events->Pull(batch), seconds(60));
      if (!outcome) return base::Internal("still waiting");
      if (!outcome->ok()) return outcome->error();
      if (outcome->value() == llm::EventSource::Outcome::kEnd) return {};
    }
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  base::LogWriter writer_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  base::Log log_{writer_, clock_, base::LogLevel::kError};
  store::memory::SharedValues values_{clock_};
  FakeRecords records_;
  NoDatabase database_;
  const std::vector<pipeline::Link> chain_ = {{NodeKind::kOrganization, {1}}};
  std::array<std::unique_ptr<FakeGateway>, 2> gateways_;
  store::sqlite::TestFolder folder_;
  std::unique_ptr<store::Journal> journal_ =
      store::Journal::Open(folder_.file(),
                           {.slots = 16, .intent_bytes = kMostIntentBytes, .outcome_bytes = kMostEncodedBytes})
          .value();
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LoopAccounting> accounting_;
  AccountingSettings settings_;
  Script script_;
  pipeline::Stages stages_;
  std::unique_ptr<AccountingStage> stage_;
  std::shared_ptr<pipeline::Exchange> exchange_;
};

TEST_F(SharedAccountingTest, NobodyWaitsBeyondItsOwnDeadline) {
  Start();
  gateways_[0]->store.state = State::kHangs;
  auto& exchange = NewExchange(100);
  exchange.deadline = loop_.In(milliseconds(200));
  auto [took, reply] = Run();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(reply.error().public_message, HasSubstr("cannot be checked"));
  EXPECT_LE(took, milliseconds(200));
  // Without one, as long as requests may wait for it.
  gateways_[0]->store.state = State::kWorking;
  loop_.Advance(seconds(5));
  gateways_[0]->store.state = State::kHangs;
  NewExchange(100'000'000).deadline = net::Deadline::Never();
  EXPECT_LE(Run().first, seconds(2));
}

TEST_F(SharedAccountingTest, ACallThatLacksWhatOthersTookMeanwhileWaitsForMore) {
  Start("acme");
  std::optional<Reservation> meanwhile;
  script_.before = [&] { meanwhile = Take(0, Idle()); };
  NewExchange(100);
  auto [took, reply] = Run();
  ASSERT_TRUE(reply.ok()) << reply.error().public_message;
  EXPECT_GT(Idle(), 0);
}

TEST_F(SharedAccountingTest, ACallThatLacksMoreThanThereIsIsRefused) {
  Start("acme");
  std::optional<Reservation> meanwhile;
  script_.before = [&] { meanwhile = Take(0, kAmount - 100); };
  NewExchange(500);
  auto [took, reply] = Run();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kBudgetExceeded);
  EXPECT_EQ(reply.error().retry, base::Retry::kOtherTarget);
}

TEST_F(SharedAccountingTest, ACallThatCannotBeCheckedIsRefusedInTime) {
  Start("acme");
  std::optional<Reservation> meanwhile;
  script_.before = [&] {
    meanwhile = Take(0, Idle());
    gateways_[0]->store.state = State::kHangs;
  };
  NewExchange(100).deadline = loop_.In(milliseconds(300));
  auto [took, reply] = Run();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(reply.error().retry, base::Retry::kOtherTarget);
  EXPECT_LE(took, milliseconds(350));
}

TEST_F(SharedAccountingTest, AnAnswerThatGoesOnFetchesMore) {
  Start();
  script_.batches = 100;
  script_.frames = 100;
  NewExchange(100);
  auto [took, reply] = Run();
  ASSERT_TRUE(reply.ok());
  std::optional<Reservation> meanwhile = Take(0, Idle());
  EXPECT_FALSE(Read(reply.value()));
}

TEST_F(SharedAccountingTest, AnAnswerThatGoesOnIsCutWhenMoreCannotBeHad) {
  Start();
  script_.batches = 100;
  script_.frames = 100;
  NewExchange(100);
  auto [took, reply] = Run();
  ASSERT_TRUE(reply.ok());
  std::optional<Reservation> meanwhile = Take(0, Idle());
  gateways_[0]->store.state = State::kHangs;
  const base::TimePoint began = loop_.Now();
  const auto error = Read(reply.value());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kUnavailable);
  EXPECT_THAT(error->public_message, HasSubstr("cannot be checked"));
  EXPECT_LE(loop_.Now() - began, seconds(2));
}

TEST_F(SharedAccountingTest, AClientThatGoesWhileItsCallWaitsOwesNothing) {
  Start("acme");
  std::optional<Reservation> meanwhile;
  script_.before = [&] {
    meanwhile = Take(0, Idle());
    gateways_[0]->store.state = State::kHangs;
  };
  settings_.drain.calls = 0;
  stage_ = std::make_unique<AccountingStage>(*accounting_, settings_, Prices(), std::make_shared<OneOffer>());
  NewExchange(100);
  EXPECT_FALSE(loop_.Await(stage_->Handle(*exchange_, pipeline::Next(stages_))));
  EXPECT_EQ(exchange_->charge.cost.value, 0);
  meanwhile.reset();
  EXPECT_EQ(gateways_[0]->treasury.Standings({1}, gateways_[0]->Now()).at(0).spent, 0);
  EXPECT_EQ(gateways_[0]->treasury.Standings({1}, gateways_[0]->Now()).at(0).held, 0);
}

}  // namespace
}  // namespace gatehouse::features::accounting
