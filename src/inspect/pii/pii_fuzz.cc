#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "inspect/pii/personal_detector.h"
#include "inspect/pii/validators.h"
#include "inspect/seam.h"

namespace {

using gatehouse::inspect::Finding;
using gatehouse::inspect::Hit;
using gatehouse::inspect::pii::PersonalDetector;

// The literal triggers of the detector in text[begin, end of text).
std::vector<Hit> HitsIn(const PersonalDetector& detector, std::string_view text, std::size_t begin) {
  std::vector<Hit> hits;
  const auto triggers = detector.Triggers();
  for (std::size_t end = begin + 1; end <= text.size(); ++end) {
    for (std::uint32_t trigger = 0; trigger < triggers.size(); ++trigger) {
      if (text.substr(0, end).ends_with(triggers[trigger].text)) hits.push_back({.trigger = trigger, .end = end});
    }
  }
  return hits;
}

// What is seen in a text that is cut at `cuts`, in the way of a stream.
std::vector<Finding> See(const PersonalDetector& detector, std::string_view text, std::vector<std::size_t> cuts) {
  std::vector<Finding> findings;
  std::size_t done = 0;
  cuts.push_back(text.size());
  for (const std::size_t cut : cuts) {
    const bool last = &cut == &cuts.back();
    const std::size_t end = last ? text.size() : done + gatehouse::inspect::LastSeam(text.substr(done, cut - done));
    if (end == done) continue;
    const std::string_view piece = text.substr(0, end);
    detector.Detect({.text = piece, .begin = done}, HitsIn(detector, piece, done), findings);
    done = end;
  }
  std::ranges::sort(findings, [](const Finding& a, const Finding& b) {
    return std::tie(a.span.begin, a.span.end, a.entity, a.confidence) <
           std::tie(b.span.begin, b.span.end, b.entity, b.confidence);
  });
  return findings;
}

}  // namespace

// Findings lie in the text, and are the same in two pieces; the first two bytes say where it is cut. The validators
// take any text. Words longer than kLongestWord are cut anywhere, and no promise holds for what is in them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const PersonalDetector detector({.threshold = 0.05F});
  if (size < 3 || size > gatehouse::inspect::kLongestWord) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = std::min(text.size(), std::size_t{data[0]} * 256 + data[1]);
  const auto whole = See(detector, text, {});
  for (const auto& finding : whole) GH_CHECK(finding.span.begin < finding.span.end && finding.span.end <= text.size());
  GH_CHECK(See(detector, text, {cut}) == whole);
  for (const auto& validator : gatehouse::inspect::pii::Validators()) validator.holds(text);
  return 0;
}
