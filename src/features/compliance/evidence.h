#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "codec/json/document.h"
#include "features/compliance/tally.h"

namespace gatehouse::features::compliance {

// Which entries are looked at. Times are microseconds since 1970, UTC.
struct Scope {
  std::int64_t from_us = 0;
  std::int64_t until_us = 0;  // not included
  // Members of entries and what they have to be: `project`, `org`, `team`, `sub`, `model`, `surface`. They choose among
  // exchanges; entries of other types are of the whole gateway.
  std::map<std::string, std::string, std::less<>> members;
  // Names of members that may be given.
  static const std::vector<std::string_view>& MemberNames();
};

// The record of one gateway, as far as it tells of its completeness.
struct NodeRecord {
  std::uint64_t entries = 0;
  std::uint64_t starts = 0;
  std::uint64_t stops = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t missing = 0;    // numbers between the lowest and the highest of a run of the process that never came
  std::uint64_t unwritten = 0;  // entries that the gateway itself says could not be written
  std::uint64_t strangers = 0;
  struct Silence {
    std::int64_t from_us = 0;
    std::int64_t until_us = 0;
  };
  std::uint64_t silences = 0;    // times without a heartbeat while the gateway was not stopped
  std::vector<Silence> longest;  // of them, the longest first
  std::int64_t silent_us = 0;    // together
  std::int64_t interval_us = 0;  // between heartbeats, as half of them came
  std::int64_t covered_us = 0;   // between heartbeats that came in time
};

// What one project's traffic was.
struct SystemRecord {
  std::uint64_t exchanges = 0;
  std::uint64_t denied = 0;
  std::uint64_t challenged = 0;
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  Tally surfaces{20};
  Tally models{50};
  Tally providers{50};
  Tally entities{100};
};

struct ProviderRecord {
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  Tally models{200};
  Tally outcomes{20};
  Durations took;
};

struct DayRecord {
  std::uint64_t exchanges = 0;
  std::uint64_t denied = 0;
  std::uint64_t restricted = 0;
  std::uint64_t challenged = 0;
  std::uint64_t failed = 0;
  std::uint64_t findings = 0;
  std::uint64_t tokens = 0;
  std::int64_t nano_usd = 0;
};

struct ReviewerRecord {
  std::uint64_t votes = 0;
  std::uint64_t approved = 0;
  Durations took;
};

// An entry of a type that is rare enough to be shown one by one.
struct RareEntry {
  std::uint64_t index = 0;
  std::int64_t at_us = 0;
  std::string type;
  std::string what;  // its members, in short
};

// Entries that stand for others: a few of a kind, chosen evenly at random.
struct Sample {
  std::uint64_t index = 0;
  std::string kind;   // "decision:deny", "tag:LLM01", "finding:pii", "type:config.change"
  std::string entry;  // as it is in the log
};

// What the entries of a period say, counted in one pass and in bounded memory, some tens of MiB at most. Reading is for
// answers.h. One thread.
class Evidence {
 public:
  explicit Evidence(Scope scope) : scope_(std::move(scope)) {}

  // The next entry of the log, whether it is of the period or not.
  void Take(std::uint64_t index, std::string_view entry);
  // When all were taken.
  void Finish();

  const Scope& scope() const { return scope_; }
  std::vector<Sample> samples() const;
  // The time of the entry that was taken last, of the period or not.
  std::int64_t newest_us() const { return newest_us_; }

  // How much there was.
  std::uint64_t entries = 0;      // of the period
  std::uint64_t unreadable = 0;   // no JSON, or without type and time
  std::uint64_t first_index = 0;  // of those of the period
  std::uint64_t last_index = 0;
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  Tally types{200};
  std::map<std::string, NodeRecord, std::less<>> nodes;

