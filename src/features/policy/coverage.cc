#include "features/policy/coverage.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "pipeline/content_rules.h"

namespace gatehouse::features::policy {
namespace {

using pipeline::Decision;
using pipeline::Phase;

constexpr std::string_view kNobody = "NOBODY";

std::string EnforcerOf(const Enforcers& enforcers, pipeline::Surface surface, Phase phase) {
  for (const pipeline::Enforcer* stage : enforcers) {
    if (stage->Enforces(surface, phase) == pipeline::Enforcement::kEnforced) return std::string(stage->Name());
  }
  return "";
}

void AddRows(Coverage::Row row, const Surfaces& wanted, const Enforcers& enforcers, Coverage& coverage) {
  std::map<std::string, Surfaces> enforced;
  for (std::size_t i = 0; i < pipeline::kSurfaces; ++i) {
    if (wanted.test(i)) enforced[EnforcerOf(enforcers, static_cast<pipeline::Surface>(i), row.phase)].set(i);
  }
  for (const auto& [stage, surfaces] : enforced) {
    row.enforced_by = stage;
    row.surfaces = surfaces;
    coverage.rows.push_back(row);
  }
}

std::string SurfaceNames(const Surfaces& surfaces) {
  if (surfaces.all()) return "every surface";
  Surfaces opaque;
  opaque.set(static_cast<std::size_t>(pipeline::Surface::kPassThrough));
  if ((surfaces | opaque).all()) return "every surface but pass_through";
  std::string names;
  for (std::size_t i = 0; i < pipeline::kSurfaces; ++i) {
    if (!surfaces.test(i)) continue;
    names.append(names.empty() ? "" : ", ").append(pipeline::ToString(static_cast<pipeline::Surface>(i)));
  }
  return names;
}

constexpr std::size_t kColumns = 6;
using Line = std::array<std::string, kColumns>;

Line LineOf(const Coverage::Row& row) {
  return {row.rule,
          std::string(pipeline::ToString(row.phase)),
          std::string(pipeline::ToString(row.effect)),
          row.mode == Decision::Mode::kShadow ? "shadow" : "enforce",
          row.enforced_by.empty() ? std::string(kNobody) : row.enforced_by,
          SurfaceNames(row.surfaces)};
}

}  // namespace

bool Coverage::IsWhole() const {
  return std::ranges::none_of(rows, [](const Row& row) { return row.enforced_by.empty(); });
}

Coverage Prove(const RuleSet& rules, const Enforcers& enforcers) {
  Coverage coverage;
  for (const Rule& rule : rules.rules()) {
    AddRows({.rule = rule.id, .phase = rule.phase, .effect = rule.effect, .mode = rule.mode}, rule.scope.surfaces,
            enforcers, coverage);
  }
  for (std::size_t i = 0; i < kPhases; ++i) {
    const auto phase = static_cast<Phase>(i);
    if (rules.Otherwise(phase) == pipeline::Effect::kAllow) continue;
    // An opaque exchange has no phase of content.
    Surfaces surfaces = Surfaces().set();
    if (pipeline::IsOfContent(phase)) surfaces.reset(static_cast<std::size_t>(pipeline::Surface::kPassThrough));
    AddRows({.rule = "default", .phase = phase, .effect = pipeline::Effect::kDeny}, surfaces, enforcers, coverage);
  }
  return coverage;
}

std::string ToTable(const Coverage& coverage) {
  if (coverage.rows.empty()) return "";
  std::vector<Line> lines = {{"rule", "phase", "effect", "mode", "enforced by", "on"}};
  for (const Coverage::Row& row : coverage.rows) lines.push_back(LineOf(row));
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
  return table;
}

base::Status Require(const Coverage& coverage) {
  if (coverage.IsWhole()) return base::Ok();
  Coverage holes;
  std::ranges::copy_if(coverage.rows, std::back_inserter(holes.rows),
                       [](const Coverage::Row& row) { return row.enforced_by.empty(); });
  return base::InvalidRequest(
      "policies: nothing in this gateway enforces these rules where they apply:\n" + ToTable(holes) +
      "Limit them with `match: { surfaces: [...] }`, use another phase, or take them out. Phases "
      "of content need the guard, to which pass_through is opaque.");
}

}  // namespace gatehouse::features::policy
