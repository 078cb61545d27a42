#include "app/alerting.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "app/tls_files.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "features/accounting/adjustment.h"
#include "features/accounting/window.h"
#include "features/alerts/mail_channel.h"

namespace gatehouse::app {
namespace {

namespace alerts = features::alerts;
namespace accounting = features::accounting;

using features::common::Notice;
using features::common::Severity;

constexpr base::Duration kLook = std::chrono::seconds(1);
constexpr base::Duration kSweep = std::chrono::minutes(5);
constexpr base::Duration kQueryTime = std::chrono::seconds(10);
constexpr std::size_t kSweepAtOnce = 64;  // organizations in one turn of the loop
constexpr std::int64_t kPatience = 30;    // seconds that something is wrong before people are told
constexpr std::uint64_t kNearlyFullPercent = 80;
constexpr std::int64_t kHour = 3600;

// Few calls, to few receivers.
constexpr http::PoolLimits kPoolLimits = {.max_connections = 4, .max_waiting = 64, .max_idle = 1};

}  // namespace

Alerting::Alerting(Parts parts)
    : parts_(std::move(parts)),
      upstreams_(parts_.loop, parts_.log),
      fetcher_(upstreams_.PoolsForFetching(kPoolLimits)),
      dispatcher_({.loop = parts_.loop, .database = parts_.database, .log = parts_.log, .witness = parts_.witness}),
      tasks_(parts_.loop) {}

std::shared_ptr<net::Handshaker> Alerting::MailTls(const alerts::ChannelSettings& settings) const {
  if (settings.mail->security == alerts::MailSettings::Security::kNone) return nullptr;
  auto options = LoadUpstreamTls({.origin = {}, .base_path = {}, .tls = {.ca_file = settings.mail->trust.ca_file}});
  if (options.ok()) {
    options.value().alpn.clear();
    auto client = net::tls::TlsClient::Create(options.value());
    if (client.ok()) return std::move(client).value();
    options = std::move(client).TakeError();
  }
  parts_.log.Error("a channel's TLS settings do not work; nothing is sent through it",
                   {{"channel", settings.name}, {"problem", options.error().public_message}});
  return nullptr;
}

std::shared_ptr<alerts::Channel> Alerting::ChannelOf(const alerts::ChannelSettings& settings) {
  switch (settings.kind) {
    case alerts::ChannelSettings::Kind::kWebhook:
      return std::make_shared<alerts::WebhookChannel>(settings.webhook, fetcher_);
    case alerts::ChannelSettings::Kind::kSlack: return std::make_shared<alerts::SlackChannel>(settings.slack, fetcher_);
    case alerts::ChannelSettings::Kind::kMail:
      return std::make_shared<alerts::MailChannel>(
          *settings.mail, alerts::MailTransport{.connector = upstreams_.connector(), .tls = MailTls(settings)});
  }
  return nullptr;
}

void Alerting::Use(const alerts::AlertSettings& settings) {
  fetcher_.Forget();
  alerts::Channels channels;
  for (const alerts::ChannelSettings& one : settings.channels) channels.emplace(one.name, ChannelOf(one));
  dispatcher_.Use(settings, std::move(channels));
}

void Alerting::Start() {
  tasks_.Spawn(LookForever());
  tasks_.Spawn(SweepForever());
}

std::int64_t Alerting::Now() const { return accounting::SecondsOf(parts_.loop.clock().Wall()); }

net::Task<> Alerting::LookForever() {
  for (;;) {
    TellOfBudgets();
    LookAtLedger();
    LookAtJournal();
    LookAtProviders();
    co_await parts_.loop.Sleep(kLook);
  }
}

net::Task<> Alerting::SweepForever() {
  co_await SweepBudgets(Sweep::kAll);
  for (;;) {
    co_await LookAtDoubts();
    co_await parts_.loop.Sleep(kSweep);
    co_await SweepBudgets(Sweep::kCalendarOnly);
  }
}

void Alerting::Tell(const accounting::Passed& passed) {
  accounting::NodeWords where = parts_.where(passed.limit->node);
  if (!where.path.empty()) dispatcher_.Raise(accounting::NoticeOf(passed, std::move(where), Now()));
}

void Alerting::TellOfBudgets() {
  for (const auto& passed : accounting::HighestOf(parts_.accounting.treasury().TakePassed())) Tell(passed);
}

// What was passed just before the process was killed, or at another gateway. Rolling windows only at the start: one
// that stays above a step is no news for as long as it stays.
net::Task<> Alerting::SweepBudgets(Sweep sweep) {
  std::size_t at = 0;
  for (const pipeline::NodeId organization : parts_.accounting.treasury().organizations()) {
    if (++at % kSweepAtOnce == 0) co_await parts_.loop.Sleep(std::chrono::milliseconds(1));
    for (const auto& standing : parts_.accounting.treasury().Standings(organization, Now())) {
      const bool rolling = standing.limit->window.kind == accounting::WindowSpec::Kind::kRolling;
      if (rolling && sweep == Sweep::kCalendarOnly) continue;
      if (const auto reached = accounting::ReachedStep(standing)) Tell(*reached);
    }
  }
}

void Alerting::LookAtLedger() {
  const accounting::Ledger::Standing standing = parts_.accounting.ledger().standing();
  const std::int64_t now = Now();
  if (standing.problem.empty()) {
    ledger_ = {};
    return;
  }
  if (ledger_.since_s == 0) ledger_.since_s = now;
  if (now - ledger_.since_s < kPatience) return;
  dispatcher_.Raise(
      {.kind = std::string(features::common::kLedgerBehind),
       .key = "ledger/" + std::to_string(parts_.accounting.journal().id()) + "/" + std::to_string(ledger_.since_s),
       .severity = Severity::kCritical,
       .chain = {},
       .path = {},
       .title = "The ledger waits for the database",
       .text = "The database has not taken rows of the ledger for " + std::to_string(kPatience) +
               " seconds and more; " + std::to_string(standing.waiting) +
               " rows and those being written are in the journal and are not lost. When the journal is "
               "full, requests are refused unless the configuration says otherwise. Look at the database.",
       .facts = {{"rows_waiting", std::to_string(standing.waiting)}},
       .needs = Notice::Needs::kNothing});
}

void Alerting::LookAtJournal() {
  const std::uint64_t slots = parts_.accounting.journal().slots();
  const std::uint64_t used = slots - std::min(slots, parts_.accounting.free_slots());
  const std::int64_t now = Now();
  if (used * 100 < slots * kNearlyFullPercent) {
    journal_ = {};
    return;
  }
  if (journal_.since_s == 0) journal_.since_s = now;
  const std::string percent = std::to_string(used * 100 / slots);
  dispatcher_.Raise({.kind = std::string(features::common::kJournalFull),
                     .key = "journal/" + std::to_string(parts_.accounting.journal().id()) + "/" +
                            std::to_string(journal_.since_s / kHour),
                     .severity = Severity::kCritical,
                     .chain = {},
                     .path = {},
                     .title = "The journal is nearly full (" + percent + " %)",
                     .text = "Of " + std::to_string(slots) + " places in the journal, " + std::to_string(used) +
                             " are in use, by requests under way and by rows that are not in the database yet. When "
                             "none is left, requests are refused unless the configuration says otherwise. Look at the "
                             "database, or raise `accounting.journal_slots`.",
                     .facts = {{"slots", std::to_string(slots)}, {"used", std::to_string(used)}},
                     .lasts = Notice::Lasts::kUntilMended,
                     .needs = Notice::Needs::kNothing});
}

// A provider is down when every target of it is held back.
void Alerting::LookAtProviders() {
  std::map<std::string, bool, std::less<>> down;
  for (const auto& row : parts_.health.List()) {
    const bool open = row.health->state(parts_.loop.Now()) == features::routing::BreakerState::kOpen;
    auto& all = down.try_emplace(row.provider, true).first->second;
    all = all && open;
  }
  const std::int64_t now = Now();
  for (const auto& [name, is_down] : down) {
    if (!is_down) {
      providers_.erase(name);
      continue;
    }
    Episode& episode = providers_[name];
    if (episode.since_s == 0) episode.since_s = now;
    if (now - episode.since_s < kPatience) continue;
    dispatcher_.Raise({.kind = std::string(features::common::kProviderDown),
                       .key = "provider/" + name + "/" + std::to_string(episode.since_s / kHour),
                       .severity = Severity::kCritical,
                       .chain = {},
                       .path = {},
                       .title = "The provider '" + name + "' is down",
                       .text = "No target of the provider '" + name +
                               "' is fit to be called: requests go to others where there are any. The gateway tries it "
                               "again by itself.",
                       .facts = {{"provider", name}},
                       .lasts = Notice::Lasts::kUntilMended});
  }
}

// What is charged at its worst, because nobody knows what it cost.
net::Task<> Alerting::LookAtDoubts() {
  const accounting::Adjustments adjustments(parts_.database, parts_.accounting.treasury());
  const auto doubts = co_await adjustments.Open(parts_.loop, parts_.loop.In(kQueryTime));
  if (!doubts.ok()) co_return;
  const std::int64_t count = doubts.value().exchanges;
  const std::int64_t newest = doubts.value().newest_ms / 1000;
  in_doubt_ = count;
  if (count == 0) co_return;
  dispatcher_.Raise({.kind = std::string(features::common::kRowsInDoubt),
                     .key = "in_doubt/" + std::to_string(newest / kHour),
                     .severity = Severity::kWarning,
                     .chain = {},
                     .path = {},
                     .title = std::to_string(count) + " exchanges are in doubt",
                     .text = "What " + std::to_string(count) +
                             " exchanges cost is not known, because the gateway or a provider broke off in their "
                             "midst. They are charged at the most that they can have cost. `gatehouse exchange list "
                             "--in-doubt` shows them; compare with the provider's bill and settle them.",
                     .facts = {{"exchanges", std::to_string(count)}},
                     .lasts = Notice::Lasts::kUntilMended});
}

void Alerting::TellOfPrices(const std::vector<std::string>& suspicions) {
  for (const std::string& line : suspicions) {
    const auto digest = codec::crypto::Sha256(line);
    dispatcher_.Raise({.kind = std::string(features::common::kPriceSuspicious),
                       .key = "price/" + codec::crypto::HexEncode(codec::crypto::AsText(digest)),
                       .severity = Severity::kWarning,
                       .chain = {},
                       .path = {},
                       .title = "A price looks wrong",
                       .text = line + ". It is in force. Look at `prices` in the configuration.",
                       .facts = {}});
  }
}

}  // namespace gatehouse::app
