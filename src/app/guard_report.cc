#include "app/guard_report.h"

#include <array>
#include <cstdio>
#include <set>

#include "codec/json/writer.h"

namespace gatehouse::app {
namespace {

using codec::json::Writer;
using inspect::Category;
using inspect::Finding;
using inspect::Span;

// Where a byte is, from 1; columns are characters.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};

// Goes through a text once; offsets must not go back.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  Position At(std::size_t offset) {
    for (; at_ < offset && at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') {
        ++position_.line;
        position_.column = 1;
      } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
        ++position_.column;
      }
    }
    return position_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  Position position_;
};

// Of overlapping findings one may begin where another goes on, so ends are counted from the begin each time.
Position EndOf(std::string_view text, Span span, Position begin) {
  const Position inside = Lines(text.substr(span.begin, span.size())).At(span.size());
  if (inside.line == 1) return {begin.line, begin.column + inside.column - 1};
  return {begin.line + inside.line - 1, inside.column};
}

bool IsPartial(const GuardReport& report) { return report.coverage == inspect::Inspector::Coverage::kPart; }

std::string_view LevelOf(Category category) {
  return category == Category::kSecret || category == Category::kInjection ? "error" : "warning";
}

void WriteRegion(Writer& writer, const GuardReport& report, const Finding& finding, Lines& lines) {
  const Position begin = lines.At(finding.span.begin);
  const Position end = EndOf(report.text, finding.span, begin);
  writer.Key("region").BeginObject();
  writer.Field("startLine", begin.line).Field("startColumn", begin.column);
  writer.Field("endLine", end.line).Field("endColumn", end.column);
  writer.Field("byteOffset", finding.span.begin).Field("byteLength", finding.span.size()).EndObject();
}

std::string MessageOf(const Finding& finding) {
  std::string message(ToString(finding.category));
  message.append(": ").append(finding.entity);
  if (finding.view != inspect::View::kRaw) message.append(" (in the ").append(ToString(finding.view)).append(" text)");
  return message;
}

void WriteResult(Writer& writer, const GuardReport& report, const Finding& finding, Lines& lines) {
  writer.BeginObject().Field("ruleId", finding.entity).Field("level", LevelOf(finding.category));
  writer.Key("message").BeginObject().Field("text", MessageOf(finding)).EndObject();
  writer.Key("locations").BeginArray().BeginObject().Key("physicalLocation").BeginObject();
  writer.Key("artifactLocation").BeginObject().Field("uri", report.name == "-" ? "stdin" : report.name).EndObject();
  WriteRegion(writer, report, finding, lines);
  writer.EndObject().EndObject().EndArray();
  writer.Key("properties").BeginObject();
  writer.Field("category", ToString(finding.category)).Field("view", ToString(finding.view));
  writer.Field("confidence", static_cast<double>(finding.confidence)).EndObject().EndObject();
}

}  // namespace

std::string ToText(const GuardReport& report) {
  std::string out;
  Lines lines(report.text);
  for (const Finding& finding : report.findings) {
    const Position position = lines.At(finding.span.begin);
    std::array<char, 96> numbers{};
    std::snprintf(numbers.data(), numbers.size(), ":%zu:%zu: ", position.line, position.column);
    out.append(report.name).append(numbers.data()).append(MessageOf(finding));
    std::snprintf(numbers.data(), numbers.size(), ", %zu bytes, confidence %.2f\n", finding.span.size(),
                  static_cast<double>(finding.confidence));
    out.append(numbers.data());
  }
  if (IsPartial(report)) out.append(report.name).append(": not all of the text was looked at\n");
  return out;
}

std::string ToJson(const GuardReport& report) {
  std::string out;
  Writer writer(out);
  Lines lines(report.text);
  writer.BeginObject().Field("file", report.name).Field("coverage", IsPartial(report) ? "part" : "whole");
  writer.Key("findings").BeginArray();
  for (const Finding& finding : report.findings) {
    const Position position = lines.At(finding.span.begin);
    writer.BeginObject().Field("category", ToString(finding.category)).Field("entity", finding.entity);
    writer.Field("begin", finding.span.begin).Field("end", finding.span.end);
    writer.Field("line", position.line).Field("column", position.column);
    writer.Field("confidence", static_cast<double>(finding.confidence)).Field("view", ToString(finding.view));
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return out.append("\n");
}

std::string ToSarif(const GuardReport& report) {
  std::string out;
  Writer writer(out);
  writer.BeginObject().Field("$schema", "https://json.schemastore.org/sarif-2.1.0.json").Field("version", "2.1.0");
  writer.Key("runs").BeginArray().BeginObject();
  writer.Key("tool").BeginObject().Key("driver").BeginObject().Field("name", "gatehouse");
  writer.Key("rules").BeginArray();
  std::set<std::string_view> rules;
  for (const Finding& finding : report.findings) {
    if (rules.insert(finding.entity).second) writer.BeginObject().Field("id", finding.entity).EndObject();
  }
  writer.EndArray().EndObject().EndObject();
  writer.Field("columnKind", "unicodeCodePoints").Key("results").BeginArray();
  Lines lines(report.text);
  for (const Finding& finding : report.findings) WriteResult(writer, report, finding, lines);
  writer.EndArray().Key("invocations").BeginArray().BeginObject().Field("executionSuccessful", !IsPartial(report));
  writer.EndObject().EndArray().EndObject().EndArray().EndObject();
  return out.append("\n");
}

}  // namespace gatehouse::app
