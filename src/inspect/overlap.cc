#include "inspect/overlap.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace gatehouse::inspect {
namespace {

// Findings of one lane do not overlap once they are resolved.
using Lane = std::pair<Category, std::string_view>;

Lane LaneOf(const Finding& finding) {
  if (finding.category == Category::kPii || finding.category == Category::kSecret) return {Category::kPii, ""};
  return {finding.category, finding.entity};
}

auto ByPlace(const Finding& finding) {
  return std::tuple(finding.span.begin, finding.span.end, finding.category, std::string_view(finding.entity),
                    finding.view);
}

bool IsSameThing(const Finding& a, const Finding& b) {
  return a.span == b.span && a.category == b.category && a.entity == b.entity;
}

// Joins what several views show of one thing; `findings` are by place.
void JoinViews(std::vector<Finding>& findings, std::size_t first) {
  std::size_t kept = first;
  for (std::size_t at = first + 1; at < findings.size(); ++at) {
    if (IsSameThing(findings[kept], findings[at])) {
      findings[kept].confidence = std::max(findings[kept].confidence, findings[at].confidence);
    } else if (++kept != at) {
      findings[kept] = std::move(findings[at]);
    }
  }
  findings.resize(kept + 1);
}

bool IsPreferred(const Finding& a, const Finding& b) {
  const auto rank = [](const Finding& finding) { return std::pair(finding.confidence, finding.span.size()); };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  if (a.view != b.view) return a.view < b.view;
  return ByPlace(a) < ByPlace(b);
}

// The spans kept so far of all lanes.
class Kept {
 public:
  // Whether `span` overlaps none of its lane; it is kept then.
  bool Admit(const Lane& lane, Span span) {
    const auto next = spans_.lower_bound({lane, span.begin});
    if (next != spans_.end() && next->first.first == lane && next->first.second < span.end) return false;
    if (next != spans_.begin()) {
      const auto previous = std::prev(next);
      if (previous->first.first == lane && previous->second > span.begin) return false;
    }
    spans_.emplace_hint(next, std::pair(lane, span.begin), span.end);
    return true;
  }

 private:
  std::map<std::pair<Lane, std::size_t>, std::size_t> spans_;  // lane and begin -> end
};

}  // namespace

void ResolveOverlaps(std::vector<Finding>& findings, std::size_t first) {
  if (findings.size() < first + 2) return;
  std::sort(findings.begin() + static_cast<std::ptrdiff_t>(first), findings.end(),
            [](const Finding& a, const Finding& b) { return ByPlace(a) < ByPlace(b); });
  JoinViews(findings, first);

  std::vector<std::size_t> order;
  for (std::size_t at = first; at < findings.size(); ++at) order.push_back(at);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return IsPreferred(findings[a], findings[b]); });
  Kept kept;
  std::vector<std::size_t> survivors;
  for (const std::size_t at : order) {
    if (kept.Admit(LaneOf(findings[at]), findings[at].span)) survivors.push_back(at);
  }
  std::ranges::sort(survivors);
  std::size_t to = first;
  for (const std::size_t at : survivors) {
    if (to != at) findings[to] = std::move(findings[at]);
    ++to;
  }
  findings.resize(to);
}

}  // namespace gatehouse::inspect
