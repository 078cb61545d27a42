#include "llm/dialect/common/strict_schema.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/json/document.h"
#include "codec/json/writer.h"

namespace gatehouse::llm::dialect::common {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::array<std::string_view, 6> kKept = {"type", "title", "enum", "const", "default", "required"};
constexpr std::array<std::string_view, 3> kMapsOfSchemas = {"properties", "$defs", "definitions"};
constexpr std::array<std::string_view, 10> kFormats = {"date-time", "time", "date", "duration", "email",
                                                       "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};
// Said about a schema, not about its values.
constexpr std::array<std::string_view, 9> kNotes = {
    "$schema", "$id", "$comment", "examples", "propertyOrdering", "deprecated", "readOnly", "writeOnly", "$anchor"};

template <std::size_t n>
bool IsOneOf(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool IsObjectType(Value schema) {
  const Value type = schema["type"];
  if (type.string() == "object" || schema["properties"].IsObject()) return true;
  return std::any_of(type.begin(), type.end(), [](auto member) { return member.value.string() == "object"; });
}

// Nothing that is not nested deeper than the parser allows comes here: the recursion is bounded by it.
class Narrower {
 public:
  Narrower(std::string& out, std::vector<std::string>& told) : writer_(out), told_(&told) {}

  void Write(Value schema) {
    if (!schema.IsObject()) {
      writer_.Raw(schema.raw());
      return;
    }
    writer_.BeginObject();
    if (schema["$ref"].IsString()) {
      writer_.RawField("$ref", schema["$ref"].raw());
    } else {
      WriteMembers(schema);
    }
    writer_.EndObject();
  }

 private:
  void WriteMembers(Value schema) {
    std::string told;
    const bool object = IsObjectType(schema);
    for (const auto& [key, value, offset] : schema) {
      if (key == "description" || (object && key == "additionalProperties")) continue;
      if (!WriteMember(key, value)) Tell(key, value, told);
    }
    if (object) Close(schema["additionalProperties"], told);
    WriteDescription(schema["description"].string(), told);
  }

  // False for a keyword that the subset lacks.
  bool WriteMember(std::string_view key, Value value) {
    if (IsOneOf(kKept, key)) {
      writer_.RawField(key, value.raw());
    } else if (IsOneOf(kMapsOfSchemas, key)) {
      WriteMap(key, value);
    } else if (key == "anyOf" || key == "oneOf" || key == "allOf") {
      WriteList(key == "allOf" ? key : "anyOf", value);
    } else if (key == "items" && value.IsObject()) {
      writer_.Key(key);
      Write(value);
    } else if (key == "format" && IsOneOf(kFormats, value.string())) {
      writer_.RawField(key, value.raw());
    } else if (key == "minItems" && (value.raw() == "0" || value.raw() == "1")) {
      writer_.RawField(key, value.raw());
    } else {
      return IsOneOf(kNotes, key);
    }
    return true;
  }

  void WriteMap(std::string_view key, Value map) {
    writer_.Key(key).BeginObject();
    for (const auto& [name, schema, offset] : map) {
      writer_.Key(name);
      Write(schema);
    }
    writer_.EndObject();
  }
  void WriteList(std::string_view key, Value list) {
    writer_.Key(key).BeginArray();
    for (const auto element : list) Write(element.value);
    writer_.EndArray();
  }

  void Close(Value additional, std::string& told) {
    writer_.Field("additionalProperties", false);
    if (additional.IsObject() || additional.AsBool() == true) Tell("additionalProperties", additional, told);
  }

  void Tell(std::string_view key, Value value, std::string& told) {
    if (std::ranges::find(*told_, key) == told_->end()) told_->emplace_back(key);
    told.append(told.empty() ? "{" : ", ").append(key).append(": ").append(value.raw());
  }

  void WriteDescription(std::string_view description, std::string_view told) {
    if (description.empty() && told.empty()) return;
    std::string text(description);
    if (!told.empty()) text.append(text.empty() ? "" : "\n\n").append(told).append("}");
    writer_.Field("description", text);
  }

  Writer writer_;
  std::vector<std::string>* told_;
};

}  // namespace

base::Result<StrictSchema> ToStrictSchema(std::string_view schema) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(schema));
  if (!document.root().IsObject()) return base::InvalidRequest("A schema must be a JSON object.");
  StrictSchema strict;
  Narrower(strict.schema, strict.told).Write(document.root());
  return strict;
}

void NoteTold(const StrictSchema& strict, std::string_view field, std::string_view target, std::vector<Loss>& losses) {
  if (strict.told.empty()) return;
  std::string names;
  for (const std::string& name : strict.told) names.append(names.empty() ? "" : ", ").append(name);
  losses.push_back({Loss::Kind::kHint, std::string(field),
                    std::string(target) + " does not enforce " + names + "; the model is told in words"});
}

}  // namespace gatehouse::llm::dialect::common
