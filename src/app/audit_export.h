#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json/document.h"

// Entries of the record in the forms that other systems read (docs/record.md).
namespace gatehouse::app {

enum class ExportFormat : std::uint8_t {
  kJsonLines,  // {"index":...,"entry":...}: the entry's own bytes
  kCsv,        // RFC 4180: the members that most entries have, and the entry
  kOcsf,       // OCSF 1.3: an API Activity (6003) for each entry
  kSyslog,     // RFC 5424, facility 13 (log audit)
};
std::optional<ExportFormat> ReadExportFormat(std::string_view name);

// Writes one entry after another. Keeps what parsing needs; one thread.
class Exporter {
 public:
  Exporter(ExportFormat format, std::string origin) : format_(format), origin_(std::move(origin)) {}

  // What stands before the first entry.
  std::string Head() const;
  // One line, with its end. An entry that is no JSON object has no members.
  std::string Line(std::uint64_t index, std::string_view entry);

 private:
  std::string JsonLine(std::uint64_t index, std::string_view entry) const;
  std::string CsvLine(std::uint64_t index, std::string_view entry) const;
  std::string OcsfLine(std::uint64_t index, std::string_view entry) const;
  std::string SyslogLine(std::uint64_t index, std::string_view entry) const;
  // The member as text; "" where there is none.
  std::string Text(const char* member) const;
  std::int64_t Microseconds() const;

  const ExportFormat format_;
  const std::string origin_;
  codec::json::Document document_;
  bool parsed_ = false;
};

}  // namespace gatehouse::app
