#include "features/compliance/answer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "base/check.h"
#include "base/money.h"
#include "features/compliance/answer_parts.h"

namespace gatehouse::features::compliance {
namespace {

using std::chrono::microseconds;

bool IsTrafficQuery(Query query) { return query >= Query::kExchanges && query <= Query::kChanges; }
bool IsGuardQuery(Query query) { return query >= Query::kCoverage && query <= Query::kToolCalls; }

Assessment::Verdict VerdictOf(const Control& control, const Assessment& assessment, const Report& report) {
  if (control.automation == Automation::kManual) return Assessment::Verdict::kPeople;
  if (!assessment.gaps.empty()) return Assessment::Verdict::kGaps;
  const bool any = std::ranges::any_of(
      control.evidence, [&](Query query) { return report.AnswerOf(query).state == Answer::State::kFound; });
  if (!any) return Assessment::Verdict::kQuiet;
  return control.automation == Automation::kAutomatic ? Assessment::Verdict::kEvidenced : Assessment::Verdict::kPartly;
}

void AddOnce(std::vector<std::string>& list, const std::string& text) {
  if (std::ranges::find(list, text) == list.end()) list.push_back(text);
}

// The entries on which rules with the control's own tags decided come before any others.
void AddTagged(Assessment& assessment, const Evidence& evidence) {
  for (const auto& [tag, count] : evidence.tags.counts()) {
    for (const std::string& of : assessment.control->tags) {
      if (!IsOfTag(tag, of)) continue;
      assessment.tagged += count;
      AddOnce(assessment.samples, "tag:" + tag);
      break;
    }
  }
}

Assessment AssessControl(const Control& control, const Report& report) {
  Assessment assessment{.control = &control};
  const auto until = std::chrono::sys_time<microseconds>(microseconds(report.evidence->scope().until_us));
  assessment.applies = control.applies_from < until;
  AddTagged(assessment, *report.evidence);
  for (const Query query : control.evidence) {
    const Answer& answer = report.AnswerOf(query);
    for (const std::string& gap : answer.gaps) AddOnce(assessment.gaps, gap);
    for (const std::string& kind : answer.samples) AddOnce(assessment.samples, kind);
  }
  assessment.verdict = VerdictOf(control, assessment, report);
  return assessment;
}

// Nothing in the record is a finding only where something of the kind would have been written.
void AddWhyNothing(Answer& answer, const Evidence& evidence) {
  const QueryInfo& info = InfoOf(answer.query);
  if (info.if_empty == IfEmpty::kUnwritten) {
    answer.sentence = "This version of the gateway writes no such entries (" + std::string(info.reads) + ").";
  } else if (evidence.entries == 0) {
    answer.sentence = "There is no entry of the period in this log.";
  } else if (info.if_empty == IfEmpty::kStatement) {
    return;
  }
  answer.gaps.push_back(std::string(info.title) + ": " + answer.sentence);
}

}  // namespace

std::string PercentText(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  std::array<char, 32> text{};
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  const int size = std::snprintf(text.data(), text.size(), "%.1f %%", percent);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string UsdText(std::int64_t nano_usd) {
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "$%.2f",
                                 static_cast<double>(nano_usd) / static_cast<double>(base::NanoUsd::kPerUsd));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string DurationText(std::int64_t us) {
  const std::int64_t seconds = us / 1'000'000;
  const std::array<std::pair<std::int64_t, std::string_view>, 4> units = {
      {{86'400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}}};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (seconds < units.at(i).first) continue;
    std::string text = std::to_string(seconds / units.at(i).first).append(units.at(i).second);
    const std::int64_t rest = i + 1 < units.size() ? seconds % units.at(i).first / units.at(i + 1).first : 0;
    if (rest > 0) text.append(" ").append(std::to_string(rest)).append(units.at(i + 1).second);
    return text;
  }
  return "0 s";
}

std::string CountText(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string TimeText(std::int64_t us) {
  const std::chrono::sys_time<microseconds> time{microseconds(us)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time - day).count();
  std::array<char, 16> text{};
  const int size = std::snprintf(text.data(), text.size(), " %02d:%02d", static_cast<int>(minutes / 60 % 24),
                                 static_cast<int>(minutes % 60));
  return ToString(day).append(text.data(), static_cast<std::size_t>(size));
}

std::string Plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return CountText(count).append(" ").append(count == 1 ? one : many);
}

Table RankedTable(std::string title, std::string name, const Tally& tally, std::size_t most) {
  Table table{.title = std::move(title), .columns = {std::move(name), "count", "share"}, .rows = {}, .note = {}};
  for (const auto& [what, count] : tally.Ranked(most)) {
    table.rows.push_back({what.empty() ? "(none)" : what, CountText(count), PercentText(count, tally.total())});
  }
  if (tally.names() > most) table.note = CountText(tally.names() - most) + " more are not shown";
  return table;
}

Chart DayChart(std::string title, const Evidence& evidence, std::uint64_t DayRecord::* count) {
  Chart chart{.title = std::move(title), .bars = {}};
  if (evidence.days.empty()) return chart;
  const std::int32_t last = evidence.days.rbegin()->first;
  for (std::int32_t day = evidence.days.begin()->first; day <= last; ++day) {
    const auto found = evidence.days.find(day);
    chart.bars.emplace_back(ToString(Date(std::chrono::days(day))),
                            found == evidence.days.end() ? 0 : found->second.*count);
  }
  return chart;
}

std::vector<const RareEntry*> RareOf(const Evidence& evidence, std::string_view prefix) {
  std::vector<const RareEntry*> all;
  for (auto at = evidence.rare.lower_bound(prefix); at != evidence.rare.end() && at->first.starts_with(prefix); ++at) {
    for (const RareEntry& entry : at->second) all.push_back(&entry);
  }
  return all;
}

std::uint64_t CountOf(const Evidence& evidence, std::string_view prefix) {
  std::uint64_t count = 0;
  const auto& types = evidence.types.counts();
  for (auto at = types.lower_bound(prefix); at != types.end() && at->first.starts_with(prefix); ++at)
    count += at->second;
  return count;
}

void ShowRare(Answer& answer, const Evidence& evidence, std::string title,
              const std::vector<std::string_view>& prefixes) {
  constexpr std::size_t kMost = 40;
  std::vector<const RareEntry*> all;
  std::uint64_t count = 0;
  for (const std::string_view prefix : prefixes) {
    const auto some = RareOf(evidence, prefix);
    all.insert(all.end(), some.begin(), some.end());
    count += CountOf(evidence, prefix);
    for (const RareEntry* entry : some) AddOnce(answer.samples, "type:" + entry->type);
  }
  if (all.empty()) return;
  std::ranges::sort(all, {}, &RareEntry::index);
  Table table{.title = std::move(title), .columns = {"time (UTC)", "entry", "type", "what"}, .rows = {}, .note = {}};
  for (const RareEntry* entry : all) {
    if (table.rows.size() == kMost) break;
    table.rows.push_back({TimeText(entry->at_us), std::to_string(entry->index), entry->type, entry->what});
  }
  if (count > table.rows.size()) table.note = CountText(count - table.rows.size()) + " more are not shown";
  answer.tables.push_back(std::move(table));
}

Answer AnswerTo(Query query, const Evidence& evidence, const LogFacts& log) {
  Answer answer = query < Query::kExchanges ? RecordAnswer(query, evidence, log)
                  : IsTrafficQuery(query)   ? TrafficAnswer(query, evidence)
                  : IsGuardQuery(query)     ? GuardAnswer(query, evidence)
                                            : PeopleAnswer(query, evidence);
  answer.query = query;
  if (answer.state == Answer::State::kNothing) AddWhyNothing(answer, evidence);
  if (!answer.gaps.empty()) answer.state = Answer::State::kGap;
  return answer;
}

bool IsOfTag(std::string_view tag, std::string_view of) {
  return tag.starts_with(of) && (tag.size() == of.size() || tag[of.size()] == '.' || tag[of.size()] == ':');
}

std::string_view ToString(Assessment::Verdict verdict) {
  switch (verdict) {
    case Assessment::Verdict::kEvidenced: return "evidenced";
    case Assessment::Verdict::kPartly: return "partly";
    case Assessment::Verdict::kQuiet: return "quiet";
    case Assessment::Verdict::kGaps: return "gaps";
    case Assessment::Verdict::kPeople: return "people";
  }
  return "people";
}

const Answer& Report::AnswerOf(Query query) const {
  const auto found = std::ranges::find(answers, query, &Answer::query);
  GH_CHECK(found != answers.end());
  return *found;
}

Report Assess(const Framework& framework, const Evidence& evidence, LogFacts log) {
  Report report{.framework = &framework,
                .evidence = &evidence,
                .log = std::move(log),
                .scope = {},
                .answers = {},
                .assessments = {}};
  std::array<bool, kQueries> asked{};
  for (const Control& control : framework.controls) {
    for (const Query query : control.evidence) asked.at(static_cast<std::size_t>(query)) = true;
  }
  for (const QueryInfo& info : Queries()) {
    if (asked.at(static_cast<std::size_t>(info.query))) {
      report.answers.push_back(AnswerTo(info.query, evidence, report.log));
    }
  }
  for (const Control& control : framework.controls) report.assessments.push_back(AssessControl(control, report));
  return report;
}

}  // namespace gatehouse::features::compliance
