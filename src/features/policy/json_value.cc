#include "features/policy/json_value.h"

#include <algorithm>
#include <memory>

namespace gatehouse::features::policy {
namespace {

namespace cel = codec::cel;
using codec::json::Type;

constexpr std::size_t kMaxDepth = 32;

}  // namespace

cel::Value JsonMap::Find(const cel::Value& key) const {
  if (!key.Is(cel::Kind::kString)) return cel::Value::Absent();
  const auto found = std::ranges::lower_bound(entries_, key.text(), {}, &Entry::first);
  return found != entries_.end() && found->first == key.text() ? found->second : cel::Value::Absent();
}

base::Result<std::unique_ptr<const JsonValue>> JsonValue::Parse(std::string text) {
  std::unique_ptr<JsonValue> parsed(new JsonValue(std::move(text)));
  GH_CHECK_OK(parsed->document_.Parse(parsed->text_, {.depth = kMaxDepth}));
  const codec::json::Value root = parsed->document_.root();
  parsed->value_ = parsed->Convert(root);
  if (root.IsObject()) parsed->map_ = &parsed->maps_.back();  // the outermost is complete last
  return std::unique_ptr<const JsonValue>(std::move(parsed));
}

cel::Value JsonValue::Convert(codec::json::Value value) {
  switch (value.type()) {
    case Type::kMissing:
    case Type::kNull: return {};
    case Type::kBool: return cel::Value::Bool(value.AsBool().value_or(false));
    case Type::kNumber:
      if (const auto whole = value.AsInteger()) return cel::Value::Int(*whole);
      return cel::Value::Double(value.AsNumber().value_or(0));
    case Type::kString: return cel::Value::String(value.string());
    case Type::kArray: return ConvertList(value);
    case Type::kObject: return cel::Value::Map(ConvertMap(value));
  }
  return {};
}

cel::Value JsonValue::ConvertList(codec::json::Value list) {
  std::vector<cel::Value> elements;
  elements.reserve(list.size());
  for (const auto& element : list) elements.push_back(Convert(element.value));
  return cel::Value::List(&lists_.emplace_back(elements_.emplace_back(std::move(elements))));
}

const JsonMap* JsonValue::ConvertMap(codec::json::Value object) {
  std::vector<JsonMap::Entry> entries;
  entries.reserve(object.size());
  for (const auto& member : object) entries.emplace_back(member.key, Convert(member.value));
  std::ranges::sort(entries, {}, &JsonMap::Entry::first);
  return &maps_.emplace_back(std::move(entries));
}

}  // namespace gatehouse::features::policy
