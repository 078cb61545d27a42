#pragma once

#include <cstddef>
#include <vector>

#include "codec/cel/value.h"
#include "pipeline/content_rules.h"

namespace gatehouse::features::policy {

// What was found in a text, as an object of the language: category, entity, channel, confidence, view.
class FindingView final : public codec::cel::MapView {
 public:
  explicit FindingView(const pipeline::ContentFinding& found) : found_(&found) {}
  std::size_t size() const override;
  codec::cel::Value Find(const codec::cel::Value& key) const override;
  codec::cel::Value KeyAt(std::size_t index) const override;
  codec::cel::Value ValueAt(std::size_t index) const override;

 private:
  const pipeline::ContentFinding* found_;
};

// All of them, as a list of the language. What it shows outlives it, and does not change meanwhile.
class FindingList final : public codec::cel::ListView {
 public:
  explicit FindingList(const std::vector<pipeline::ContentFinding>& found);
  std::size_t size() const override { return views_.size(); }
  codec::cel::Value at(std::size_t index) const override { return codec::cel::Value::Map(&views_[index]); }

 private:
  std::vector<FindingView> views_;
};

}  // namespace gatehouse::features::policy
