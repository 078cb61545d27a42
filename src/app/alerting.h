#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "admin/alerts_api.h"
#include "app/accounting_house.h"
#include "app/upstreams.h"
#include "base/log.h"
#include "features/accounting/budget_notice.h"
#include "features/alerts/dispatcher.h"
#include "features/alerts/settings.h"
#include "features/routing/health.h"
#include "http/fetcher.h"
#include "net/epoll_loop.h"
#include "store/database.h"

namespace gatehouse::app {

// Notices what people should be told of, and has it told. Owned by the Gateway, on its loop.
class Alerting {
 public:
  // All outlive it. `where` says where a node of the tree is; an empty path for one that is gone.
  struct Parts {
    net::EpollLoop& loop;
    store::Database& database;
    AccountingHouse& accounting;
    const features::routing::HealthBoard& health;
    const base::Log& log;
    std::function<features::accounting::NodeWords(pipeline::NodeId)> where;
    std::function<void(const features::alerts::AlertNews&)> witness;  // is told what becomes of alerts
  };
  explicit Alerting(Parts parts);

  // What a configuration says, from now on.
  void Use(const features::alerts::AlertSettings& settings);
  // Begins to look.
  void Start();
  // Has people told of what somebody else noticed.
  void Raise(features::common::Notice notice) { dispatcher_.Raise(std::move(notice)); }
  // What prices a configuration has that look wrong.
  void TellOfPrices(const std::vector<std::string>& suspicions);

  admin::AlertServices services() { return {dispatcher_}; }
  const features::alerts::Dispatcher& dispatcher() const { return dispatcher_; }
  // Rows in doubt that nobody has settled, as of the last look; nullopt: not known yet.
  std::optional<std::int64_t> in_doubt() const { return in_doubt_; }

 private:
  // Something that is wrong for as long as it is.
  struct Episode {
    std::int64_t since_s = 0;  // 0: it is well
  };

  std::shared_ptr<features::alerts::Channel> ChannelOf(const features::alerts::ChannelSettings& settings);
  // Null: they do not work.
  std::shared_ptr<net::Handshaker> MailTls(const features::alerts::ChannelSettings& settings) const;
  net::Task<> LookForever();
  net::Task<> SweepForever();
  void TellOfBudgets();
  // Of all budgets, what has been reached; for what was passed when nobody looked.
  enum class Sweep : std::uint8_t { kAll, kCalendarOnly };
  net::Task<> SweepBudgets(Sweep sweep);
  void Tell(const features::accounting::Passed& passed);
  void LookAtLedger();
  void LookAtJournal();
  void LookAtProviders();
  net::Task<> LookAtDoubts();
  std::int64_t Now() const;

  const Parts parts_;
  Upstreams upstreams_;
  http::Fetcher fetcher_;                    // uses upstreams_
  features::alerts::Dispatcher dispatcher_;  // its channels use fetcher_
  Episode ledger_;
  Episode journal_;
  std::map<std::string, Episode, std::less<>> providers_;
  std::optional<std::int64_t> in_doubt_;
  net::TaskGroup tasks_;  // last: what runs there uses the rest
};

}  // namespace gatehouse::app
