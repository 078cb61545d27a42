#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "llm/price/catalogue.h"

// Any file is a catalogue or is refused, and what it says is never negative and never above its worst case.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::llm;
  auto file = price::ReadCatalogueFile({reinterpret_cast<const char*>(data), size});
  if (!file.ok()) {
    GH_CHECK(!file.error().public_message.empty());
    return 0;
  }
  const auto catalogue = price::Catalogue::Make(std::move(file).value(), {}, {}).value();
  const Usage usage{.input = 150'000, .cache_read = 60'000, .cache_write_1h = 7, .output = 333, .reasoning = 4};
  for (const auto& provider : catalogue->file().providers) {
    for (const auto& entry : provider.entries) {
      for (const auto& [validity, price] : entry.prices) {
        const auto cost = Cost(price, usage);
        const auto most = WorstCase(price, {.input_tokens = usage.TotalInput(), .output_tokens = usage.TotalOutput()});
        GH_CHECK(cost.value >= 0 && cost <= most);
      }
      const auto* found = catalogue->Find(provider.id, entry.model, gatehouse::base::WallTime());
      GH_CHECK(found != nullptr && !found->id.empty());
    }
  }
  return 0;
}
