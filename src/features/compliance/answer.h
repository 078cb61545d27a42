#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "features/compliance/catalogue.h"
#include "features/compliance/evidence.h"
#include "features/compliance/query.h"

namespace gatehouse::features::compliance {

struct Figure {
  std::string label;
  std::string value;
};

struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::string note;  // what was left out
};

// Numbers to be drawn as bars; by day where labels are dates.
struct Chart {
  std::string title;
  std::vector<std::pair<std::string, std::uint64_t>> bars;
};

// What the record says to a query.
struct Answer {
  Query query = Query::kLogCoverage;
  enum class State : std::uint8_t {
    kFound,    // there is something
    kNothing,  // nothing of the kind happened
    kGap,      // something that should be there is not
  } state = State::kFound;
  std::string sentence;
  std::vector<Figure> figures;
  std::vector<Table> tables;
  std::vector<Chart> charts;
  std::vector<std::string> gaps;     // each a sentence
  std::vector<std::string> samples;  // kinds of Sample that show it
};

// What is known of the log beside its entries of the period.
struct LogFacts {
  std::string origin;
  std::uint64_t size = 0;
  std::string root;               // base 64
  std::vector<std::string> keys;  // vkeys
  std::int64_t oldest_us = 0;     // of entry 0
  std::string verification;       // what a check of all of it said; "" where none was made
  bool holds = true;              // as that says
};

Answer AnswerTo(Query query, const Evidence& evidence, const LogFacts& log);

// What the evidence means for one control.
struct Assessment {
  const Control* control = nullptr;
  enum class Verdict : std::uint8_t {
    kEvidenced,  // the record shows all that the gateway has a part in
    kPartly,     // it shows its part; people add the rest
    kQuiet,      // the record was kept, and nothing of the kind happened
    kGaps,       // something that should be in the record is not
    kPeople,     // people attest it
  } verdict = Verdict::kPeople;
  bool applies = true;  // within the period
  std::vector<std::string> gaps;
  std::uint64_t tagged = 0;          // exchanges on which a rule with one of its tags decided
  std::vector<std::string> samples;  // kinds
};
std::string_view ToString(Assessment::Verdict verdict);

struct Report {
  const Framework* framework = nullptr;
  const Evidence* evidence = nullptr;
  LogFacts log;
  std::string scope;  // as it was asked for, for people
  std::int64_t made_us = 0;
  std::vector<Answer> answers;  // each query that a control names, once
  std::vector<Assessment> assessments;

  const Answer& AnswerOf(Query query) const;
};
// `framework` and `evidence` outlive the report.
Report Assess(const Framework& framework, const Evidence& evidence, LogFacts log);

// Whether a tag is this one or a part of it: "AML.T0051.001" is of "AML.T0051".
bool IsOfTag(std::string_view tag, std::string_view of);

// For people, in UTC: "2026-11-23 18:00".
std::string TimeText(std::int64_t us);
// "1,234,567".
std::string CountText(std::uint64_t count);

}  // namespace gatehouse::features::compliance
