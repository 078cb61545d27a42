#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "pipeline/principal.h"

namespace gatehouse::features::common {

// What a stage remembers of principals that ask for a model: most requests are like one before. Bounded: when there are
// too many, it begins anew, and what is said of an endless name is forgotten with the next one. One loop.
template <class T>
class CallerMap {
 public:
  static constexpr std::size_t kMost = 4096;
  static constexpr std::size_t kMostModelBytes = 256;

  // nullptr: nothing is remembered. Until the next Add().
  T* Find(const pipeline::Principal* principal, std::string_view model) {
    const auto found = known_.find({.principal = principal, .model = model});
    return found == known_.end() ? nullptr : &found->second.value;
  }
  // REQUIRES: nothing is remembered of them.
  T& Add(const std::shared_ptr<const pipeline::Principal>& principal, std::string_view model, T value) {
    if (model.size() > kMostModelBytes) return passing_.emplace(std::move(value));
    if (known_.size() >= kMost) known_.clear();
    Entry entry{.principal = principal, .model = std::make_unique<const std::string>(model), .value = std::move(value)};
    const Key key{.principal = entry.principal.get(), .model = *entry.model};
    return known_.emplace(key, std::move(entry)).first->second.value;
  }

 private:
  struct Key {
    const pipeline::Principal* principal;
    std::string_view model;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      constexpr std::size_t kOdd = 0x9E3779B97F4A7C15U;
      return (std::hash<const void*>()(key.principal) * kOdd) ^ std::hash<std::string_view>()(key.model);
    }
  };
  struct Entry {
    std::shared_ptr<const pipeline::Principal> principal;  // pinned: its address is part of the key
    std::unique_ptr<const std::string> model;              // what the key shows
    T value;
  };

  std::unordered_map<Key, Entry, Hash> known_;
  std::optional<T> passing_;
};

}  // namespace gatehouse::features::common
