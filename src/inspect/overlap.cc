#include "inspect/overlap.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <span>
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

auto ByKind(const Finding& finding) {
  return std::tuple(finding.category, std::string_view(finding.entity), finding.view);
}

bool IsBefore(const Finding& a, const Finding& b) {
  if (a.span.begin != b.span.begin) return a.span.begin < b.span.begin;
  if (a.span.end != b.span.end) return a.span.end < b.span.end;
  return ByKind(a) < ByKind(b);
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
  return IsBefore(a, b);
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

// Whether a span overlaps none of those before it, the last of which is `previous` and the farthest ends at `reach`.
bool BeginsApart(Span span, std::size_t reach, Span previous) {
  return span.begin >= reach && span.begin != previous.begin;
}

// Appends the numbers, from `first` on, of those that stay of findings that lie next to one another.
void Resolve(std::span<const Finding> findings, std::size_t first, std::vector<std::size_t>& survivors) {
  std::vector<std::size_t> order(findings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return IsPreferred(findings[a], findings[b]); });
  const auto begin = static_cast<std::ptrdiff_t>(survivors.size());
  Kept kept;
  for (const std::size_t at : order) {
    if (kept.Admit(LaneOf(findings[at]), findings[at].span)) survivors.push_back(first + at);
  }
  std::sort(survivors.begin() + begin, survivors.end());
}

}  // namespace

void ResolveOverlaps(std::vector<Finding>& findings, std::size_t first) {
  if (findings.size() < first + 2) return;
  const auto own = std::span(findings).subspan(first);
  if (!std::ranges::is_sorted(own, IsBefore)) std::ranges::sort(own, IsBefore);
  JoinViews(findings, first);

  // What lies apart from its neighbours stays; what overlaps others is resolved among them.
  std::vector<std::size_t> survivors;
  for (std::size_t begin = first; begin < findings.size();) {
    std::size_t reach = findings[begin].span.end;
    std::size_t end = begin + 1;
    for (; end < findings.size() && !BeginsApart(findings[end].span, reach, findings[end - 1].span); ++end) {
      reach = std::max(reach, findings[end].span.end);
    }
    if (end == begin + 1) {
      survivors.push_back(begin);
    } else {
      Resolve(std::span(findings).subspan(begin, end - begin), begin, survivors);
    }
    begin = end;
  }
  std::size_t to = first;
  for (const std::size_t at : survivors) {
    if (to != at) findings[to] = std::move(findings[at]);
    ++to;
  }
  findings.resize(to);
}

}  // namespace gatehouse::inspect
