#include "features/accounting/packing.h"

namespace gatehouse::features::accounting {
namespace {

// Seven bits a byte, least first (LEB128).
void PutNumber(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(0x80U | (value & 0x7FU)));
  out.push_back(static_cast<char>(value));
}

void PutText(std::string_view text, std::string& out) {
  PutNumber(text.size(), out);
  out.append(text);
}

// Small numbers of either sign become small ones: 0, -1, 1, -2, ...
std::uint64_t Folded(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t Unfolded(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

// Counted around, so that no number is too far from another.
std::int64_t Difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t Sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

void RowPacker::Dictionary::Put(std::string_view text, std::string& out) {
  if (latest_ != nullptr && latest_->first == text) return PutNumber(latest_->second, out);
  auto place = places_.find(text);
  const bool fresh = place == places_.end();
  if (fresh) place = places_.emplace(text, places_.size()).first;
  latest_ = &*place;
  PutNumber(place->second, out);
  if (fresh) PutText(text, out);
}

void RowPacker::Add(std::int64_t number, const RowParts& row, std::string& out) {
  PutNumber(Folded(Difference(number, last_number_)), out);
  last_number_ = number;
  keys_.Put(row.key, out);
  PutText(row.figures, out);
  names_.Put(row.names, out);
  PutText(row.rest, out);
}

std::uint64_t RowUnpacker::Number() {
  constexpr unsigned kBits = 64;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < kBits && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

std::string_view RowUnpacker::Text() {
  const std::uint64_t size = Number();
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view text = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return text;
}

std::string_view RowUnpacker::Known(std::vector<std::string_view>& texts) {
  const std::uint64_t place = Number();
  if (ok_ && place == texts.size()) texts.push_back(Text());
  if (ok_ && place < texts.size()) return texts[place];
  ok_ = false;
  return {};
}

base::Result<RowUnpacker::Packed> RowUnpacker::Next() {
  last_number_ = Sum(last_number_, Unfolded(Number()));
  row_.assign(Known(keys_));
  row_.append(Text());
  row_.append(Known(names_));
  row_.append(Text());
  if (!ok_ || row_.size() > kMostEncodedBytes) return base::Internal("a block of the ledger is damaged");
  return Packed{.number = last_number_, .bytes = row_};
}

}  // namespace gatehouse::features::accounting
