#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "inspect/in_pieces.h"
#include "inspect/secret/secret_detector.h"

namespace {

using gatehouse::inspect::Inspector;

std::shared_ptr<const Inspector> Build() {
  auto detector = gatehouse::inspect::secret::MakeSecretDetector("");
  GH_CHECK(detector.ok());
  std::vector<std::unique_ptr<const gatehouse::inspect::Detector>> detectors;
  detectors.push_back(std::move(detector).value());
  auto inspector = Inspector::Build(std::move(detectors));
  GH_CHECK(inspector.ok());
  return std::move(inspector).value();
}

}  // namespace

// Findings lie in the text, and are the same in two pieces; the first two bytes say where it is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const Inspector> inspector = Build();
  if (size < 3) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = std::min(text.size(), std::size_t{data[0]} * 256 + data[1]);
  const auto whole = gatehouse::inspect::InPieces(*inspector, text, {});
  for (const auto& finding : whole) GH_CHECK(finding.span.begin < finding.span.end && finding.span.end <= text.size());
  const auto pieces = gatehouse::inspect::InPieces(*inspector, text, std::array{cut});
  GH_CHECK(pieces == whole);
  return 0;
}
