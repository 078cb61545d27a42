#include "app/audit_export.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "codec/json/writer.h"
#include "codec/text/utf8.h"

namespace gatehouse::app {
namespace {

// The members that have columns, in their order.
constexpr std::array<const char*, 17> kColumns = {"t",    "ts",       "seq",    "node",   "id",      "surface",
                                                  "op",   "model",    "org",    "team",   "project", "sub",
                                                  "cred", "decision", "status", "ending", "cost"};

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

// A value within structured data: `"`, `\` and `]` are escaped (RFC 5424, 6.3.3).
std::string SyslogValue(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == ']') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

// A name in a syslog head: printable ASCII, "-" for none.
std::string SyslogName(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  std::ranges::replace_if(out, [](char c) { return c < 33 || c > 126; }, '_');
  return out.empty() ? "-" : out;
}

// OCSF, dictionary: activity_id of API Activity.
int ActivityOf(std::string_view type) {
  if (type == "req.start" || type == "req.end") return 2;  // Read: a call that gives an answer
  if (type == "log.created" || type == "node.start") return 1;
  if (type == "admin.action" || type.starts_with("config.") || type == "log.key_rotated") return 3;
  return 99;
}

int SeverityOf(std::string_view decision, std::string_view type) {
  if (decision == "deny" || decision == "challenge") return 3;
  if (type == "log.repaired" || type == "store.failing" || type == "clock.jump") return 4;
  return 1;
}

std::string Rfc3339(std::int64_t microseconds) {
  return base::FormatTime(base::WallTime(std::chrono::microseconds(microseconds)));
}

}  // namespace

std::optional<ExportFormat> ReadExportFormat(std::string_view name) {
  if (name == "jsonl") return ExportFormat::kJsonLines;
  if (name == "csv") return ExportFormat::kCsv;
  if (name == "ocsf") return ExportFormat::kOcsf;
  if (name == "syslog") return ExportFormat::kSyslog;
  return {};
}

std::string Exporter::Head() const {
  if (format_ != ExportFormat::kCsv) return {};
  std::string head = "index";
  for (const char* column : kColumns) head.append(",").append(column);
  return head + ",entry\r\n";
}

std::string Exporter::Line(std::uint64_t index, std::string_view entry) {
  parsed_ = document_.Parse(entry).ok() && document_.root().IsObject();
  switch (format_) {
    case ExportFormat::kJsonLines: return JsonLine(index, entry);
    case ExportFormat::kCsv: return CsvLine(index, entry);
    case ExportFormat::kOcsf: return OcsfLine(index, entry);
    case ExportFormat::kSyslog: return SyslogLine(index, entry);
  }
  return {};
}

std::string Exporter::Text(const char* member) const {
  if (!parsed_) return {};
  const auto value = document_.root()[member];
  if (value.IsString()) return std::string(value.string());
  return value.IsNullish() ? "" : std::string(value.raw());
}

std::int64_t Exporter::Microseconds() const { return parsed_ ? document_.root()["ts"].AsInteger().value_or(0) : 0; }

std::string Exporter::JsonLine(std::uint64_t index, std::string_view entry) const {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginObject().Field("index", index);
  if (parsed_) {
    writer.RawField("entry", entry);
  } else {
    writer.Field("text", codec::text::ReplaceInvalidUtf8(entry));
  }
  writer.EndObject();
  return out + "\n";
}

std::string Exporter::CsvLine(std::uint64_t index, std::string_view entry) const {
  std::string out = std::to_string(index);
  for (const char* column : kColumns) out.append(",").append(CsvField(Text(column)));
  return out.append(",").append(CsvField(entry)).append("\r\n");
}

std::string Exporter::OcsfLine(std::uint64_t index, std::string_view entry) const {
  const std::string type = Text("t");
  const std::string decision = Text("decision");
  const int activity = ActivityOf(type);
  constexpr int kApiActivity = 6003;
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginObject();
  writer.Field("category_uid", 6).Field("class_uid", kApiActivity).Field("activity_id", activity);
  writer.Field("type_uid", kApiActivity * 100 + activity).Field("time", Microseconds() / 1000);
  writer.Field("severity_id", SeverityOf(decision, type));
  if (decision == "deny" || decision == "challenge") {
    writer.Field("status_id", 2).Field("status", "Failure");
  } else {
    writer.Field("status_id", 1).Field("status", "Success");
  }
  writer.Key("metadata").BeginObject().Field("version", "1.3.0").Field("uid", Text("id"));
  writer.Field("log_name", origin_).Field("event_code", type).Field("sequence", index);
  writer.Key("product").BeginObject().Field("name", "Gatehouse").Field("vendor_name", "Gatehouse").EndObject();
  writer.EndObject();
  writer.Key("actor").BeginObject().Key("user").BeginObject().Field("uid", Text("sub"));
  writer.Field("credential_uid", Text("cred")).EndObject().EndObject();
  writer.Key("api").BeginObject().Field("operation", Text("op").empty() ? type : Text("op"));
  writer.Key("service").BeginObject().Field("name", Text("surface")).EndObject().EndObject();
  writer.Key("src_endpoint").BeginObject().Field("name", Text("node")).EndObject();
  writer.Key("unmapped").BeginObject();
  if (parsed_) writer.RawField("entry", entry);
  writer.EndObject().EndObject();
  return out + "\n";
}

std::string Exporter::SyslogLine(std::uint64_t index, std::string_view entry) const {
  constexpr int kFacility = 13;
  const std::string decision = Text("decision");
  const bool refused = decision == "deny" || decision == "challenge";
  const int priority = kFacility * 8 + (refused ? 4 : 6);  // warning, informational
  const std::string time = Microseconds() == 0 ? "-" : Rfc3339(Microseconds());
  std::string out = "<" + std::to_string(priority) + ">1 " + time + " " + SyslogName(Text("node"), 255) +
                    " gatehouse - " + SyslogName(Text("t"), 32) + " [record@32473 log=" + SyslogValue(origin_) +
                    " index=\"" + std::to_string(index) + "\"";
  if (const std::string id = Text("id"); !id.empty()) out.append(" id=").append(SyslogValue(id));
  out.append("] \xEF\xBB\xBF").append(codec::text::ReplaceInvalidUtf8(entry));
  std::ranges::replace(out, '\n', ' ');
  return out + "\n";
}

}  // namespace gatehouse::app
