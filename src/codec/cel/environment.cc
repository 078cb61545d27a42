#include "codec/cel/environment.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace gatehouse::codec::cel {
namespace {

// Levenshtein distance; swapping two neighbours counts two.
std::size_t Edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

using FunctionIndex = std::map<std::string_view, const FunctionEntry*, std::less<>>;

const FunctionIndex& StandardIndex() {
  static const FunctionIndex index = [] {
    FunctionIndex made;
    for (const FunctionEntry& entry : StandardFunctions()) made.emplace(entry.name, &entry);
    return made;
  }();
  return index;
}

constexpr std::size_t kLongestName = 128;  // beyond that nothing is suggested

}  // namespace

std::string Nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
  if (name.size() > kLongestName) return {};
  std::size_t best = std::max<std::size_t>(2, name.size() / 4) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    const std::size_t edits = Edits(name, candidate);
    if (edits >= best || edits >= candidate.size()) continue;
    best = edits;
    found = candidate;
  }
  return std::string(found);
}

std::uint32_t Environment::Declare(std::string name, Type type) {
  const auto slot = static_cast<std::uint32_t>(variables_.size());
  const bool added = slots_.emplace(name, slot).second;
  GH_CHECK(added);
  variables_.push_back({std::move(name), std::move(type)});
  return slot;
}

void Environment::DeclareObject(std::string name, std::vector<Field> fields) {
  objects_.insert_or_assign(std::move(name), std::move(fields));
}

void Environment::DeclareFunction(std::string name, std::string_view signatures, Function function) {
  functions_.push_back({.name = std::move(name), .overloads = ParseSignatures(signatures), .function = function});
}

std::optional<std::uint32_t> Environment::FindVariable(std::string_view name) const {
  const auto found = slots_.find(name);
  return found == slots_.end() ? std::nullopt : std::optional(found->second);
}

const std::vector<Environment::Field>* Environment::FindObject(std::string_view name) const {
  const auto found = objects_.find(name);
  return found == objects_.end() ? nullptr : &found->second;
}

const FunctionEntry* Environment::FindFunction(std::string_view name) const {
  const auto declared = std::ranges::find(functions_, name, &FunctionEntry::name);
  if (declared != functions_.end()) return &*declared;
  const auto standard = StandardIndex().find(name);
  return standard == StandardIndex().end() ? nullptr : standard->second;
}

std::string Environment::NearestVariable(std::string_view name) const {
  std::vector<std::string_view> candidates;
  candidates.reserve(variables_.size());
  for (const Variable& variable : variables_) candidates.emplace_back(variable.name);
  return Nearest(name, candidates);
}

std::string Environment::NearestFunction(std::string_view name) const {
  std::vector<std::string_view> candidates;
  for (const auto* functions : {&functions_, &StandardFunctions()}) {
    for (const FunctionEntry& entry : *functions) candidates.emplace_back(entry.name);
  }
  return Nearest(name, candidates);
}

}  // namespace gatehouse::codec::cel
