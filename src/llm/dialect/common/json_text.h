#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace gatehouse::llm::dialect::common {

// A JSON text without line breaks, for the single data line of an event: in valid JSON they stand between values only.
inline std::string OneLine(std::string_view json) {
  std::string line(json);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace gatehouse::llm::dialect::common
