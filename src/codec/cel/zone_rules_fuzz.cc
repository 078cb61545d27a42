#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/cel/zone_rules.h"

namespace gatehouse::codec::cel {
namespace {

volatile std::int32_t g_sink = 0;  // keeps the look-ups from being optimised away

// Every offset that a file can give, at times within and far from its changes.
void FuzzOne(std::string_view file) {
  constexpr std::int64_t kYearOne = -62'135'596'800;
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  // No name leads out of the folder of zones.
  if (IsZoneName(file)) GH_CHECK(!file.starts_with('/') && file.find("..") == std::string_view::npos);
  const auto rules = ZoneRules::Parse(file);
  if (!rules.ok()) return;
  for (std::int64_t at = kYearOne; at < kYear9999; at += 1'234'567'891) g_sink = rules.value().OffsetAt(at);
}

}  // namespace
}  // namespace gatehouse::codec::cel

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::codec::cel::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
