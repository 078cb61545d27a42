#include "features/policy/finding_list.h"

#include <array>
#include <cmath>
#include <string_view>

namespace gatehouse::features::policy {
namespace {

using codec::cel::Kind;
using codec::cel::Value;

using pipeline::ContentFinding;

// As a person would write it: 0.95, and not the float that is nearest.
Value ConfidenceOf(const ContentFinding& found) {
  constexpr double kDigits = 10'000;
  return Value::Double(std::round(static_cast<double>(found.finding.confidence) * kDigits) / kDigits);
}

struct Field {
  std::string_view name;
  Value (*value)(const ContentFinding& found);
};
constexpr std::array<Field, 5> kFields = {
    {{"category", [](const ContentFinding& found) { return Value::String(ToString(found.finding.category)); }},
     {"entity", [](const ContentFinding& found) { return Value::String(found.finding.entity); }},
     {"channel", [](const ContentFinding& found) { return Value::String(ToString(found.channel)); }},
     {"confidence", ConfidenceOf},
     {"view", [](const ContentFinding& found) { return Value::String(ToString(found.finding.view)); }}}};

}  // namespace

std::size_t FindingView::size() const { return kFields.size(); }

Value FindingView::Find(const Value& key) const {
  if (!key.Is(Kind::kString)) return Value::Absent();
  for (const Field& field : kFields) {
    if (field.name == key.text()) return field.value(*found_);
  }
  return Value::Absent();
}

Value FindingView::KeyAt(std::size_t index) const { return Value::String(kFields.at(index).name); }

Value FindingView::ValueAt(std::size_t index) const { return kFields.at(index).value(*found_); }

FindingList::FindingList(const std::vector<ContentFinding>& found) {
  views_.reserve(found.size());
  for (const ContentFinding& one : found) views_.emplace_back(one);
}

}  // namespace gatehouse::features::policy
