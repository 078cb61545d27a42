#include "features/guard/guard_table.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "pipeline/surface.h"

namespace gatehouse::features::guard {
namespace {

constexpr std::size_t kColumns = 7;
using Line = std::array<std::string, kColumns>;

template <std::size_t N, class E>
std::string Names(const std::bitset<N>& set, std::string_view all, std::string_view (*name)(E)) {
  if (set.all()) return std::string(all);
  std::string names;
  for (std::size_t i = 0; i < N; ++i) {
    if (set.test(i)) names.append(names.empty() ? "" : ", ").append(name(static_cast<E>(i)));
  }
  return names;
}

std::string WhatOf(const GuardRule& rule) {
  std::string what =
      rule.categories.none() ? "" : Names<5, inspect::Category>(rule.categories, "everything", inspect::ToString);
  for (const std::string& entity : rule.entities) what.append(what.empty() ? "" : ", ").append(entity);
  if (what.empty()) what = "everything";
  if (rule.at_least > 0) what += " from " + std::to_string(rule.at_least).substr(0, 4);
  return what;
}

// Where nothing can be looked at, a rule holds nothing.
std::string SurfacesOf(const GuardRule& rule) {
  auto surfaces = rule.surfaces;
  if (surfaces.all()) return "every surface with content";
  return Names<pipeline::kSurfaces, pipeline::Surface>(surfaces, "", pipeline::ToString);
}

Line LineOf(const GuardRule& rule) {
  return {rule.id,
          std::string(ToString(rule.measure)),
          rule.mode == pipeline::Decision::Mode::kShadow ? "shadow" : "enforce",
          WhatOf(rule),
          Names<inspect::kChannels, inspect::Channel>(rule.channels, "every channel", inspect::ToString),
          Names<2, pipeline::Side>(rule.sides, "both ways", pipeline::ToString),
          SurfacesOf(rule)};
}

}  // namespace

std::string ToTable(const GuardSettings& settings) {
  std::vector<Line> lines = {{"guard rule", "effect", "mode", "finds", "in", "on", "surfaces"}};
  for (const GuardRule& rule : settings.rules) lines.push_back(LineOf(rule));
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) widths.at(i) = std::max(widths.at(i), line.at(i).size());
  }
  std::string table;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      table.append(line.at(i)).append(widths.at(i) - line.at(i).size() + 2, ' ');
    }
    table.append(line.back()).append("\n");
  }
  return table.append("Not inspected, and recorded as that: ")
      .append(pipeline::ToString(pipeline::Surface::kPassThrough))
      .append(" (opaque); images, sounds and files; what only its provider can decrypt.\n");
}

}  // namespace gatehouse::features::guard
