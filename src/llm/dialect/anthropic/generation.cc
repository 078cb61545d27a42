#include "llm/dialect/anthropic/generation.h"

#include <algorithm>
#include <charconv>

namespace gatehouse::llm::dialect::anthropic {
namespace {

constexpr Generation kNewest{.major = 1000, .minor = 0};
constexpr Generation kFirstThinking{.major = 3, .minor = 7};
constexpr Generation kFirstOneSampling{.major = 4, .minor = 1};
constexpr Generation kFirstAdaptive{.major = 4, .minor = 6};
constexpr Generation kLastSampling{.major = 4, .minor = 6};
constexpr Generation kFirstMidSystem{.major = 4, .minor = 8};
// Since this version of the API sampling parameters, documents of the assistant and citations of the user are errors.
constexpr std::string_view kStrictVersion = "2026-10-21";
constexpr std::size_t kLongestGenerationNumber = 2;  // longer numbers are release dates

bool IsSeparator(char c) { return c == '-' || c == '.' || c == '@' || c == ':' || c == '/'; }

std::optional<std::uint32_t> GenerationNumber(std::string_view word) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (word.size() > kLongestGenerationNumber || error != std::errc() || end != word.data() + word.size()) return {};
  return number;
}

bool IsStrictVersion(std::string_view version) {
  const auto digits = version.find_first_of("0123456789");
  return digits == 0 && version >= kStrictVersion;
}

Capabilities::Thinking ThinkingOf(Generation generation) {
  using enum Capabilities::Thinking;
  if (generation < kFirstThinking) return kNone;
  if (generation < kFirstAdaptive) return kBudget;
  return generation == kFirstAdaptive ? kEither : kAdaptive;
}

}  // namespace

std::optional<Generation> GenerationOf(std::string_view model) {
  const auto start = model.find("claude");
  if (start == std::string_view::npos) return std::nullopt;
  std::string_view rest = model.substr(start);
  std::optional<std::uint32_t> major;
  while (!rest.empty()) {
    const auto* const end = std::ranges::find_if(rest, IsSeparator);
    const std::string_view word(rest.begin(), end);
    const auto number = GenerationNumber(word);
    if (major) return Generation{*major, number.value_or(0)};
    major = number;
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return major ? Generation{*major, 0} : kNewest;
}

Capabilities CapabilitiesOf(std::string_view model, std::string_view version) {
  Capabilities can;
  if (const auto generation = GenerationOf(model)) {
    can.thinking = ThinkingOf(*generation);
    if (*generation >= kFirstOneSampling) can.sampling = Capabilities::Sampling::kOneOfBoth;
    if (*generation > kLastSampling) can.sampling = Capabilities::Sampling::kRefused;
    if (*generation >= kFirstMidSystem) can.mid_system = common::MidSystem::kInPlace;
  }
  if (IsStrictVersion(version)) {
    can.sampling = Capabilities::Sampling::kRefused;
    can.assistant_documents = Capabilities::Documents::kUserOnly;
    can.text_citations = Capabilities::Citations::kAssistantOnly;
  }
  return can;
}

bool IsHostedVersion(std::string_view version) {
  return version.starts_with("bedrock-") || version.starts_with("vertex-");
}

}  // namespace gatehouse::llm::dialect::anthropic