  // Exchanges within the scope.
  std::uint64_t exchanges = 0;
  std::uint64_t open_starts = 0;           // decided, and without an end in the period
  std::map<std::int32_t, DayRecord> days;  // since 1970
  Tally surfaces{50};
  Tally models;
  Tally decisions{8};
  Tally rules;  // "rule (effect)"
  Tally shadow_rules;
  Tally tags;
  Tally endings{16};
  Tally statuses{8};  // "2xx"
  Tally errors{64};
  Tally how{16};
  Tally subjects{100'000};
  Tally credentials{100'000};
  Tally configs{1000};
  Tally bases{8};
  std::map<std::string, Tally, std::less<>> findings;  // by category, "entity (measure)"
  std::uint64_t findings_total = 0;
  std::uint64_t scanned_exchanges = 0;
  std::uint64_t scanned_bytes = 0;
  Tally not_scanned{32};
  std::map<std::string, SystemRecord, std::less<>> systems;
  std::map<std::string, ProviderRecord, std::less<>> providers;
  std::uint64_t retried = 0;  // exchanges with more than one attempt
  std::uint64_t rescued = 0;  // of them, those that were answered
  Durations took;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  std::int64_t nano_usd = 0;
  std::uint64_t tool_decisions = 0;  // rules that decided on calls of tools
  Tally agents{10'000};

  // Everything else.
  Tally admin_actions;
  Tally admin_actors{1000};
  std::uint64_t admin_refused = 0;
  Tally approval_outcomes{16};
  std::map<std::string, ReviewerRecord, std::less<>> reviewers;
  Tally payloads{64};             // that the vault keeps, by retention class
  Tally payloads_lost{64};        // exchanges whose payloads should be there and are not, by the reason
  std::uint64_t approved = 0;     // approvals that were given
  std::uint64_t two_persons = 0;  // of them, those that two persons or more voted for
  std::map<std::string, std::vector<RareEntry>, std::less<>> rare;  // by type, the first of each

 private:
  struct Run {
    std::uint64_t lowest = 0;
    std::uint64_t highest = 0;
    std::uint64_t count = 0;
    std::int64_t heartbeat_us = 0;  // the last one of this run
  };
  struct Bucket {
    std::uint64_t seen = 0;
    std::vector<Sample> kept;
  };

  bool IsInScope(codec::json::Value entry) const;
  void TakeNumber(std::string_view node, std::string_view type, codec::json::Value seq);
  void TakeHeartbeat(std::string_view node, std::int64_t at_us, codec::json::Value entry);
  void TakeGap(std::string_view node, NodeRecord& record, std::int64_t from_us, std::int64_t until_us);
  void FinishGaps(std::string_view node, NodeRecord& record);
  void EndRun(NodeRecord& record, Run& run);
  void TakeOther(std::uint64_t index, std::int64_t at_us, std::string_view type, codec::json::Value entry);
  void TakeApproval(std::string_view type, codec::json::Value entry);
  void TakeExchange(std::uint64_t index, std::int64_t at_us, codec::json::Value entry);
  void TakeDecision(codec::json::Value entry, DayRecord& day, SystemRecord& system);
  void TakeFindings(codec::json::Value findings, DayRecord& day, SystemRecord& system);
  void TakeAttempts(codec::json::Value attempts, bool is_answered, SystemRecord& system);  // bool-ok: how it ended
  void TakeCost(codec::json::Value entry, DayRecord& day);
  void Keep(std::string kind, std::uint64_t index);

  Scope scope_;
  codec::json::Document document_;
  std::int64_t newest_us_ = 0;
  base::Random random_{20261123};  // any seed: the same log gives the same samples
  std::map<std::string, Run, std::less<>> runs_;
  std::map<std::string, std::map<std::int64_t, std::uint64_t>, std::less<>> gaps_;  // between heartbeats, by length
  std::unordered_set<std::string> open_;  // ids of exchanges that were decided and have not ended
  std::map<std::string, std::vector<std::string>, std::less<>> votes_;  // by approval, who
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace gatehouse::features::compliance
