#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/cel/collection.h"
#include "codec/cel/value.h"
#include "codec/json/document.h"

namespace gatehouse::features::policy {

// A JSON object as a map of the language, searched by halves.
class JsonMap final : public codec::cel::MapView {
 public:
  using Entry = std::pair<std::string_view, codec::cel::Value>;
  // Sorted by name.
  explicit JsonMap(std::vector<Entry> entries) : entries_(std::move(entries)) {}
  std::size_t size() const override { return entries_.size(); }
  codec::cel::Value Find(const codec::cel::Value& key) const override;
  codec::cel::Value KeyAt(std::size_t index) const override { return codec::cel::Value::String(entries_[index].first); }
  codec::cel::Value ValueAt(std::size_t index) const override { return entries_[index].second; }

 private:
  std::vector<Entry> entries_;
};

// A JSON text as values of the language: whole numbers are int, others double. Owns all that the values show; pinned
// in memory, immutable.
class JsonValue {
 public:
  // Errors are kInvalidRequest: not JSON, or deeper than 32.
  static base::Result<std::unique_ptr<const JsonValue>> Parse(std::string text);
  JsonValue(const JsonValue&) = delete;
  JsonValue& operator=(const JsonValue&) = delete;

  const codec::cel::Value& value() const { return value_; }
  // Null where it is no object.
  const JsonMap* map() const { return map_; }

 private:
  explicit JsonValue(std::string text) : text_(std::move(text)) {}
  codec::cel::Value Convert(codec::json::Value value);
  codec::cel::Value ConvertList(codec::json::Value list);
  const JsonMap* ConvertMap(codec::json::Value object);

  std::string text_;
  codec::json::Document document_;
  std::deque<std::vector<codec::cel::Value>> elements_;
  std::deque<codec::cel::ArrayList> lists_;
  std::deque<JsonMap> maps_;
  codec::cel::Value value_;
  const JsonMap* map_ = nullptr;
};

}  // namespace gatehouse::features::policy
