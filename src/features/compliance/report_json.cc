#include "features/compliance/report_json.h"

#include "codec/json/writer.h"

namespace gatehouse::features::compliance {
namespace {

using codec::json::Writer;

void WriteTexts(Writer& json, std::string_view name, const std::vector<std::string>& texts) {
  json.Key(name).BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void WriteFramework(Writer& json, const Framework& framework) {
  json.Key("framework").BeginObject();
  json.Field("id", framework.id).Field("title", framework.title).Field("text_version", framework.text_version);
  json.Field("amended_by", framework.amended_by).Field("source_url", framework.source_url);
  json.Field("amended_check", framework.amended_check == Framework::AmendedCheck::kPending ? "pending"
                              : framework.amended_check == Framework::AmendedCheck::kDone  ? "done"
                                                                                           : "");
  json.EndObject();
}

void WriteLog(Writer& json, const Report& report) {
  const LogFacts& log = report.log;
  json.Key("log").BeginObject();
  json.Field("origin", log.origin).Field("size", log.size).Field("root", log.root);
  WriteTexts(json, "keys", log.keys);
  json.Field("oldest_us", log.oldest_us).Field("verification", log.verification).Field("holds", log.holds);
  json.EndObject();
}

void WriteControl(Writer& json, const Assessment& one) {
  const Control& control = *one.control;
  json.BeginObject().Field("id", control.id).Field("title", control.title).Field("requirement", control.requirement);
  json.Field("status", ToString(control.automation)).Field("verdict", ToString(one.verdict));
  json.Field("applies_from", ToString(control.applies_from)).Field("applies_note", control.applies_note);
  json.Field("applies_in_period", one.applies).Field("text_version", control.text_version);
  json.Field("amended_by", control.amended_by).Field("source_url", control.source_url);
  json.Key("evidence").BeginArray();
  for (const Query query : control.evidence) json.String(InfoOf(query).name);
  json.EndArray();
  WriteTexts(json, "gaps", one.gaps);
  json.Field("tagged_exchanges", one.tagged).Field("remains", control.remains).EndObject();
}

void WriteTable(Writer& json, const Table& table) {
  json.BeginObject().Field("title", table.title);
  WriteTexts(json, "columns", table.columns);
  json.Key("rows").BeginArray();
  for (const auto& row : table.rows) {
    json.BeginArray();
    for (const std::string& cell : row) json.String(cell);
    json.EndArray();
  }
  json.EndArray().Field("note", table.note).EndObject();
}

void WriteAnswer(Writer& json, const Answer& answer) {
  constexpr std::string_view kStates[] = {"found", "nothing", "gap"};
  json.BeginObject().Field("query", InfoOf(answer.query).name).Field("title", InfoOf(answer.query).title);
  json.Field("reads", InfoOf(answer.query).reads).Field("state", kStates[static_cast<std::size_t>(answer.state)]);
  json.Field("sentence", answer.sentence);
  json.Key("figures").BeginArray();
  for (const Figure& figure : answer.figures) {
    json.BeginObject().Field("label", figure.label).Field("value", figure.value).EndObject();
  }
  json.EndArray().Key("charts").BeginArray();
  for (const Chart& chart : answer.charts) {
    json.BeginObject().Field("title", chart.title).Key("bars").BeginArray();
    for (const auto& [label, count] : chart.bars) {
      json.BeginObject().Field("label", label).Field("count", count).EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray().Key("tables").BeginArray();
  for (const Table& table : answer.tables) WriteTable(json, table);
  json.EndArray();
  WriteTexts(json, "gaps", answer.gaps);
  json.EndObject();
}

void WriteSamples(Writer& json, const std::vector<ProvenSample>& samples) {
  json.Key("samples").BeginArray();
  for (const ProvenSample& one : samples) {
    json.BeginObject().Field("index", one.sample.index).Field("kind", one.sample.kind);
    if (one.problem.empty()) {
      json.Field("entry", one.file + ".json").Field("proof", one.file + ".tlog-proof");
    } else {
      json.Field("problem", one.problem);
    }
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string ReportJson(const Report& report, const std::vector<ProvenSample>& samples) {
  std::string out;
  Writer json(out);
  const Scope& scope = report.evidence->scope();
  json.BeginObject().Field("v", 1);
  WriteFramework(json, *report.framework);
  json.Field("from_us", scope.from_us).Field("until_us", scope.until_us).Key("scope").BeginObject();
  for (const auto& [name, value] : scope.members) json.Field(name, value);
  json.EndObject().Field("made_us", report.made_us);
  WriteLog(json, report);
  json.Key("controls").BeginArray();
  for (const Assessment& one : report.assessments) WriteControl(json, one);
  json.EndArray().Key("evidence").BeginArray();
  for (const Answer& answer : report.answers) WriteAnswer(json, answer);
  json.EndArray();
  WriteSamples(json, samples);
  json.EndObject();
  return out + "\n";
}

}  // namespace gatehouse::features::compliance
