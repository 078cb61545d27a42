#pragma once

// For tests; never included by product code.

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "features/alerts/dispatcher.h"
#include "features/common/fake_receiver.h"
#include "http/fetcher.h"
#include "http/server.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"
#include "store/database.h"

namespace gatehouse::features::alerts {

using common::FakeReceiver;

// A real database for tests whose loop is a fake one: each call is done when it was made. `inner` outlives it.
class PromptDatabase final : public store::Database {
 public:
  explicit PromptDatabase(store::Database& inner) : inner_(inner), loop_(base::SystemClock()) {}

  net::Task<base::Result<store::Rows>> Query(net::Loop&, store::Statement statement, net::Deadline) override {
    if (away) co_return Away();
    co_return *net::BlockOn(loop_, inner_.Query(loop_, std::move(statement), loop_.In(kPatience)));
  }
  net::Task<base::Status> Scan(net::Loop&, store::Statement statement, store::RowVisitor visit,
                               net::Deadline) override {
    if (away) co_return Away();
    co_return *net::BlockOn(loop_, inner_.Scan(loop_, std::move(statement), std::move(visit), loop_.In(kPatience)));
  }
  net::Task<base::Result<std::vector<store::Rows>>> Write(net::Loop&, std::vector<store::Statement> unit,
                                                          net::Deadline) override {
    if (away) co_return Away();
    co_return *net::BlockOn(loop_, inner_.Write(loop_, std::move(unit), loop_.In(kPatience)));
  }
  store::Health health() const override { return inner_.health(); }
  net::EpollLoop& loop() { return loop_; }

  bool away = false;

 private:
  static constexpr base::Duration kPatience = std::chrono::seconds(20);
  static base::Error Away() {
    return {.code = base::ErrorCode::kUnavailable, .source = base::ErrorSource::kStore, .detail = "away"};
  }

  store::Database& inner_;
  net::EpollLoop loop_;
};

// A channel that does as it is told.
class FakeChannel final : public Channel {
 public:
  std::string_view kind() const override { return "fake"; }
  std::string target() const override { return "nowhere"; }
  net::Task<Attempted> Send(Alert alert, base::WallTime, net::Deadline) override {
    sent.push_back(std::move(alert));
    if (answers.empty())
      co_return Attempted{.outcome = Attempted::Outcome::kDelivered, .said = "200", .retry_after = {}};
    Attempted answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    co_return answer;
  }

  std::vector<Alert> sent;
  std::deque<Attempted> answers;  // the last one repeats; none: delivered
};

inline common::Notice NoticeFor(std::string key) {
  return {.kind = std::string(common::kBudgetThreshold),
          .key = std::move(key),
          .severity = common::Severity::kWarning,
          .chain = {{1}, {4}},
          .path = "acme/search",
          .title = "80 % of the budget 'monthly' of acme/search is spent",
          .text = "Words.",
          .facts = {{"budget", "monthly"}, {"spent", "80"}}};
}

}  // namespace gatehouse::features::alerts
