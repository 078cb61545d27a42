#include "llm/dialect/gemini/schema.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json/writer.h"
#include "llm/dialect/gemini/parts.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Value;
using codec::json::Writer;

void WriteSchema(Writer& writer, Value schema);

constexpr std::string_view kBounds[] = {"minItems",  "maxItems",      "minLength",
                                        "maxLength", "minProperties", "maxProperties"};

// A 64-bit bound in quotes, as protobuf's JSON mapping writes them.
std::optional<std::uint64_t> Bound(std::string_view name, Value value) {
  if (!value.IsString() || std::ranges::find(kBounds, name) == std::end(kBounds)) return std::nullopt;
  const auto text = value.string();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

void WriteType(Writer& writer, Value type, bool nullable) {
  const auto name = Lower(type.string());
  if (!type.IsString() || name == "type_unspecified") return;
  writer.Key("type");
  if (!nullable) {
    writer.String(name);
    return;
  }
  writer.BeginArray().String(name).String("null").EndArray();
}

void WriteProperties(Writer& writer, Value properties) {
  writer.BeginObject();
  for (const auto property : properties) {
    writer.Key(property.key);
    WriteSchema(writer, property.value);
  }
  writer.EndObject();
}

void WriteAlternatives(Writer& writer, Value alternatives, bool nullable) {
  writer.BeginArray();
  for (const auto alternative : alternatives) WriteSchema(writer, alternative.value);
  if (nullable) writer.BeginObject().Field("type", "null").EndObject();
  writer.EndArray();
}

void WriteEnum(Writer& writer, Value values, bool nullable) {
  writer.BeginArray();
  for (const auto value : values) writer.Raw(value.value.raw());
  if (nullable) writer.Null();
  writer.EndArray();
}

void WriteMember(Writer& writer, std::string_view name, Value value, bool nullable) {
  writer.Key(name);
  if (name == "properties" && value.IsObject()) {
    WriteProperties(writer, value);
  } else if (name == "anyOf" && value.IsArray()) {
    WriteAlternatives(writer, value, nullable);
  } else if (name == "enum" && value.IsArray()) {
    WriteEnum(writer, value, nullable);
  } else if (name == "items" || name == "additionalProperties") {
    WriteSchema(writer, value);
  } else if (const auto bound = Bound(name, value)) {
    writer.Number(*bound);
  } else {
    writer.Raw(value.raw());
  }
}

void WriteSchema(Writer& writer, Value schema) {
  if (!schema.IsObject()) {
    writer.Raw(schema.raw());
    return;
  }
  const bool nullable = schema["nullable"].AsBool().value_or(false);
  writer.BeginObject();
  for (const auto member : schema) {
    const auto name = CamelCase(member.key);
    if (name == "type" && member.value.IsString()) {
      WriteType(writer, member.value, nullable);
    } else if (name != "nullable" && !member.value.IsNull()) {
      WriteMember(writer, name, member.value, nullable);
    }
  }
  writer.EndObject();
}

}  // namespace

JsonText ToJsonSchema(Value schema) {
  JsonText out;
  Writer writer(out);
  WriteSchema(writer, schema);
  return out;
}

}  // namespace gatehouse::llm::dialect::gemini
