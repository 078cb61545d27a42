#include "llm/dialect/common/logprobs.h"

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect/common/json_text.h"

namespace gatehouse::llm::dialect::common {
namespace {

using codec::json::Value;
using codec::json::Writer;

bool IsOpenAi(DialectId id) { return id == DialectId::kOpenAiChat || id == DialectId::kOpenAiResponses; }

void WriteNumber(Writer& writer, std::string_view key, Value number) {
  writer.Key(key);
  number.IsNumber() ? writer.Raw(number.raw()) : writer.Number(0);
}

void BeginOpenAiToken(Writer& writer, Value candidate) {
  writer.BeginObject().Field("token", candidate["token"].string());
  WriteNumber(writer, "logprob", candidate["logProbability"]);
  writer.Key("bytes").Null();
}

// The result of one chunk, entry by entry.
void AddOpenAiEntries(Writer& writer, Value result) {
  const Value tops = result["topCandidates"];
  std::size_t index = 0;
  for (const auto chosen : result["chosenCandidates"]) {
    BeginOpenAiToken(writer, chosen.value);
    writer.Key("top_logprobs").BeginArray();
    for (const auto top : tops.at(index)["candidates"]) {
      BeginOpenAiToken(writer, top.value);
      writer.EndObject();
    }
    writer.EndArray().EndObject();
    ++index;
  }
}

void WriteGeminiToken(Writer& writer, Value entry) {
  writer.BeginObject().Field("token", entry["token"].string());
  WriteNumber(writer, "logProbability", entry["logprob"]);
  writer.EndObject();
}

}  // namespace

JsonText OpenAiLogprobs(DialectId origin, std::string_view entries) {
  if (IsOpenAi(origin)) return OneLine(entries);
  codec::json::Document document;
  if (origin != DialectId::kGemini || !document.Parse(entries).ok()) return {};
  JsonText out;
  Writer writer(out);
  writer.BeginArray();
  for (const auto result : document.root()) AddOpenAiEntries(writer, result.value);
  writer.EndArray();
  return out;
}

JsonText GeminiLogprobs(DialectId origin, std::string_view entries) {
  if (origin == DialectId::kGemini) return OneLine(entries);
  codec::json::Document document;
  if (!IsOpenAi(origin) || !document.Parse(entries).ok()) return {};
  JsonText out;
  Writer writer(out);
  writer.BeginArray().BeginObject().Key("topCandidates").BeginArray();
  for (const auto entry : document.root()) {
    writer.BeginObject().Key("candidates").BeginArray();
    for (const auto top : entry.value["top_logprobs"]) WriteGeminiToken(writer, top.value);
    writer.EndArray().EndObject();
  }
  writer.EndArray().Key("chosenCandidates").BeginArray();
  for (const auto entry : document.root()) WriteGeminiToken(writer, entry.value);
  writer.EndArray().EndObject().EndArray();
  return out;
}

}  // namespace gatehouse::llm::dialect::common
