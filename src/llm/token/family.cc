#include "llm/token/family.h"

#include <array>
#include <cstddef>

namespace gatehouse::llm::token {
namespace {

using enum Certainty;

struct Entry {
  std::string_view prefix;
  Family family;
};

constexpr Family kO200kExact = {Pattern::kO200k, kExact, 1000};
constexpr Family kCl100kExact = {Pattern::kCl100k, kExact, 1000};
constexpr Family kUnknown = {Pattern::kO200k, kEstimated, 1350};

constexpr Family Estimate(std::uint32_t permille) { return {Pattern::kO200k, kEstimated, permille}; }

// The first prefix that fits decides: longer ones stand before shorter ones. The factors of other vendors are starting
// values that real usage corrects.
constexpr auto kFamilies = std::to_array<Entry>({
    {"gpt-4o", kO200kExact},
    {"gpt-4.1", kO200kExact},
    {"gpt-4.5", kO200kExact},
    {"gpt-4", kCl100kExact},
    {"gpt-3.5", kCl100kExact},
    {"gpt-35", kCl100kExact},
    {"gpt-5", kO200kExact},
    {"gpt-oss", kO200kExact},
    {"gpt-", Estimate(1000)},
    {"chatgpt-4o", kO200kExact},
    {"o1", kO200kExact},
    {"o3", kO200kExact},
    {"o4", kO200kExact},
    {"text-embedding-3", kCl100kExact},
    {"text-embedding-ada-002", kCl100kExact},
    {"claude-3", Estimate(1200)},
    {"claude", Estimate(1350)},
    {"gemini", Estimate(1050)},
    {"gemma", Estimate(1050)},
    {"mistral", Estimate(1200)},
    {"mixtral", Estimate(1200)},
    {"codestral", Estimate(1200)},
    {"llama", Estimate(1100)},
    {"deepseek", Estimate(1100)},
    {"qwen", Estimate(1100)},
    {"grok", Estimate(1100)},
    {"command", Estimate(1150)},
    {"nova", Estimate(1200)},
    {"titan", Estimate(1200)},
});

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool StartsWith(std::string_view name, std::string_view prefix) {
  if (name.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (Lower(name[i]) != prefix[i]) return false;
  }
  return true;
}

// "o1" is a family, "o1xyz" is not.
bool Fits(std::string_view name, std::string_view prefix) {
  if (!StartsWith(name, prefix)) return false;
  if (prefix.size() > 2 || name.size() == prefix.size()) return true;
  return name[prefix.size()] == '-' || name[prefix.size()] == '@' || name[prefix.size()] == ':';
}

}  // namespace

Family FamilyOf(std::string_view model) {
  for (std::size_t start = 0; start != std::string_view::npos && start < model.size();) {
    const std::string_view name = model.substr(start);
    for (const auto& entry : kFamilies) {
      if (Fits(name, entry.prefix)) return entry.family;
    }
    const auto separator = model.find_first_of("/.:", start);
    start = separator == std::string_view::npos ? separator : separator + 1;
  }
  return kUnknown;
}

std::string_view TableFileName(Pattern pattern) {
  return pattern == Pattern::kO200k ? "o200k_base.ghtok" : "cl100k_base.ghtok";
}

}  // namespace gatehouse::llm::token
