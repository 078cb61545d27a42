#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/money.h"
#include "llm/usage.h"

// What a call costs: pure arithmetic on whole numbers. docs/prices.md says where the figures come from.
namespace gatehouse::llm::price {

// The buckets of llm::Usage that are billed by the token.
enum class Bucket : std::uint8_t {
  kInput,
  kCacheRead,
  kCacheWrite5m,
  kCacheWrite30m,
  kCacheWrite1h,
  kCacheWrite12h,
  kInputAudio,
  kToolInput,
  kOutput,
  kReasoning,
  kOutputAudio,
};
inline constexpr std::size_t kBuckets = 11;
inline constexpr std::size_t kInputBuckets = 8;  // the first ones; the others are output

// Nano-USD for a million tokens, by bucket.
using Rates = std::array<std::int64_t, kBuckets>;

// Rates as someone wrote them, with gaps. A gap is filled by the nearest bucket that costs at least as much: a cached
// read and audio by the input, a longer lifetime in the cache by a shorter one, reasoning by the output. What has no
// input or output price costs nothing there.
using StatedRates = std::array<std::optional<std::int64_t>, kBuckets>;
Rates Complete(const StatedRates& stated);

// One entry of a catalogue: the prices of one model during one time. Immutable.
struct Price {
  // Rates that hold, for the whole call, once its input has more than `above` tokens.
  struct Band {
    std::uint64_t above = 0;
    Rates rates{};
  };
  enum class Origin : std::uint8_t {
    kListed,    // in the catalogue
    kOverride,  // in the operator's configuration
    kDefault,   // nobody knows the model: the configuration's price for such
    kUnknown,   // nobody knows the model, and it counts as free
  };
  static constexpr std::uint32_t kWhole = 1'000'000;

  std::string id;                           // for the ledger: "2026-11-01/openai/gpt-5"
  std::vector<Band> bands = {Band{}};       // rising; the first one is above 0
  std::int64_t thousand_requests = 0;       // nano-USD
  std::int64_t thousand_tool_calls = 0;     // nano-USD; calls of the provider's own tools
  std::uint32_t batch_millionths = kWhole;  // of the rates, for calls in a batch
  Origin origin = Origin::kListed;

  const Rates& RatesFor(std::uint64_t total_input) const;
};

enum class Delivery : std::uint8_t { kImmediate, kBatch };

// The sum over all buckets, rounded once, half up. NanoUsd::Max() where it would be more.
base::NanoUsd Cost(const Price& price, const Usage& usage, Delivery delivery = Delivery::kImmediate);

// No usage within these bounds costs more: the dearest bucket of the dearest band for every token.
struct Bounds {
  std::uint64_t input_tokens = 0;   // all input buckets together
  std::uint64_t output_tokens = 0;  // all output buckets together
  std::uint64_t tool_calls = 0;
};
base::NanoUsd WorstCase(const Price& price, const Bounds& bounds);

// The most output tokens whose worst case, with these bounds' input and tool calls, stays within `available`; nullopt
// where not even the input does. At most `bounds.output_tokens`.
std::optional<std::uint64_t> AffordableOutput(const Price& price, const Bounds& bounds, base::NanoUsd available);

}  // namespace gatehouse::llm::price
