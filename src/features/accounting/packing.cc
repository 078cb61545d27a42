#include "features/accounting/packing.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace gatehouse::features::accounting {
namespace {

// The shape of a row: which tokens are not 0 (a bit each), then these.
constexpr unsigned kSourceAt = kTokens.size();  // two bits
constexpr unsigned kBasisAt = kSourceAt + 2;    // two bits
constexpr unsigned kIdAt = kBasisAt + 2;        // a bit: the request's id is one of the gateway's own
constexpr std::uint64_t kTwoBits = 3;
constexpr std::uint64_t kMostShape = (std::uint64_t{1} << (kIdAt + 1)) - 1;

// Key, names and packed figures of the longest row that there is, with what says how long each is.
constexpr std::size_t kMostPackedBytes = 2048;
static_assert(kMostPackedBytes > kMostEncodedBytes + 2 * kTokens.size() * 10);

// Seven bits a byte, least first (LEB128).
char* PutNumber(std::uint64_t value, char* at) {
  for (; value >= 0x80; value >>= 7U) *at++ = static_cast<char>(0x80U | (value & 0x7FU));
  *at++ = static_cast<char>(value);
  return at;
}

char* PutText(std::string_view text, char* at) {
  at = PutNumber(text.size(), at);
  return at + text.copy(at, text.size());
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

// Ids of the gateway's own making (base::NewRequestId): a prefix, ten characters of milliseconds since 1970, the most
// significant first, and sixteen at random; five bits each.
constexpr std::string_view kIdPrefix = "req_";
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kTimeDigits = 10;
constexpr std::size_t kWordDigits = 8;  // five bytes
constexpr std::size_t kWordBytes = 5;
constexpr std::size_t kWords = 2;
constexpr std::size_t kIdSize = kIdPrefix.size() + kTimeDigits + kWords * kWordDigits;
static_assert(kIdSize == 30);

constexpr unsigned char kNoDigit = 0xFF;
constexpr std::array<unsigned char, 256> kValues = [] {
  std::array<unsigned char, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<unsigned char>(i);
  }
  return values;
}();

struct OwnId {
  std::int64_t milliseconds = 0;
  std::array<std::uint64_t, kWords> words{};
  bool is_one = false;
};
OwnId ParseId(std::string_view text) {
  OwnId id;
  if (text.size() != kIdSize || !text.starts_with(kIdPrefix)) return id;
  unsigned seen = 0;  // of all values: those of digits have five bits
  const auto number = [&seen](std::string_view digits) {
    std::uint64_t value = 0;
    for (const char digit : digits) {
      const unsigned char bits = kValues[static_cast<unsigned char>(digit)];
      seen |= bits;
      value = value << 5U | (bits & 31U);
    }
    return value;
  };
  id.milliseconds = static_cast<std::int64_t>(number(text.substr(kIdPrefix.size(), kTimeDigits)));
  id.words[0] = number(text.substr(kIdPrefix.size() + kTimeDigits, kWordDigits));
  id.words[1] = number(text.substr(kIdPrefix.size() + kTimeDigits + kWordDigits, kWordDigits));
  id.is_one = seen < kDigits.size();
  return id;
}

void WriteDigits(std::uint64_t value, std::span<char> into) {
  for (std::size_t i = into.size(); i-- > 0; value >>= 5U) into[i] = kDigits[value & 31U];
}

std::uint64_t ShapeOf(const Row& row, const OwnId& id) {
  std::uint64_t shape = 0;
  for (std::size_t i = 0; i < kTokens.size(); ++i) shape |= std::uint64_t{row.usage.*kTokens[i] != 0} << i;
  shape |= static_cast<std::uint64_t>(row.usage.source) << kSourceAt;
  shape |= static_cast<std::uint64_t>(row.basis) << kBasisAt;
  return shape | std::uint64_t{id.is_one} << kIdAt;
}

char* PutId(const OwnId& id, const Row& row, char* at) {
  if (!id.is_one) return PutText(row.request_id, at);
  at = PutNumber(Folded(Difference(id.milliseconds, row.admitted_ms)), at);
  for (const std::uint64_t word : id.words) {
    for (std::size_t i = 0; i < kWordBytes; ++i) *at++ = static_cast<char>(word >> (8 * i));
  }
  return at;
}

}  // namespace

