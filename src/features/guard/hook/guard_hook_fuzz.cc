#include <array>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "features/guard/hook/wire.h"

// What a guardrail says is refused, or every finding lies in its text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const std::array<features::guard::HookText, 2> texts = {
      {{.text = "caf\xC3\xA9 and more"}, {.channel = inspect::Channel::kDocument, .text = ""}}};
  const auto findings =
      features::guard::DecodeAnswer(std::string_view(reinterpret_cast<const char*>(data), size), texts);
  if (!findings.ok()) return 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (const auto& finding : findings.value()[i]) {
      GH_CHECK(finding.span.begin <= finding.span.end && finding.span.end <= texts.at(i).text.size());
      GH_CHECK(finding.confidence >= 0 && finding.confidence <= 1 && !finding.entity.empty());
    }
  }
  return 0;
}
