#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "features/accounting/row.h"

// Any bytes: a row or none; a row's own bytes say the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::features::accounting;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Links links;
  const auto row = DecodeRow(bytes, links);
  if (!row) return 0;
  const auto sums = DecodeSums(bytes, links);
  GH_CHECK(sums.has_value() && sums->key.size() < bytes.size());
  EncodedRow first;
  const std::string_view once = Encode(*row, first);
  Links same;
  const auto again = DecodeRow(once, same);
  GH_CHECK(again.has_value());
  EncodedRow second;
  GH_CHECK(once == Encode(*again, second));
  return 0;
}
