#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "llm/price/model_match.h"
#include "llm/price/price.h"

namespace gatehouse::llm::price {

// When a price holds.
struct Validity {
  std::optional<base::WallTime> from;
  std::optional<base::WallTime> until;  // not itself
  // Every day between two times in UTC, which may lie around midnight; seconds after midnight.
  struct Daily {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  std::optional<Daily> daily;

  bool IsAlways() const { return !from && !until && !daily; }
  bool Holds(base::WallTime when) const;
};

struct DatedPrice {
  Validity validity;
  Price price;
};

// A model in a catalogue, with its prices one after the other.
struct Entry {
  std::string provider;  // in the catalogue's words
  std::string model;
  ModelMatch match;
  std::vector<DatedPrice> prices;  // the last one that holds is the one

  // nullptr: none of them.
  const Price* At(base::WallTime when) const;
};

// A provider in a catalogue: models in the order in which they are asked.
struct ProviderPrices {
  std::string id;
  std::vector<std::string> fallback;  // whose models it also sells, at their prices
  std::vector<Entry> entries;
};

}  // namespace gatehouse::llm::price
