#include "llm/dialect/common/schema.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "codec/json/document.h"
#include "codec/json/writer.h"

namespace gatehouse::llm::dialect::common {
namespace {

using codec::json::Value;

constexpr std::size_t kMaxExpandedBytes = 1024 * 1024;
constexpr std::size_t kMaxDepth = 128;
constexpr std::string_view kEmptyObjectSchema = R"({"type":"object","properties":{}})";

base::Error Refuse(std::string message) {
  return base::Error{.code = base::ErrorCode::kUnsupported,
                     .source = base::ErrorSource::kClient,
                     .public_message = std::move(message)};
}

// One token of a JSON pointer (RFC 6901): "a~1b" -> "a/b".
std::string Unescape(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    if (!escape) {
      text += token[i];
      continue;
    }
    ++i;
    text += token[i] == '1' ? '/' : '~';
  }
  return text;
}

Value Child(Value parent, const std::string& token) {
  if (!parent.IsArray()) return parent[token];
  const bool digits =
      !token.empty() && token.size() < 6 && std::ranges::all_of(token, [](char c) { return c >= '0' && c <= '9'; });
  return digits ? parent.at(static_cast<std::size_t>(std::stoul(token))) : Value();
}

// The value at "#/$defs/Point"; missing when there is none.
Value Resolve(Value root, std::string_view pointer) {
  if (!pointer.starts_with('#')) return {};
  pointer.remove_prefix(1);
  Value at = root;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return {};
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    at = Child(at, Unescape(token));
    pointer.remove_prefix(token.size());
  }
  return at;
}

class Inliner {
 public:
  Inliner(Value root, std::string& out) : root_(root), out_(&out), writer_(out) {}

  base::Status Write(Value value, std::size_t depth) {
    if (depth > kMaxDepth || out_->size() > kMaxExpandedBytes) {
      return Refuse("The schema is too large once its references are written out. Simplify it.");
    }
    if (value.IsArray()) return WriteArray(value, depth);
    if (!value.IsObject()) {
      writer_.Raw(value.raw());
      return base::Ok();
    }
    if (const Value reference = value["$ref"]; reference.IsString())
      return WriteTarget(value, reference.string(), depth);
    writer_.BeginObject();
    GH_CHECK_OK(WriteMembers(value, Value(), depth));
    writer_.EndObject();
    return base::Ok();
  }

 private:
  base::Status WriteArray(Value array, std::size_t depth) {
    writer_.BeginArray();
    for (const auto element : array) GH_CHECK_OK(Write(element.value, depth + 1));
    writer_.EndArray();
    return base::Ok();
  }

  // The members of `object`, without those that `except` also has.
  base::Status WriteMembers(Value object, Value except, std::size_t depth) {
    for (const auto& [key, value, offset] : object) {
      if (key == "$ref" && value.IsString()) continue;
      if ((key == "$defs" || key == "definitions") && object.offset() == root_.offset()) continue;
      if (!except[key].IsMissing()) continue;
      writer_.Key(key);
      GH_CHECK_OK(Write(value, depth + 1));
    }
    return base::Ok();
  }

  // What the reference points to; members beside "$ref" win over those of the target.
  base::Status WriteTarget(Value site, std::string_view reference, std::size_t depth) {
    const Value target = Resolve(root_, reference);
    if (!target.IsObject()) {
      return Refuse(std::string("The schema refers to ").append(reference).append(", which it does not define."));
    }
    writer_.BeginObject();
    GH_CHECK_OK(WriteMembers(site, Value(), depth));
    if (std::ranges::find(active_, target.offset()) != active_.end()) {
      if (target["type"].IsString() && site["type"].IsMissing()) writer_.RawField("type", target["type"].raw());
    } else {
      active_.push_back(target.offset());
      GH_CHECK_OK(WriteExpanded(target, site, depth));
      active_.pop_back();
    }
    writer_.EndObject();
    return base::Ok();
  }

  // A definition may itself be nothing but a reference.
  base::Status WriteExpanded(Value target, Value site, std::size_t depth) {
    if (depth > kMaxDepth) return Refuse("The schema's references go too deep.");
    GH_CHECK_OK(WriteMembers(target, site, depth));
    const Value next = target["$ref"];
    if (!next.IsString()) return base::Ok();
    const Value chained = Resolve(root_, next.string());
    if (!chained.IsObject() || std::ranges::find(active_, chained.offset()) != active_.end()) return base::Ok();
    active_.push_back(chained.offset());
    GH_CHECK_OK(WriteExpanded(chained, target, depth + 1));
    active_.pop_back();
    return base::Ok();
  }

  Value root_;
  std::string* out_;
  codec::json::Writer writer_;
  std::vector<std::size_t> active_;  // offsets of the definitions being written, against endless recursion
};

// What an object schema says of its members, its alternatives included.
struct Shape {
  struct Property {
    std::string name;
    std::vector<std::string_view> schemas;  // that differ
  };
  std::vector<Property> properties;
  std::vector<std::string> required;

  void Add(std::string_view name, std::string_view schema) {
    auto found = std::ranges::find(properties, name, &Property::name);
    if (found == properties.end()) found = properties.insert(found, Property{std::string(name), {}});
    if (std::ranges::find(found->schemas, schema) == found->schemas.end()) found->schemas.push_back(schema);
  }
  void Require(std::string_view name) {
    if (std::ranges::find(required, name) == required.end()) required.emplace_back(name);
  }
};

