#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/text/csv.h"

// Any bytes are read or refused, and the fields of what is read have no more bytes than there were.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = gatehouse::codec::text::ParseCsv(text);
  if (!table.ok()) return 0;
  std::size_t bytes = 0;
  for (const auto& record : table.value()) {
    GH_CHECK(!record.empty());
    for (const auto& field : record) bytes += field.size();
  }
  GH_CHECK(bytes <= size);
  return 0;
}
