#include "base/trace_context.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>

namespace gatehouse::base {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kTraceParentLength = 55;

bool IsLowerHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

// Eight digits at once, as the bytes of a word: spreads the bits by four to a byte, and lifts those from ten on to the
// letters.
constexpr std::uint64_t HexOf(std::uint32_t bits) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t word = bits;
  word = (word | word << 16U) & 0x0000FFFF0000FFFF;
  word = (word | word << 8U) & 0x00FF00FF00FF00FF;
  word = (word | word << 4U) & 0x0F0F0F0F0F0F0F0F;
  const std::uint64_t letters = (word + kOnes * 6) >> 4U & kOnes;
  return word + kOnes * '0' + letters * ('a' - '0' - 10);
}

template <std::size_t N>
void FillHex(std::array<char, N>& out, Random& random) {
  for (std::size_t i = 0; i < N; i += 16) {
    const std::uint64_t word = random.Next() | 1U;  // never all zero
    const std::array<std::uint64_t, 2> digits = {HexOf(static_cast<std::uint32_t>(word)),
                                                 HexOf(static_cast<std::uint32_t>(word >> 32U))};
    std::memcpy(out.data() + i, digits.data(), sizeof(digits));
  }
}

std::uint8_t HexByte(std::string_view two) {
  return static_cast<std::uint8_t>((kHex.find(two[0]) << 4U) | kHex.find(two[1]));
}

}  // namespace

std::string TraceContext::ToHeader() const {
  std::string header = "00-";
  header.append(trace()).append("-").append(span()).append("-");
  header.push_back(kHex[flags >> 4U]);
  header.push_back(kHex[flags & 15U]);
  return header;
}

std::optional<TraceContext> ParseTraceParent(std::string_view header) {
  if (header.size() < kTraceParentLength || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
  const auto version = header.substr(0, 2);
  const auto trace = header.substr(3, 32);
  const auto span = header.substr(36, 16);
  const auto flags = header.substr(53, 2);
  if (!IsLowerHex(version) || version == "ff" || (version == "00" && header.size() != kTraceParentLength)) return {};
  if (!IsLowerHex(trace) || !IsLowerHex(span) || !IsLowerHex(flags) || IsZero(trace) || IsZero(span)) return {};
  TraceContext context;
  std::ranges::copy(trace, context.trace_id.begin());
  std::ranges::copy(span, context.span_id.begin());
  context.flags = HexByte(flags);
  return context;
}

TraceContext NextSpan(const std::optional<TraceContext>& parent, Random& random) {
  TraceContext context;
  if (parent) {
    context = *parent;
  } else {
    FillHex(context.trace_id, random);
  }
  FillHex(context.span_id, random);
  return context;
}

std::string NewRequestId(WallTime now, Random& random) {
  constexpr std::size_t kLength = 26;
  std::string id = "req_";
  id.resize(4 + kLength);
  auto millis =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (std::size_t i = 10; i-- > 0; millis >>= 5U) id[4 + i] = kBase32[millis & 31U];
  std::uint64_t word = 0;
  for (std::size_t i = 10; i < kLength; ++i, word >>= 5U) {
    if ((i - 10) % 12 == 0) word = random.Next();
    id[4 + i] = kBase32[word & 31U];
  }
  return id;
}

bool IsAcceptableRequestId(std::string_view id) {
  constexpr std::size_t kMaxLength = 128;
  if (id.empty() || id.size() > kMaxLength) return false;
  return std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == ':' || c == '-';
  });
}

}  // namespace gatehouse::base
