#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/finding.h"

namespace gatehouse::inspect::eval {

// What detectors are judged for.
enum class Task : std::uint8_t { kPii, kSecrets, kInjection };

// A text and what is in it, as people have marked it. The format is that of docs/formats/evaluation-rows.md.
struct Row {
  struct Marked {
    std::string type;
    Span span;  // bytes
  };
  enum class Label : std::uint8_t { kClean, kHit };

  std::string text;
  Label label = Label::kClean;  // of secrets and injections
  std::string group;            // the rule or the kind of a row, for the lines of the report
  std::vector<Marked> marked;   // of personal data
};

// One line of JSON. kInvalidRequest says what is wrong with it.
base::Result<Row> ReadRow(std::string_view line, Task task);

}  // namespace gatehouse::inspect::eval
