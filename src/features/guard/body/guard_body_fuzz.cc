#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "features/guard/answer_frame.h"
#include "features/guard/body/reading.h"

// Whatever a body is: its passages lie in it, one after the other; one that is replaced says what it was replaced with,
// and the others what they said before.
namespace {

namespace guard = gatehouse::features::guard;
namespace json = gatehouse::codec::json;
namespace llm = gatehouse::llm;

constexpr std::array kDialects = {llm::DialectId::kOpenAiChat, llm::DialectId::kOpenAiResponses,
                                  llm::DialectId::kAnthropic, llm::DialectId::kGemini, llm::DialectId::kBedrock};
constexpr std::array kKinds = {guard::BodyKind::kRequest, guard::BodyKind::kAnswer, guard::BodyKind::kFrame};
constexpr std::string_view kNew = "\"new\\ \xE2\x82\xAC\n";

std::vector<std::string> TextsOf(const guard::BodyReading& reading) {
  std::vector<std::string> texts;
  for (const auto& passage : reading.passages()) texts.emplace_back(passage.text);
  return texts;
}

void CheckPlaces(const guard::BodyReading& reading, std::string_view body) {
  std::size_t end = 0;
  for (const auto& passage : reading.passages()) {
    if (passage.nested != 0) continue;
    GH_CHECK(passage.offset >= end && passage.length > 0);
    end = passage.offset + passage.length;
    GH_CHECK(end <= body.size());
  }
}

void CheckReplacement(std::string_view body, const guard::BodyReading& reading, const guard::TextTable& table,
                      std::size_t step) {
  std::vector<guard::BodyReading::Replacement> replacements;
  const auto& passages = reading.passages();
  for (std::size_t i = step % 3; i < passages.size(); i += 1 + step) {
    // Two members of one object would have one name.
    if (passages[i].kind != guard::Passage::Kind::kName)
      replacements.push_back({.passage = i, .text = std::string(kNew)});
  }
  if (replacements.empty()) return;
  std::vector<std::string> wanted = TextsOf(reading);
  for (const auto& replacement : replacements) wanted[replacement.passage] = replacement.text;
  const std::string changed = reading.With(body, replacements);
  json::Document document;
  GH_CHECK(document.Parse(changed).ok());
  const guard::BodyReading again(document.root(), table);
  // A role or a type may have been among what was replaced: then other rules hold.
  if (again.passages().size() == passages.size()) GH_CHECK(TextsOf(again) == wanted);
}

void CheckDeltas(llm::DialectId dialect, json::Value root, std::string_view body) {
  guard::FrameDeltas deltas;
  guard::ReadDeltas(dialect, root, deltas);
  for (const auto& piece : deltas.pieces) GH_CHECK(piece.offset + piece.length <= body.size() && piece.length >= 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const guard::TextTables kTables;
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const llm::DialectId dialect = kDialects.at(data[0] % kDialects.size());
  json::Document document;
  if (!document.Parse(body).ok()) return 0;
  for (const guard::BodyKind kind : kKinds) {
    const guard::TextTable& table = kTables.Of(dialect, kind);
    const guard::BodyReading reading(document.root(), table);
    CheckPlaces(reading, body);
    CheckReplacement(body, reading, table, data[0] / kDialects.size() % 4);
    CheckDeltas(dialect, document.root(), body);
  }
  return 0;
}
