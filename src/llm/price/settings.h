#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codec/config/node.h"
#include "llm/price/entry.h"

namespace gatehouse::llm::price {

// What an operator says about prices beside the catalogue: the section `prices` of the configuration.
struct Settings {
  std::string catalogue_file;  // "": the one that comes with the program

  // What becomes of a model that neither the catalogue nor an override knows.
  enum class Unknown : std::uint8_t {
    kAutomatic,  // free where no limit in money applies, refused where one does
    kRefuse,
    kDefault,  // `otherwise`
    kFree,
  } unknown = Unknown::kAutomatic;
  std::optional<Price> otherwise;

  // Of a configured provider's name, or of a provider of the catalogue.
  struct Override {
    std::string provider;  // "*": all
    Entry entry;
    std::string like;  // "openai/gpt-5": at the prices of that model; `entry` then has none
  };
  std::vector<Override> overrides;               // asked in this order, before the catalogue
  std::map<std::string, std::string> providers;  // configured provider -> whose prices it has in the catalogue
};

// Problems are noted on the node's tree.
Settings ReadSettings(const codec::config::Node& node);

}  // namespace gatehouse::llm::price