char* RowPacker::Dictionary::Put(std::string_view text, char* at) {
  if (latest_ != nullptr && latest_->first == text) return PutNumber(latest_->second, at);
  auto place = places_.find(text);
  const bool fresh = place == places_.end();
  if (fresh) place = places_.emplace(text, places_.size()).first;
  latest_ = &*place;
  at = PutNumber(place->second, at);
  return fresh ? PutText(text, at) : at;
}

void RowPacker::Add(std::int64_t number, const SumsOfRow& sums, std::string& out) {
  const Row& row = sums.row;
  const OwnId id = ParseId(row.request_id);
  const PackedBefore now{.number = number, .admitted_ms = row.admitted_ms, .shape = ShapeOf(row, id)};
  const PackedBefore before = std::exchange(before_, now);
  std::array<char, kMostPackedBytes> room;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled before it is read
  char* at = PutNumber(Folded(Difference(number, before.number)), room.data());
  at = PutNumber(now.shape ^ before.shape, at);
  at = keys_.Put(sums.parts.key, at);
  at = PutNumber(Folded(Difference(now.admitted_ms, before.admitted_ms)), at);
  for (const auto member : kTokens) {
    if (row.usage.*member != 0) at = PutNumber(row.usage.*member, at);
  }
  at = PutNumber(static_cast<std::uint64_t>(row.cost.value), at);
  at = PutNumber(row.duration_us, at);
  at = PutId(id, row, at);
  at = names_.Put(sums.parts.names, at);
  at = PutNumber(sums.parts.rest.size(), at);
  out.append(room.data(), at);
  out.append(sums.parts.rest);
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

std::string_view RowUnpacker::Bytes(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

std::string_view RowUnpacker::Known(std::vector<std::string_view>& texts) {
  const std::uint64_t place = Number();
  if (ok_ && place == texts.size()) texts.push_back(Text());
  if (ok_ && place < texts.size()) return texts[place];
  ok_ = false;
  return {};
}

std::string_view RowUnpacker::RequestId(std::int64_t admitted_ms, std::array<char, kIdSize>& room) {
  const auto milliseconds = static_cast<std::uint64_t>(Sum(admitted_ms, Unfolded(Number())));
  kIdPrefix.copy(room.data(), kIdPrefix.size());
  const auto digits = std::span(room).subspan(kIdPrefix.size());
  WriteDigits(milliseconds, digits.first<kTimeDigits>());
  for (std::size_t i = 0; i < kWords; ++i) {
    std::uint64_t word = 0;
    const std::string_view bytes = Bytes(kWordBytes);
    for (std::size_t j = 0; j < bytes.size(); ++j) {
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[j])) << (8 * j);
    }
    WriteDigits(word, digits.subspan(kTimeDigits + i * kWordDigits, kWordDigits));
  }
  return {room.data(), room.size()};
}

void RowUnpacker::AppendFigures(std::uint64_t shape) {
  Row row;
  row.admitted_ms = before_.admitted_ms = Sum(before_.admitted_ms, Unfolded(Number()));
  for (std::size_t i = 0; i < kTokens.size(); ++i) {
    if ((shape >> i & 1U) != 0) row.usage.*kTokens[i] = Number();
  }
  row.usage.source = static_cast<llm::UsageSource>(shape >> kSourceAt & kTwoBits);
  row.basis = static_cast<pipeline::Charge::Basis>(shape >> kBasisAt & kTwoBits);
  row.cost = {static_cast<std::int64_t>(Number())};
  row.duration_us = Number();
  std::array<char, kIdSize> id;
  row.request_id = (shape >> kIdAt & 1U) != 0 ? RequestId(row.admitted_ms, id) : Text();
  EncodedRow bytes;
  row_.append(EncodeFigures(row, bytes));
}

base::Result<RowUnpacker::Packed> RowUnpacker::Next() {
  before_.number = Sum(before_.number, Unfolded(Number()));
  if (figures_ == Figures::kPacked) before_.shape ^= Number();
  if (before_.shape > kMostShape) ok_ = false;
  row_.assign(Known(keys_));
  if (figures_ == Figures::kPacked) {
    AppendFigures(before_.shape);
  } else {
    row_.append(Text());
  }
  row_.append(Known(names_));
  row_.append(Text());
  if (!ok_ || row_.size() > kMostEncodedBytes) return base::Internal("a block of the ledger is damaged");
  return Packed{.number = before_.number, .bytes = row_};
}

}  // namespace gatehouse::features::accounting
