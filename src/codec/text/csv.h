#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::codec::text {

using CsvRecord = std::vector<std::string>;

struct CsvLimits {
  std::size_t records = 1'000'000;
  std::size_t fields = 1024;  // of a record
};

// A table as RFC 4180 describes it: records by CRLF or LF, fields by `delimiter`, quoted ones with "" for a quote in
// them. A mark of byte order at the beginning and lines without anything are passed over. kInvalidRequest, with the
// line, for a quote that stands within a field or is not closed, what follows a closed one, and beyond the limits.
base::Result<std::vector<CsvRecord>> ParseCsv(std::string_view text, char delimiter = ',',
                                              const CsvLimits& limits = {});

}  // namespace gatehouse::codec::text
