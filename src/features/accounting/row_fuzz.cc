#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "features/accounting/packing.h"
#include "features/accounting/row.h"

// Any bytes: rows of a block, or not; a row or none; a row's own bytes say the same again, and so does a block of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::features::accounting;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto figures : {RowUnpacker::Figures::kPlain, RowUnpacker::Figures::kPacked}) {
    RowUnpacker any(bytes, figures);
    while (!any.AtEnd() && any.Next().ok()) continue;
  }
  Links links;
  const auto row = DecodeRow(bytes, links);
  if (!row) return 0;
  const auto sums = DecodeSums(bytes, links);
  GH_CHECK(sums.has_value());
  const auto known = DecodeSums(bytes, links, sums->parts);
  GH_CHECK(known.has_value() && known->parts.rest == sums->parts.rest && known->row.usage == sums->row.usage);
  std::string packed;
  RowPacker packer;
  for (const std::int64_t number : {7, 9}) packer.Add(number, *sums, packed);
  RowUnpacker unpacker(packed);
  for (const std::int64_t number : {7, 9}) {
    const auto unpacked = unpacker.Next();
    GH_CHECK(unpacked.ok() && unpacked.value().number == number && unpacked.value().bytes == bytes);
  }
  GH_CHECK(unpacker.AtEnd());
  EncodedRow first;
  const std::string_view once = Encode(*row, first);
  Links same;
  const auto again = DecodeRow(once, same);
  GH_CHECK(again.has_value());
  EncodedRow second;
  GH_CHECK(once == Encode(*again, second));
  return 0;
}
