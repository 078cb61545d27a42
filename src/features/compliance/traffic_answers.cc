#include "features/compliance/answer_parts.h"

// What went through the gateway, and what was decided.
namespace gatehouse::features::compliance {
namespace {

Answer NoExchanges() {
  return {.state = Answer::State::kNothing, .sentence = "no exchange of the period is within the scope."};
}

Answer Exchanges(const Evidence& evidence) {
  Answer answer;
  answer.sentence = Plural(evidence.exchanges, "exchange was", "exchanges were") + " recorded, each with its time, " +
                    "principal, model, decision and outcome.";
  answer.figures = {{"exchanges", CountText(evidence.exchanges)},
                    {"answered", PercentText(evidence.endings.of("answered"), evidence.exchanges)},
                    {"days with traffic", CountText(evidence.days.size())},
                    {"surfaces", CountText(evidence.surfaces.names())}};
  answer.charts.push_back(DayChart("Exchanges per day", evidence, &DayRecord::exchanges));
  answer.tables.push_back(RankedTable("By surface", "surface", evidence.surfaces));
  answer.tables.push_back(RankedTable("By ending", "ending", evidence.endings));
  answer.samples = {"decision:allow"};
  return answer;
}

Answer Availability(const Evidence& evidence) {
  Answer answer;
  const std::uint64_t failed = evidence.statuses.of("5xx") + evidence.endings.of("cut_mid_stream");
  answer.sentence = PercentText(evidence.exchanges - std::min(failed, evidence.exchanges), evidence.exchanges) +
                    " of the exchanges did not fail on the side of the gateway or its providers.";
  answer.figures = {{"failed", CountText(failed)},
                    {"half took at most", CountText(evidence.took.Percentile(50)) + " ms"},
                    {"95 % took at most", CountText(evidence.took.Percentile(95)) + " ms"},
                    {"99 % took at most", CountText(evidence.took.Percentile(99)) + " ms"}};
  answer.charts.push_back(DayChart("Failed exchanges per day", evidence, &DayRecord::failed));
  answer.tables.push_back(RankedTable("By status", "status", evidence.statuses));
  if (!evidence.errors.empty()) answer.tables.push_back(RankedTable("Errors", "error", evidence.errors));
  answer.samples = {"failed"};
  return answer;
}

Answer Failover(const Evidence& evidence) {
  Answer answer;
  if (evidence.retried == 0) {
    return {.state = Answer::State::kNothing, .sentence = "No exchange needed a second attempt."};
  }
  answer.sentence = Plural(evidence.retried, "exchange", "exchanges") + " needed more than one attempt; " +
                    PercentText(evidence.rescued, evidence.retried) + " of them were answered all the same.";
  answer.figures = {{"with several attempts", CountText(evidence.retried)}, {"answered", CountText(evidence.rescued)}};
  Table table{.title = "Providers", .columns = {"provider", "calls", "failures", "share"}, .rows = {}, .note = {}};
  for (const auto& [name, provider] : evidence.providers) {
    table.rows.push_back({name, CountText(provider.calls), CountText(provider.failures),
                          PercentText(provider.failures, provider.calls)});
  }
  answer.tables.push_back(std::move(table));
  return answer;
}

Answer Consumption(const Evidence& evidence) {
  Answer answer;
  answer.sentence = CountText(evidence.tokens_in + evidence.tokens_out) + " tokens for " + UsdText(evidence.nano_usd) +
                    ". The ledger has what calls came to that were still open when their entry was written.";
  answer.figures = {{"tokens in", CountText(evidence.tokens_in)},
                    {"tokens out", CountText(evidence.tokens_out)},
                    {"cost", UsdText(evidence.nano_usd)}};
  answer.charts.push_back(DayChart("Tokens per day", evidence, &DayRecord::tokens));
  if (!evidence.bases.empty()) answer.tables.push_back(RankedTable("How costs are known", "basis", evidence.bases));
  return answer;
}

Answer Budgets(const Evidence& evidence) {
  Answer answer;
  const std::uint64_t refused = evidence.errors.of("budget_exceeded") + evidence.errors.of("rate_limited");
  if (refused == 0) {
    return {.state = Answer::State::kNothing, .sentence = "No request was refused for a budget or a rate limit."};
  }
  answer.sentence = Plural(refused, "request was", "requests were") + " refused for a budget or a rate limit.";
  answer.figures = {{"beyond a budget", CountText(evidence.errors.of("budget_exceeded"))},
                    {"beyond a rate limit", CountText(evidence.errors.of("rate_limited"))},
                    {"of all exchanges", PercentText(refused, evidence.exchanges)}};
  answer.samples = {"decision:deny"};
  return answer;
}

Answer Decisions(const Evidence& evidence) {
  Answer answer;
  const Tally& made = evidence.decisions;
  answer.sentence = "Each exchange has a decision: " + CountText(made.of("allow")) + " were allowed, " +
                    CountText(made.of("restrict")) + " restricted, " + CountText(made.of("challenge")) + " held, " +
                    CountText(made.of("deny")) + " denied.";
  answer.figures = {{"allowed", CountText(made.of("allow"))},
                    {"restricted", CountText(made.of("restrict"))},
                    {"held for a person", CountText(made.of("challenge"))},
                    {"denied", CountText(made.of("deny"))}};
  answer.charts.push_back(DayChart("Denied per day", evidence, &DayRecord::denied));
  if (!evidence.rules.empty()) {
    answer.tables.push_back(RankedTable("Rules that decided", "rule (effect)", evidence.rules));
  }
  if (!evidence.shadow_rules.empty()) {
    answer.tables.push_back(RankedTable("Rules that were only tried", "rule (effect)", evidence.shadow_rules));
  }
  if (!evidence.tags.empty())
    answer.tables.push_back(RankedTable("Controls that rules name", "tag", evidence.tags, 40));
  answer.samples = {"decision:deny", "decision:restrict", "decision:challenge"};
  return answer;
}

Answer Policies(const Evidence& evidence) {
  Answer answer;
  answer.sentence = Plural(evidence.configs.names(), "configuration was", "configurations were") + " in force, with " +
                    Plural(evidence.rules.names(), "rule", "rules") +
                    " that decided. Every exchange names the one that it was decided under.";
  answer.tables.push_back(RankedTable("Exchanges by configuration", "SHA-256", evidence.configs));
  ShowRare(answer, evidence, "Changes", {"config.change", "policy.", "node.start"});
  return answer;
}

Answer Changes(const Evidence& evidence) {
  Answer answer;
  const std::uint64_t changes =
      CountOf(evidence, "config.") + CountOf(evidence, "policy.") + CountOf(evidence, "model.");
  if (changes == 0) {
    return {.state = Answer::State::kNothing,
            .sentence = "No change of configuration, policy or models is on record in the period."};
  }
  answer.sentence = Plural(changes, "change is", "changes are") +
                    " on record, each with the hash of what was in force before and after.";
  answer.figures = {{"came into force", CountText(CountOf(evidence, "config.change") + CountOf(evidence, "policy."))},
                    {"refused", CountText(CountOf(evidence, "config.refused"))}};
  ShowRare(answer, evidence, "Changes", {"config.", "policy.", "model."});
  return answer;
}

}  // namespace

Answer TrafficAnswer(Query query, const Evidence& evidence) {
  if (query == Query::kChanges) return Changes(evidence);
  if (evidence.exchanges == 0) return NoExchanges();
  switch (query) {
    case Query::kExchanges: return Exchanges(evidence);
    case Query::kAvailability: return Availability(evidence);
    case Query::kFailover: return Failover(evidence);
    case Query::kConsumption: return Consumption(evidence);
    case Query::kBudgets: return Budgets(evidence);
    case Query::kDecisions: return Decisions(evidence);
    default: return Policies(evidence);
  }
}

}  // namespace gatehouse::features::compliance
