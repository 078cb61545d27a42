#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "features/compliance/query.h"

namespace gatehouse::features::compliance {

using Date = std::chrono::sys_days;
std::string ToString(Date date);  // "2027-12-02"
// nullopt unless it is "YYYY-MM-DD" and there is such a day.
std::optional<Date> ParseDate(std::string_view text);

// How much of a control the record can show.
enum class Automation : std::uint8_t {
  kAutomatic,  // all that the gateway has a part in
  kPartial,    // something; people add the rest
  kManual,     // nothing; people attest it
};
std::string_view ToString(Automation automation);

// One requirement of a framework, in our own words.
struct Control {
  std::string id;
  std::string title;
  std::string requirement;
  Automation automation = Automation::kManual;
  std::vector<Query> evidence;
  std::vector<std::string> tags;  // of rules and findings that are about it: a prefix fits whole parts, "LLM01"
  std::string remains;            // for people
  std::string text_version;       // of the requirement's text
  Date applies_from;
  std::string applies_note;
  std::string amended_by;
  std::string source_url;
};

// A law, a standard or a list of good practice. Immutable.
struct Framework {
  std::string id;
  std::string title;
  std::string publisher;
  std::string text_version;
  std::string amended_by;
  // Whether the texts were compared with those that the amending act has made of them.
  enum class AmendedCheck : std::uint8_t {
    kNothingToCheck,
    kDone,
    kPending
  } amended_check = AmendedCheck::kNothingToCheck;
  std::string source_url;
  std::string notes;
  std::vector<Control> controls;
};

// Of a YAML text (docs/formats/control-catalogue.md). Errors are kInvalidRequest with a line for each problem, each
// with the name of the file and the line: "eu-ai-act.yaml: line 12: unknown key `titel`; did you mean `title`?".
base::Result<Framework> ParseFramework(std::string_view yaml, std::string_view file);

// The catalogue that comes with the program, by id.
base::Result<std::vector<Framework>> DefaultFrameworks();
std::vector<std::string_view> DefaultFrameworkIds();
// kNotFound names those that there are.
base::Result<Framework> DefaultFramework(std::string_view id);

}  // namespace gatehouse::features::compliance
