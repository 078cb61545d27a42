#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "inspect/content/exfiltration_detector.h"
#include "inspect/content/injection_detector.h"
#include "inspect/content/prompt_leak.h"
#include "inspect/in_pieces.h"

namespace {

using gatehouse::inspect::Channel;
using gatehouse::inspect::Finding;
using gatehouse::inspect::Inspector;
namespace content = gatehouse::inspect::content;

std::shared_ptr<const Inspector> Build() {
  std::vector<std::unique_ptr<const gatehouse::inspect::Detector>> detectors;
  detectors.push_back(std::make_unique<content::InjectionDetector>());
  detectors.push_back(std::make_unique<content::ExfiltrationDetector>(
      content::ExfiltrationDetector::Options{.allowed_hosts = {"example.com"}, .canaries = {"canary-7f3a9c2e51"}}));
  auto inspector = Inspector::Build(std::move(detectors));
  GH_CHECK(inspector.ok());
  return std::move(inspector).value();
}

void CheckSpans(const std::vector<Finding>& findings, std::size_t size) {
  for (const Finding& finding : findings) GH_CHECK(finding.span.begin < finding.span.end && finding.span.end <= size);
}

}  // namespace

// Findings lie in the text, and are the same in two pieces; the first two bytes say where it is cut. A text is a leak
// of itself, and what was excused is none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const Inspector> inspector = Build();
  if (size < 3) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = std::min(text.size(), std::size_t{data[0]} * 256 + data[1]);
  const auto whole = gatehouse::inspect::InPieces(*inspector, text, {}, Channel::kOutput);
  CheckSpans(whole, text.size());
  const auto pieces = gatehouse::inspect::InPieces(*inspector, text, std::array{cut}, Channel::kOutput);
  GH_CHECK(pieces == whole);

  const content::PromptRuns prompt(std::array{text});
  content::LeakWatch leak(prompt);
  std::vector<Finding> leaks;
  leak.Take(text.substr(0, cut), 0, leaks);
  leak.Take(text, cut, leaks);
  CheckSpans(leaks, text.size());
  GH_CHECK(content::PromptRuns(std::array{text}, std::array{text}).empty());
  return 0;
}
