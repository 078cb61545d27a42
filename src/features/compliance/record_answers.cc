#include <algorithm>

#include "features/compliance/answer_parts.h"

// What the record says of itself.
namespace gatehouse::features::compliance {
namespace {

constexpr std::int64_t kDayUs = std::int64_t{86'400} * 1'000'000;
constexpr std::int64_t kSixMonthsUs = 183 * kDayUs;  // AI Act, Articles 19(1) and 26(6)

void AddNodeGaps(Answer& answer, std::string_view name, const NodeRecord& node) {
  const std::string at = "gateway " + std::string(name);
  if (node.missing > 0) {
    answer.gaps.push_back(at + ": " + Plural(node.missing, "number is", "numbers are") +
                          " missing between the first and the last entry of its runs");
  }
  if (node.unwritten > 0) {
    answer.gaps.push_back(at + " says itself that " + Plural(node.unwritten, "entry could", "entries could") +
                          " not be written");
  }
  if (node.heartbeats == 0) answer.gaps.push_back(at + " gave no sign of life (heartbeat) in the period");
  if (node.silences > 0) {
    answer.gaps.push_back(at + " was silent " + Plural(node.silences, "time", "times") +
                          " without being stopped, for " + DurationText(node.silent_us) + " together");
  }
}

Table NodeTable(const Evidence& evidence) {
  Table table{.title = "Gateways",
              .columns = {"gateway", "entries", "starts", "stops", "heartbeats", "covered", "silent", "missing numbers",
                          "strangers"},
              .rows = {},
              .note =
                  "A stranger is a request that was refused before anybody was known to have sent it: those are "
                  "counted, and have no entries of their own."};
  for (const auto& [name, node] : evidence.nodes) {
    const auto covered = static_cast<std::uint64_t>(node.covered_us);
    table.rows.push_back({name, CountText(node.entries), CountText(node.starts), CountText(node.stops),
                          CountText(node.heartbeats),
                          PercentText(covered, covered + static_cast<std::uint64_t>(node.silent_us)),
                          DurationText(node.silent_us), CountText(node.missing), CountText(node.strangers)});
  }
  return table;
}

Table SilenceTable(const Evidence& evidence) {
  Table table{
      .title = "Longest silences", .columns = {"gateway", "from (UTC)", "until (UTC)", "for"}, .rows = {}, .note = {}};
  for (const auto& [name, node] : evidence.nodes) {
    for (const auto& silence : node.longest) {
      table.rows.push_back({name, TimeText(silence.from_us), TimeText(silence.until_us),
                            DurationText(silence.until_us - silence.from_us)});
    }
  }
  return table;
}

Answer LogCoverage(const Evidence& evidence, const LogFacts& log) {
  Answer answer;
  if (evidence.entries == 0) {
    answer.state = Answer::State::kNothing;
    answer.sentence = "there is no entry of the period in this log.";
    return answer;
  }
  answer.sentence = "Entries " + CountText(evidence.first_index) + " to " + CountText(evidence.last_index) +
                    " of the log are of the period, from " + TimeText(evidence.first_us) + " to " +
                    TimeText(evidence.last_us) +
                    " UTC. Whether any was changed, removed or cut off can be verified "
                    "without the gateway (see Verification).";
  answer.figures = {{"entries of the period", CountText(evidence.entries)},
                    {"entries in the log", CountText(log.size)},
                    {"gateways", CountText(evidence.nodes.size())},
                    {"decided, without an end", CountText(evidence.open_starts)}};
  if (evidence.unreadable > 0) {
    answer.gaps.push_back(Plural(evidence.unreadable, "entry cannot", "entries cannot") + " be read");
  }
  for (const auto& [name, node] : evidence.nodes) AddNodeGaps(answer, name, node);
  answer.tables.push_back(NodeTable(evidence));
  if (Table silences = SilenceTable(evidence); !silences.rows.empty()) answer.tables.push_back(std::move(silences));
  answer.tables.push_back(RankedTable("Entries by type", "type", evidence.types, 40));
  ShowRare(answer, evidence, "What happened to the log itself", {"log.", "node.", "clock."});
  return answer;
}

Answer LogRetention(const Evidence& evidence, const LogFacts& log) {
  Answer answer;
  if (log.size == 0) {
    answer.state = Answer::State::kNothing;
    answer.sentence = "the log is empty.";
    return answer;
  }
  const std::int64_t reach = std::max(log.oldest_us, evidence.last_us) - log.oldest_us;
  answer.sentence =
      "The oldest entry that is kept is of " + TimeText(log.oldest_us) + " UTC, " + DurationText(reach) +
      " before the last one of the period. Entries are never removed; payloads have classes of their own.";
  answer.figures = {{"reaches back", DurationText(reach)}, {"floor (AI Act, Articles 19 and 26)", "183 d"}};
  if (reach < kSixMonthsUs) {
    answer.gaps.push_back("The record reaches back " + DurationText(reach) +
                          " only: younger than the six months of Articles 19(1) and 26(6), or begun anew");
  }
  return answer;
}

Answer Verification(const Evidence& evidence, const LogFacts& log) {
  Answer answer;
  const std::uint64_t runs = CountOf(evidence, "verify.");
  answer.state = runs > 0 || !log.verification.empty() ? Answer::State::kFound : Answer::State::kNothing;
  answer.sentence = runs > 0 ? Plural(runs, "verification is", "verifications are") + " on record."
                             : "no verification is on record in the period.";
  if (!log.verification.empty()) answer.sentence += " While this report was made: " + log.verification;
  if (!log.holds) answer.gaps.push_back("The verification of the log found faults: " + log.verification);
  ShowRare(answer, evidence, "Verifications", {"verify."});
  return answer;
}

}  // namespace

Answer RecordAnswer(Query query, const Evidence& evidence, const LogFacts& log) {
  switch (query) {
    case Query::kLogCoverage: return LogCoverage(evidence, log);
    case Query::kLogRetention: return LogRetention(evidence, log);
    default: return Verification(evidence, log);
  }
}

}  // namespace gatehouse::features::compliance
