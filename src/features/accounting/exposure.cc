#include "features/accounting/exposure.h"

#include <algorithm>
#include <string>
#include <variant>

#include "features/common/input_size.h"

namespace gatehouse::features::accounting {
namespace {

constexpr std::uint64_t kTokensPerMessage = 8;   // that a provider adds around a message, a tool or a document
constexpr std::uint64_t kTokensPerRequest = 64;  // that it adds around all

std::uint64_t InputBound(const common::InputSize& size, const ExposureSettings& settings) {
  return kTokensPerRequest + size.text_bytes + size.inline_bytes + size.media * settings.image_tokens +
         size.parts * kTokensPerMessage + size.tokens;
}

// What every model behind a name is bounded by; nullopt where one of them is not.
std::optional<std::uint64_t> ModelBound(std::span<const pipeline::Offer> offers) {
  std::uint64_t most = 0;
  for (const auto& offer : offers) {
    if (!offer.max_output_tokens) return {};
    most = std::max(most, *offer.max_output_tokens);
  }
  return most == 0 ? std::nullopt : std::optional(most);
}

Exposure OfChat(const llm::ChatRequest& request, std::span<const pipeline::Offer> offers,
                const ExposureSettings& settings) {
  Exposure exposure{.input_tokens = InputBound(common::InputSizeOf(request), settings),
                    .choices = std::max<std::uint32_t>(1, request.choices.value_or(1))};
  const auto model = ModelBound(offers);
  std::uint64_t each = model.value_or(settings.default_output_tokens);
  exposure.bound = model ? Exposure::Bound::kModel : Exposure::Bound::kNone;
  if (request.max_output_tokens) {
    each = *request.max_output_tokens;
    exposure.bound = Exposure::Bound::kClient;
  }
  exposure.wanted_output = each * exposure.choices;
  exposure.least_output = request.max_output_tokens ? exposure.wanted_output
                                                    : std::min(each, settings.least_output_tokens) * exposure.choices;
  const bool server_tools = std::ranges::any_of(
      request.tools, [](const llm::Tool& tool) { return tool.kind == llm::ToolKind::kProviderDefined; });
  if (server_tools) {
    exposure.tool_calls = settings.server_tool_calls;
    exposure.input_tokens += settings.server_tool_calls * settings.server_tool_tokens;
  }
  return exposure;
}

struct OperationExposure {
  const pipeline::Operation& operation;
  std::span<const pipeline::Offer> offers;
  const ExposureSettings& settings;

  Exposure InputOnly() const {
    return {.input_tokens = InputBound(common::InputSizeOf(operation), settings), .bound = Exposure::Bound::kNoOutput};
  }
  Exposure operator()(const pipeline::ChatCall& call) const { return OfChat(*call.request, offers, settings); }
  Exposure operator()(const pipeline::EmbeddingCall&) const { return InputOnly(); }
  Exposure operator()(const pipeline::RerankCall&) const { return InputOnly(); }
  Exposure operator()(const pipeline::PassThroughCall&) const { return {.bound = Exposure::Bound::kNoOutput}; }
  // Counting costs nothing.
  Exposure operator()(const pipeline::CountCall&) const { return {.bound = Exposure::Bound::kNoOutput}; }
  Exposure operator()(const pipeline::ModelsCall&) const { return {.bound = Exposure::Bound::kNoOutput}; }
};

std::int64_t OutputPrice(const llm::price::Price& price, std::uint64_t input_tokens) {
  std::int64_t dearest = 0;
  for (const auto& band : price.bands) {
    if (band.above > 0 && band.above >= input_tokens) continue;
    for (std::size_t i = llm::price::kInputBuckets; i < llm::price::kBuckets; ++i) {
      dearest = std::max(dearest, band.rates.at(i));
    }
  }
  return dearest;
}

bool IsFree(const pipeline::Operation& operation) {
  return std::holds_alternative<pipeline::CountCall>(operation) ||
         std::holds_alternative<pipeline::ModelsCall>(operation);
}

}  // namespace

Exposure ExposureOf(const pipeline::Operation& operation, std::span<const pipeline::Offer> offers,
                    const ExposureSettings& settings) {
  return std::visit(OperationExposure{operation, offers, settings}, operation);
}

Tariff TariffOf(std::span<const pipeline::Offer> offers, const llm::price::Catalogue& prices) {
  Tariff tariff{.offers = offers, .entries = {}};
  for (const auto& offer : offers) tariff.entries.push_back(prices.Candidates(offer.provider, offer.model));
  return tariff;
}

Quote QuoteFor(const Exposure& exposure, const pipeline::Operation& operation, const Tariff& tariff,
               const llm::price::Catalogue& prices, base::WallTime now, const ExposureSettings& settings) {
  Quote quote{.fixed = {.usd = {}, .tokens = static_cast<std::int64_t>(exposure.input_tokens), .requests = 1}};
  if (IsFree(operation)) return quote;
  if (std::holds_alternative<pipeline::PassThroughCall>(operation)) {
    quote.basis = settings.opaque_price ? Quote::Basis::kPriced : Quote::Basis::kUnpriced;
    quote.fixed.usd = settings.opaque_price.value_or(base::NanoUsd{});
    return quote;
  }
  for (const auto& entries : tariff.entries) {
    const llm::price::Price* price = prices.Of(entries, now);
    if (tariff.entries.size() == 1) quote.only = price;
    if (price == nullptr || price->origin == llm::price::Price::Origin::kUnknown) quote.basis = Quote::Basis::kUnpriced;
    if (price == nullptr) continue;
    const llm::price::Bounds bounds{.input_tokens = exposure.input_tokens, .tool_calls = exposure.tool_calls};
    quote.fixed.usd = std::max(quote.fixed.usd, llm::price::WorstCase(*price, bounds));
    quote.output_price = std::max(quote.output_price, OutputPrice(*price, exposure.input_tokens));
  }
  return quote;
}

}  // namespace gatehouse::features::accounting
