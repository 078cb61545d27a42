#include "features/ratelimit/token_estimate.h"

#include <algorithm>
#include <limits>

#include "features/common/input_size.h"

namespace gatehouse::features::ratelimit {
namespace {

constexpr std::uint64_t kBytesPerToken = 4;
constexpr std::uint64_t kInlineBytesPerToken = 8;  // base64, of files that are text in part
constexpr std::uint64_t kTokensPerMedium = 1000;
constexpr std::uint64_t kTokensPerPart = 4;
// Frames around an answer that carry no token of it: its beginning, its end, its usage.
constexpr std::uint64_t kFramesAround = 8;

std::int64_t Bounded(std::uint64_t tokens) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;
  return static_cast<std::int64_t>(std::min(tokens, kMost));
}

}  // namespace

std::int64_t EstimatedInput(const pipeline::Operation& operation) {
  const common::InputSize size = common::InputSizeOf(operation);
  return Bounded((size.text_bytes + kBytesPerToken - 1) / kBytesPerToken + size.inline_bytes / kInlineBytesPerToken +
                 size.media * kTokensPerMedium + size.parts * kTokensPerPart + size.tokens);
}

std::int64_t UsedTokens(const pipeline::Outcome& outcome, std::int64_t estimate) {
  if (outcome.provider.empty()) return 0;
  const llm::Usage& usage = outcome.usage;
  // Dialects that tell the input first say at the end what the output was: an answer of many more frames than it counts
  // tokens broke off in between.
  const std::uint64_t delivered = outcome.events > kFramesAround ? outcome.events - kFramesAround : 0;
  const bool final_figures = delivered <= 2 * usage.TotalOutput() + kFramesAround;
  if (usage.source == llm::UsageSource::kProvider && final_figures) return Bounded(usage.Total());
  const std::uint64_t input = usage.TotalInput() > 0 ? usage.TotalInput() : static_cast<std::uint64_t>(estimate);
  return Bounded(input + std::max(usage.TotalOutput(), delivered));
}

}  // namespace gatehouse::features::ratelimit
