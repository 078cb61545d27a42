#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "features/identity/slot_table.h"

namespace gatehouse::features::identity {

// Names of at most 255 bytes, each kept once and known by where it lies. What was put in stays. Not thread-safe.
class NamePool {
 public:
  // Makes room for so many names in all.
  void Reserve(std::size_t names) {
    places_.Reserve(names, [this](std::uint32_t slot) { return HashOf(At(slot)); });
  }
  // The name's place; the same for the same name.
  std::uint32_t Put(std::string_view name) {
    const std::uint64_t hash = HashOf(name);
    const auto known = places_.Find(hash, [&](std::uint32_t slot) { return At(slot) == name; });
    if (known != SlotTable::kNone) return known;
    const auto place = static_cast<std::uint32_t>(bytes_.size());
    bytes_.push_back(static_cast<char>(name.size()));
    bytes_.append(name);
    places_.Insert(place, [this](std::uint32_t slot) { return HashOf(At(slot)); });
    return place;
  }
  // SlotTable::kNone for a name that is not here.
  std::uint32_t Find(std::string_view name) const {
    return places_.Find(HashOf(name), [&](std::uint32_t slot) { return At(slot) == name; });
  }
  // Valid until the next Put().
  std::string_view At(std::uint32_t place) const {
    return std::string_view(bytes_).substr(place + 1, static_cast<unsigned char>(bytes_[place]));
  }
  std::size_t bytes() const { return bytes_.size(); }

 private:
  static std::uint64_t HashOf(std::string_view name) { return std::hash<std::string_view>{}(name); }

  std::string bytes_;  // a length, a name, a length, a name ...
  SlotTable places_;
};

}  // namespace gatehouse::features::identity
