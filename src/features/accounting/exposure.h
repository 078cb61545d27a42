#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "features/accounting/limit.h"
#include "llm/price/catalogue.h"
#include "pipeline/exchange.h"
#include "pipeline/offer.h"

namespace gatehouse::features::accounting {

// Bounds for what cannot be counted beforehand.
struct ExposureSettings {
  std::uint64_t default_output_tokens = 4096;  // of a request that sets no limit to a model that has none
  std::uint64_t least_output_tokens = 16;      // an answer shorter than that is not worth its input
  std::uint64_t image_tokens = 5000;
  std::uint64_t server_tool_calls = 10;       // of one exchange, where the provider's own tools are offered
  std::uint64_t server_tool_tokens = 10'000;  // that one of them may add to the input
  std::optional<base::NanoUsd> opaque_price;  // of a request whose content is not looked into
  bool operator==(const ExposureSettings&) const = default;
};

// The most that an exchange can use, before anything is known of its answer. A token is at least one byte of text, so
// that the length bounds them; what is no text has the bounds of the settings.
struct Exposure {
  std::uint64_t input_tokens = 0;
  std::uint64_t wanted_output = 0;  // of all its answers
  std::uint64_t least_output = 0;
  std::uint64_t tool_calls = 0;
  std::uint32_t choices = 1;
  // Whether the answer is bounded: by the client, by every model behind the name, or not at all, so that the bound has
  // to be sent along.
  enum class Bound : std::uint8_t { kClient, kModel, kNone, kNoOutput } bound = Bound::kNone;
};
Exposure ExposureOf(const pipeline::Operation& operation, std::span<const pipeline::Offer> offers,
                    const ExposureSettings& settings);

// What an exposure costs at the dearest of the targets that may serve it.
struct Quote {
  Amounts fixed;                                                                  // all but the answer
  std::int64_t output_price = 0;                                                  // nano-USD per million tokens
  enum class Basis : std::uint8_t { kPriced, kUnpriced } basis = Basis::kPriced;  // of every target
  const llm::price::Price* only = nullptr;  // where there is one target alone: its price
};
// The targets that stand behind a public name, each with the prices that may hold for it.
struct Tariff {
  std::span<const pipeline::Offer> offers;
  std::vector<std::vector<const llm::price::Entry*>> entries;  // by offer
};
Tariff TariffOf(std::span<const pipeline::Offer> offers, const llm::price::Catalogue& prices);

Quote QuoteFor(const Exposure& exposure, const pipeline::Operation& operation, const Tariff& tariff,
               const llm::price::Catalogue& prices, base::WallTime now, const ExposureSettings& settings);

}  // namespace gatehouse::features::accounting
