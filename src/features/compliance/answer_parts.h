#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "features/compliance/answer.h"

// What the answers are made of; for the answers' own sources.
namespace gatehouse::features::compliance {

std::string PercentText(std::uint64_t part, std::uint64_t whole);
std::string UsdText(std::int64_t nano_usd);
std::string DurationText(std::int64_t us);  // "3 h 12 min"
Table RankedTable(std::string title, std::string name, const Tally& tally, std::size_t most = 15);
Chart DayChart(std::string title, const Evidence& evidence, std::uint64_t DayRecord::* count);
// All rare entries whose type begins so.
std::vector<const RareEntry*> RareOf(const Evidence& evidence, std::string_view prefix);
std::uint64_t CountOf(const Evidence& evidence, std::string_view prefix);  // of entries of such types
// Entries of those types, one by one; the answer has what they are for people.
void ShowRare(Answer& answer, const Evidence& evidence, std::string title,
              const std::vector<std::string_view>& prefixes);
// "N thing(s)".
std::string Plural(std::uint64_t count, std::string_view one, std::string_view many);

// Each answers its own part of the queries.
Answer RecordAnswer(Query query, const Evidence& evidence, const LogFacts& log);
Answer TrafficAnswer(Query query, const Evidence& evidence);
Answer GuardAnswer(Query query, const Evidence& evidence);
Answer PeopleAnswer(Query query, const Evidence& evidence);

}  // namespace gatehouse::features::compliance
