#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "llm/price/entry.h"

namespace gatehouse::llm::price {

// What a catalogue's file says. Its form is in docs/formats/prices.md: that of genai-prices' data.json, or the same
// with a name around it.
struct CatalogueFile {
  std::string version;  // of the file: what it calls itself, or the beginning of its SHA-256
  std::vector<ProviderPrices> providers;
  std::vector<std::string> unpriced;  // models whose prices are of kinds that no usage has: "openai/whisper-1"
};

// Errors are kInvalidRequest and say where: "openai/gpt-5: prices.input_mtok must be a number".
base::Result<CatalogueFile> ReadCatalogueFile(std::string_view json);

// The catalogue that comes with the program.
std::string_view DefaultCatalogueText();

// "2026-11-01", or a point in time as RFC 3339 has it. nullopt: neither, or beyond what the clock counts.
std::optional<base::WallTime> ReadDate(std::string_view text);
std::string DateText(base::WallTime when);

// In RE2's syntax; case does not matter.
base::Result<ModelMatch> ReadPattern(std::string_view pattern);

}  // namespace gatehouse::llm::price