constexpr std::array<std::string_view, 3> kAlternatives = {"anyOf", "oneOf", "allOf"};
constexpr std::size_t kMaxAlternativesDepth = 8;

bool IsAlternatives(std::string_view name) { return std::ranges::find(kAlternatives, name) != kAlternatives.end(); }

Shape ShapeOf(Value root, Value schema, std::size_t depth);

// What every one of the branches requires.
void AddBranches(Value root, Value branches, Shape& shape, std::size_t depth) {
  std::optional<std::vector<std::string>> common;
  for (const auto branch : branches) {
    Shape other = ShapeOf(root, branch.value, depth + 1);
    for (const auto& [name, schemas] : other.properties) {
      for (const auto schema : schemas) shape.Add(name, schema);
    }
    if (!common) {
      common = std::move(other.required);
    } else {
      std::erase_if(*common, [&](const std::string& name) {
        return std::ranges::find(other.required, name) == other.required.end();
      });
    }
  }
  for (const std::string& name : common.value_or(std::vector<std::string>())) shape.Require(name);
}

void AddAll(Value root, Value parts, Shape& shape, std::size_t depth) {
  for (const auto part : parts) {
    const Shape other = ShapeOf(root, part.value, depth + 1);
    for (const auto& [name, schemas] : other.properties) {
      for (const auto schema : schemas) shape.Add(name, schema);
    }
    for (const std::string& name : other.required) shape.Require(name);
  }
}

Shape ShapeOf(Value root, Value schema, std::size_t depth) {
  Shape shape;
  if (schema["$ref"].IsString()) schema = Resolve(root, schema["$ref"].string());
  if (depth > kMaxAlternativesDepth || !schema.IsObject()) return shape;
  for (const auto& [name, property, offset] : schema["properties"]) shape.Add(name, property.raw());
  for (const auto name : schema["required"]) shape.Require(name.value.string());
  AddBranches(root, schema["anyOf"], shape, depth);
  AddBranches(root, schema["oneOf"], shape, depth);
  AddAll(root, schema["allOf"], shape, depth);
  return shape;
}

void WriteProperty(codec::json::Writer& writer, const Shape::Property& property) {
  writer.Key(property.name);
  if (property.schemas.size() == 1) {
    writer.Raw(property.schemas.front());
    return;
  }
  writer.BeginObject().Key("anyOf").BeginArray();
  for (const auto schema : property.schemas) writer.Raw(schema);
  writer.EndArray().EndObject();
}

bool Mentions(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

}  // namespace

base::Result<JsonText> ObjectSchema(std::string_view schema) {
  if (schema.empty()) return JsonText(kEmptyObjectSchema);
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(schema));
  const Value root = document.root();
  if (!root.IsObject()) return base::InvalidRequest("The schema of a tool's arguments must be a JSON object.");
  const bool has_type = root["type"].IsString() && root["type"].string() == "object";
  const bool has_properties = root["properties"].IsObject();
  if (has_type && has_properties) return JsonText(schema);
  JsonText out;
  codec::json::Writer writer(out);
  writer.BeginObject().Field("type", "object");
  if (!has_properties) writer.Key("properties").BeginObject().EndObject();
  for (const auto& [key, value, offset] : root) {
    if (key == "type" || (key == "properties" && !has_properties)) continue;
    writer.RawField(key, value.raw());
  }
  writer.EndObject();
  return out;
}

std::optional<JsonText> MergeTopAlternatives(std::string_view schema) {
  codec::json::Document document;
  if (!document.Parse(schema).ok()) return std::nullopt;
  const Value root = document.root();
  if (std::ranges::all_of(kAlternatives, [&](std::string_view name) { return root[name].IsMissing(); })) {
    return std::nullopt;
  }
  const Shape shape = ShapeOf(root, root, 0);
  JsonText out;
  codec::json::Writer writer(out);
  writer.BeginObject().Field("type", "object").Key("properties").BeginObject();
  for (const Shape::Property& property : shape.properties) WriteProperty(writer, property);
  writer.EndObject();
  if (!shape.required.empty()) {
    writer.Key("required").BeginArray();
    for (const std::string& name : shape.required) writer.String(name);
    writer.EndArray();
  }
  for (const auto& [key, value, offset] : root) {
    if (key == "type" || key == "properties" || key == "required" || IsAlternatives(key)) continue;
    writer.RawField(key, value.raw());
  }
  writer.EndObject();
  return out;
}

base::Result<JsonText> ArgumentsSchema(std::string_view schema, std::string_view path, std::string_view target,
                                       std::vector<Loss>& losses) {
  auto merged = MergeTopAlternatives(schema);
  if (!merged) return ObjectSchema(schema);
  losses.push_back({Loss::Kind::kHint, std::string(path),
                    std::string(target) + " takes no alternatives at the top of a schema; they were merged"});
  return *std::move(merged);
}

base::Result<JsonText> InlineReferences(std::string_view schema) {
  if (!Mentions(schema, "\"$ref\"") && !Mentions(schema, "\"$defs\"") && !Mentions(schema, "\"definitions\"")) {
    return JsonText(schema);
  }
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(schema));
  JsonText out;
  Inliner inliner(document.root(), out);
  GH_CHECK_OK(inliner.Write(document.root(), 0));
  return out;
}

}  // namespace gatehouse::llm::dialect::common
