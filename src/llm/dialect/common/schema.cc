#include "llm/dialect/common/schema.h"

#include <algorithm>
#include <string>
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
