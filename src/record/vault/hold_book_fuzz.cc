#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "record/vault/hold_book.h"

// Foreign bytes are no list of holds, or one that comes back as it is written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::record::vault;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are what libFuzzer hands over
  const auto holds = ParseHolds(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!holds.ok()) return 0;
  const auto again = ParseHolds(FormatHolds(holds.value()));
  GH_CHECK(again.ok() && again.value() == holds.value());
  return 0;
}
