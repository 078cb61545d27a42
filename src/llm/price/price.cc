#include "llm/price/price.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace gatehouse::llm::price {
namespace {

// Money in units of 10^-12 nano-USD times tokens and thousandths, so that nothing is rounded before the end.
using Wide = unsigned __int128;

constexpr Wide kMost = ~Wide{0};
constexpr std::uint64_t kPerMillion = 1'000'000;
constexpr std::uint64_t kThousandsPerMillion = 1'000;

Wide Times(Wide a, Wide b) {
  Wide product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kMost : product;
}
Wide Plus(Wide a, Wide b) {
  Wide sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kMost : sum;
}
// What nobody can exceed: below 2^127.
Wide ForTokens(std::int64_t price, std::uint64_t tokens) {
  return static_cast<Wide>(static_cast<std::uint64_t>(std::max<std::int64_t>(price, 0))) * tokens;
}
Wide Amount(std::int64_t price) { return static_cast<Wide>(std::max<std::int64_t>(price, 0)); }

std::array<std::uint64_t, kBuckets> Tokens(const Usage& usage) {
  return {usage.input,          usage.cache_read,      usage.cache_write_5m, usage.cache_write_30m,
          usage.cache_write_1h, usage.cache_write_12h, usage.input_audio,    usage.tool_input,
          usage.output,         usage.reasoning,       usage.output_audio};
}

std::uint64_t Sum(std::span<const std::uint64_t> counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) {
    if (__builtin_add_overflow(sum, count, &sum)) return std::numeric_limits<std::uint64_t>::max();
  }
  return sum;
}

// Calls of the model and of tools: priced by the thousand, so a thousandth of a million.
Wide ByTheCall(const Price& price, std::uint64_t tool_calls) {
  const Wide calls = Plus(Amount(price.thousand_requests), ForTokens(price.thousand_tool_calls, tool_calls));
  return calls == 0 ? 0 : Times(calls, kThousandsPerMillion);
}

base::NanoUsd Narrow(Wide whole) {
  if (whole > static_cast<Wide>(base::NanoUsd::Max().value)) return base::NanoUsd::Max();
  return {static_cast<std::int64_t>(whole)};
}
base::NanoUsd RoundHalfUp(Wide parts, Wide per_nano) {
  constexpr Wide kNarrow = std::numeric_limits<std::uint64_t>::max();
  if (parts <= kNarrow && per_nano <= kNarrow) [[likely]] {  // the processor divides these itself
    const auto dividend = static_cast<std::uint64_t>(parts);
    const auto divisor = static_cast<std::uint64_t>(per_nano);
    return Narrow(Wide{dividend / divisor} + (dividend % divisor >= divisor - divisor / 2 ? 1 : 0));
  }
  return Narrow(parts / per_nano + (parts % per_nano >= per_nano - per_nano / 2 ? 1 : 0));
}

struct Dearest {
  std::int64_t input = 0;
  std::int64_t output = 0;
};
Dearest DearestRates(const Price& price, std::uint64_t input_tokens) {
  Dearest dearest;
  for (const Price::Band& band : price.bands) {
    if (band.above != 0 && band.above >= input_tokens) break;
    const auto split = band.rates.begin() + kInputBuckets;
    dearest.input = std::max(dearest.input, *std::max_element(band.rates.begin(), split));
    dearest.output = std::max(dearest.output, *std::max_element(split, band.rates.end()));
  }
  return dearest;
}

}  // namespace

Rates Complete(const StatedRates& stated) {
  Rates rates{};
  const auto fill = [&](Bucket bucket, std::int64_t otherwise) {
    const auto index = static_cast<std::size_t>(bucket);
    return rates.at(index) = stated.at(index).value_or(otherwise);
  };
  const std::int64_t input = fill(Bucket::kInput, 0);
  fill(Bucket::kCacheRead, input);
  const std::int64_t write = fill(Bucket::kCacheWrite5m, input);
  fill(Bucket::kCacheWrite30m, write);
  fill(Bucket::kCacheWrite12h, fill(Bucket::kCacheWrite1h, write));
  fill(Bucket::kInputAudio, input);
  fill(Bucket::kToolInput, input);
  const std::int64_t output = fill(Bucket::kOutput, 0);
  fill(Bucket::kReasoning, output);
  fill(Bucket::kOutputAudio, output);
  return rates;
}

const Rates& Price::RatesFor(std::uint64_t total_input) const {
  const Band* found = &bands.front();
  for (const Band& band : bands) {
    if (band.above != 0 && band.above >= total_input) break;
    found = &band;
  }
  return found->rates;
}

base::NanoUsd Cost(const Price& price, const Usage& usage, Delivery delivery) {
  const auto tokens = Tokens(usage);
  const Rates& rates = price.RatesFor(Sum(std::span(tokens).first(kInputBuckets)));
  Wide sum = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (tokens.at(i) != 0) sum = Plus(sum, ForTokens(rates.at(i), tokens.at(i)));
  }
  const Wide calls = ByTheCall(price, usage.server_tool_calls);
  if (delivery == Delivery::kImmediate || price.batch_millionths == Price::kWhole) {
    return RoundHalfUp(Plus(sum, calls), kPerMillion);
  }
  return RoundHalfUp(Plus(Times(sum, price.batch_millionths), Times(calls, Price::kWhole)),
                     Wide{kPerMillion} * Price::kWhole);
}

base::NanoUsd WorstCase(const Price& price, const Bounds& bounds) {
  const Dearest dearest = DearestRates(price, bounds.input_tokens);
  const Wide tokens =
      Plus(ForTokens(dearest.input, bounds.input_tokens), ForTokens(dearest.output, bounds.output_tokens));
  return RoundHalfUp(Plus(tokens, ByTheCall(price, bounds.tool_calls)), kPerMillion);
}

std::optional<std::uint64_t> AffordableOutput(const Price& price, const Bounds& bounds, base::NanoUsd available) {
  Bounds input = bounds;
  input.output_tokens = 0;
  if (WorstCase(price, input) > available) return {};
  if (WorstCase(price, bounds) <= available) return bounds.output_tokens;
  const Dearest dearest = DearestRates(price, bounds.input_tokens);
  // Above `available` for all of the output, so its rate is not zero. What is left is taken as if rounded up: the
  // answer can be one token short of the most, never one too many.
  const Wide spent = Plus(ForTokens(dearest.input, bounds.input_tokens), ByTheCall(price, bounds.tool_calls));
  const Wide have = Times(Amount(available.value), kPerMillion);
  const Wide tokens = have > spent ? (have - spent) / Amount(dearest.output) : 0;
  return static_cast<std::uint64_t>(std::min<Wide>(tokens, bounds.output_tokens));
}

}  // namespace gatehouse::llm::price
