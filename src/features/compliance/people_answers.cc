#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "features/compliance/answer_parts.h"

// What people did: administration, approvals, stops, incidents, and what became of payloads.
namespace gatehouse::features::compliance {
namespace {

// Queries whose answer is the entries of some types, one by one.
struct Listing {
  Query query;
  std::array<std::string_view, 4> prefixes;
  std::string_view some;
  std::string_view none;
};
constexpr std::array kListings = {
    Listing{Query::kKillSwitch,
            {"kill."},
            "entries of stops and drills",
            "no stop and no drill is on record in the period."},
    Listing{Query::kIncidents,
            {"incident.", "store.failing", "log.repaired", "clock.jump"},
            "entries of incidents",
            "No failure of the store, the log or the clock is on record in the period."},
    Listing{Query::kDisclosures, {"disclosure."}, "notices were shown", "No notice is on record in the period."},
    Listing{Query::kEvaluations, {"eval."}, "evaluations", "No evaluation is on record in the period."},
    Listing{Query::kErasures, {"erasure"}, "erasures", "No erasure is on record in the period."},
    Listing{Query::kHolds, {"hold."}, "entries of legal holds", "No legal hold is on record in the period."},
    Listing{Query::kPayloadAccess,
            {"access."},
            "readings of payloads",
            "No reading of a payload is on record in the period."},
    Listing{
        Query::kKeys, {"key.", "log.key_rotated"}, "entries of keys", "No change of a key is on record in the period."},
};

Answer Listed(const Listing& listing, const Evidence& evidence) {
  std::uint64_t count = 0;
  std::vector<std::string_view> prefixes;
  for (const std::string_view prefix : listing.prefixes) {
    if (prefix.empty()) continue;
    prefixes.push_back(prefix);
    count += CountOf(evidence, prefix);
  }
  if (count == 0) return {.state = Answer::State::kNothing, .sentence = std::string(listing.none)};
  Answer answer;
  answer.sentence = CountText(count) + " " + std::string(listing.some) + " in the period.";
  ShowRare(answer, evidence, "One by one", prefixes);
  return answer;
}

// REQUIRES: there is a listing for it.
Answer ListingOf(Query query, const Evidence& evidence) {
  const auto* const found = std::ranges::find(kListings, query, &Listing::query);
  GH_CHECK(found != kListings.end());
  return Listed(*found, evidence);
}

Answer Retention(const Evidence& evidence) {
  const std::uint64_t expiries = CountOf(evidence, "retention.");
  Answer answer;
  if (!evidence.payloads_lost.empty()) {
    answer.gaps.push_back("Of " + Plural(evidence.payloads_lost.total(), "exchange", "exchanges") +
                          " payloads should be in the vault and are not");
    answer.tables.push_back(RankedTable("Payloads that were not kept", "reason", evidence.payloads_lost));
  }
  if (expiries == 0 && evidence.payloads.empty()) {
    answer.state = Answer::State::kNothing;
    answer.sentence = "No payload was kept in the period, and none removed for its age.";
    return answer;
  }
  answer.sentence = Plural(evidence.payloads.total(), "payload was", "payloads were") +
                    " kept, each in a class of retention; " + Plural(expiries, "removal", "removals") +
                    " of what was too old " + (expiries == 1 ? "is" : "are") + " on record.";
  if (!evidence.payloads.empty()) answer.tables.push_back(RankedTable("Kept, by class", "class", evidence.payloads));
  ShowRare(answer, evidence, "Removals", {"retention."});
  return answer;
}

// What people report as an incident has no entries in this version: what it shows are faults of the gateway itself.
Answer Incidents(const Evidence& evidence) {
  Answer answer = ListingOf(Query::kIncidents, evidence);
  if (CountOf(evidence, "incident.") == 0) {
    answer.gaps.emplace_back(
        "Incidents: this version of the gateway writes no entries of incidents that people report (incident.*), only "
        "of "
        "faults of its own");
  }
  return answer;
}

Answer Overrides(const Evidence& evidence) {
  const std::uint64_t denied = evidence.approval_outcomes.of("denied");
  const std::uint64_t revoked = evidence.approval_outcomes.of("revoked");
  if (denied + revoked == 0) {
    return {.state = Answer::State::kNothing,
            .sentence = "No person decided against what was asked for, or took an approval back, in the period."};
  }
  Answer answer;
  answer.sentence = Plural(denied, "request was", "requests were") + " denied by people, and " +
                    Plural(revoked, "approval", "approvals") + " taken back.";
  answer.figures = {{"denied", CountText(denied)}, {"taken back", CountText(revoked)}};
  answer.samples = {"type:approval.outcome"};
  return answer;
}

Answer AdminAccess(const Evidence& evidence) {
  if (evidence.admin_actions.empty() && CountOf(evidence, "admin.") == 0) {
    return {.state = Answer::State::kNothing, .sentence = "No action of administration is on record in the period."};
  }
  Answer answer;
  answer.sentence = Plural(evidence.admin_actions.total(), "action", "actions") + " of administration by " +
                    Plural(evidence.admin_actors.names(), "actor", "actors") + "; " +
                    CountText(evidence.admin_refused) + " were refused.";
  answer.tables.push_back(RankedTable("By action", "action", evidence.admin_actions, 25));
  answer.tables.push_back(RankedTable("By actor", "actor", evidence.admin_actors));
  answer.samples = {"type:admin.action"};
  ShowRare(answer, evidence, "Log-ins", {"admin."});
  return answer;
}

// What people were to look at when it was over.
void AddReviews(const Evidence& evidence, Answer& answer) {
  const std::uint64_t missed = CountOf(evidence, "review.missed");
  const std::uint64_t overdue = CountOf(evidence, "review.overdue");
  answer.figures.emplace_back("put to people afterwards", CountText(CountOf(evidence, "review.opened")));
  answer.figures.emplace_back("verdicts on them", CountText(CountOf(evidence, "review.verdict")));
  if (missed != 0) {
    answer.gaps.push_back(Plural(missed, "exchange", "exchanges") +
                          " that people should have looked at afterwards came to nobody");
  }
  if (overdue != 0) {
    answer.gaps.push_back(Plural(overdue, "exchange was", "exchanges were") +
                          " not looked at in the time that there was for it");
  }
}

Answer Approvals(const Evidence& evidence) {
  const std::uint64_t asked = CountOf(evidence, "approval.request");
  const std::uint64_t reviews = CountOf(evidence, "review.");
  if (asked == 0 && reviews == 0 && evidence.approval_outcomes.empty()) {
    return {.state = Answer::State::kNothing, .sentence = "no approval by a person is on record in the period."};
  }
  Answer answer;
  answer.sentence = Plural(asked, "approval was", "approvals were") + " asked for; " +
                    CountText(evidence.approval_outcomes.of("approved")) + " were given.";
  answer.figures = {{"asked for", CountText(asked)},
                    {"exchanges that were held", CountText(evidence.decisions.of("challenge"))},
                    {"in time and used", CountText(evidence.approval_outcomes.of("consumed"))},
                    {"reviewers", CountText(evidence.reviewers.size())}};
  answer.tables.push_back(RankedTable("Outcomes", "outcome", evidence.approval_outcomes));
  if (reviews != 0) AddReviews(evidence, answer);
  ShowRare(answer, evidence, "One by one", {"approval.", "review."});
  return answer;
}

// A reviewer who approves nearly everything within seconds does not review.
Answer ApprovalBias(const Evidence& evidence) {
  constexpr std::uint64_t kEnough = 20;
  constexpr std::uint64_t kMostApprovedPercent = 98;
  constexpr std::uint64_t kQuickMs = 5000;
  if (evidence.reviewers.empty()) {
    return {.state = Answer::State::kNothing, .sentence = "no vote of a reviewer is on record in the period."};
  }
  Answer answer;
  answer.sentence = Plural(evidence.reviewers.size(), "reviewer", "reviewers") + " voted.";
  Table table{
      .title = "Reviewers", .columns = {"reviewer", "votes", "approved", "half took at most"}, .rows = {}, .note = {}};
  for (const auto& [name, reviewer] : evidence.reviewers) {
    table.rows.push_back({name, CountText(reviewer.votes), PercentText(reviewer.approved, reviewer.votes),
                          CountText(reviewer.took.Percentile(50)) + " ms"});
    const bool approves_all = reviewer.approved * 100 >= reviewer.votes * kMostApprovedPercent;
    if (reviewer.votes >= kEnough && approves_all && reviewer.took.Percentile(50) <= kQuickMs) {
      answer.gaps.push_back("Reviewer " + name + " approved " + PercentText(reviewer.approved, reviewer.votes) +
                            " of " + CountText(reviewer.votes) + ", half of them within five seconds");
    }
  }
  answer.tables.push_back(std::move(table));
  return answer;
}

Answer ApprovalQuorum(const Evidence& evidence) {
  if (evidence.approved == 0) {
    return {.state = Answer::State::kNothing, .sentence = "no approval was given in the period."};
  }
  Answer answer;
  answer.sentence = CountText(evidence.two_persons) + " of " + Plural(evidence.approved, "approval", "approvals") +
                    " that were given have the votes of two persons or more.";
  if (evidence.two_persons < evidence.approved) {
    answer.gaps.push_back(Plural(evidence.approved - evidence.two_persons, "approval rests", "approvals rest") +
                          " on one person");
  }
  return answer;
}

}  // namespace

Answer PeopleAnswer(Query query, const Evidence& evidence) {
  switch (query) {
    case Query::kIncidents: return Incidents(evidence);
    case Query::kOverrides: return Overrides(evidence);
    case Query::kRetention: return Retention(evidence);
    case Query::kApprovals: return Approvals(evidence);
    case Query::kApprovalBias: return ApprovalBias(evidence);
    case Query::kApprovalQuorum: return ApprovalQuorum(evidence);
    case Query::kAdminAccess: return AdminAccess(evidence);
    default: return ListingOf(query, evidence);
  }
}

}  // namespace gatehouse::features::compliance
