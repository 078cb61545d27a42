#include "case_value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "codec/cel/collection.h"
#include "codec/cel/function_table.h"
#include "codec/cel/literal.h"
#include "codec/cel/number.h"
#include "codec/cel/timestamp.h"
#include "codec/crypto/encoding.h"

namespace gatehouse::codec::cel {
namespace {

base::Error Unknown(std::string_view what, const json::Value& json) {
  return base::InvalidRequest("unknown " + std::string(what) + ": " + std::string(json.raw()));
}

// 64-bit integers are strings, and doubles that JSON lacks are too.
std::string_view NumberText(const json::Value& json) { return json.IsString() ? json.string() : json.raw(); }

base::Result<Value> ReadList(const json::Value& json, Evaluation& evaluation) {
  const json::Value values = json["values"];
  auto* elements = evaluation.arena().NewArray<Value>(values.size());
  std::size_t i = 0;
  for (const auto& [key, element, offset] : values) {
    GH_TRY(elements[i++], ReadCaseValue(element, evaluation));
  }
  return evaluation.List({elements, values.size()});
}

base::Result<Value> ReadMap(const json::Value& json, Evaluation& evaluation) {
  const json::Value entries = json["entries"];
  auto* pairs = evaluation.arena().NewArray<Value>(entries.size() * 2);
  std::size_t i = 0;
  for (const auto& [key, entry, offset] : entries) {
    GH_TRY(pairs[i++], ReadCaseValue(entry["key"], evaluation));
    GH_TRY(pairs[i++], ReadCaseValue(entry["value"], evaluation));
  }
  return MakeMap(evaluation, {pairs, entries.size() * 2});
}

base::Result<Value> ReadObject(const json::Value& json) {
  const std::string_view type = json["@type"].string();
  const std::string_view text = json["value"].string();
  if (type.ends_with("google.protobuf.Duration")) {
    if (const auto nanos = ParseDuration(text)) return Value::Duration(*nanos);
  }
  if (type.ends_with("google.protobuf.Timestamp")) {
    if (const auto time = ParseTimestamp(text)) return Value::Time(*time);
  }
  return Unknown("object", json);
}

base::Result<Value> ReadScalar(std::string_view name, const json::Value& json, Evaluation& evaluation) {
  if (name == "nullValue") return Value();
  if (name == "boolValue") return Value::Bool(json.AsBool().value_or(false));
  if (name == "int64Value") return Value::Int(ParseInt(NumberText(json)).value());
  if (name == "uint64Value") return Value::Uint(ParseUint(NumberText(json)).value());
  if (name == "doubleValue") return Value::Double(ParseDouble(NumberText(json)).value());
  if (name == "stringValue") return evaluation.String({json.string()});
  if (name == "typeValue") return Value::Type(evaluation.String({json.string()}).text());
  if (name == "bytesValue") return evaluation.Bytes({crypto::Base64Decode(json.string()).value()});
  return Unknown("value", json);
}

base::Result<Type> ReadPrimitive(const json::Value& json) {
  const std::string_view name = json.string();
  if (name == "BOOL") return Type::Bool();
  if (name == "INT64") return Type::Int();
  if (name == "UINT64") return Type::Uint();
  if (name == "DOUBLE") return Type::Double();
  if (name == "STRING") return Type::String();
  if (name == "BYTES") return Type::Bytes();
  return Unknown("primitive type", json);
}

base::Result<Type> ReadAbstract(const json::Value& json) {
  std::vector<Type> parameters;
  for (const auto& [key, parameter, offset] : json["parameterTypes"]) {
    GH_TRY(Type type, ReadCaseType(parameter));
    parameters.push_back(std::move(type));
  }
  if (json["name"].string() == "optional_type") return Type::Optional(parameters.at(0));
  return Type::Abstract(json["name"].string(), std::move(parameters));
}

}  // namespace

base::Result<Value> ReadCaseValue(const json::Value& json, Evaluation& evaluation) {
  if (json.size() != 1) return Unknown("value", json);
  for (const auto& [name, inner, offset] : json) {
    if (name == "listValue") return ReadList(inner, evaluation);
    if (name == "mapValue") return ReadMap(inner, evaluation);
    if (name == "objectValue") return ReadObject(inner);
    return ReadScalar(name, inner, evaluation);
  }
  return Unknown("value", json);
}

base::Result<Type> ReadCaseType(const json::Value& json) {
  for (const auto& [name, inner, offset] : json) {
    if (name == "dyn") return Type::Dyn();
    if (name == "null") return Type::Null();
    if (name == "primitive") return ReadPrimitive(inner);
    if (name == "messageType" && inner.string() == "google.protobuf.Duration") return Type::Duration();
    if (name == "messageType" && inner.string() == "google.protobuf.Timestamp") return Type::Timestamp();
    if (name == "typeParam") return Type::Parameter(static_cast<std::uint32_t>(inner.string().at(0) - 'A'));
    if (name == "abstractType") return ReadAbstract(inner);
    if (name == "listType") {
      GH_TRY(Type element, ReadCaseType(inner["elemType"]));
      return Type::List(std::move(element));
    }
    if (name == "mapType") {
      GH_TRY(Type key, ReadCaseType(inner["keyType"]));
      GH_TRY(Type value, ReadCaseType(inner["valueType"]));
      return Type::Map(std::move(key), std::move(value));
    }
  }
  return Unknown("type", json);
}

base::Result<FunctionEntry> ReadCaseFunction(const json::Value& json) {
  FunctionEntry entry;
  entry.name = json["name"].string();
  for (const auto& [key, overload, offset] : json["function"]["overloads"]) {
    Overload read;
    for (const auto& [index, parameter, at] : overload["params"]) {
      GH_TRY(Type type, ReadCaseType(parameter));
      read.parameters.push_back(std::move(type));
    }
    GH_TRY(read.result, ReadCaseType(overload["resultType"]));
    entry.overloads.push_back(std::move(read));
  }
  return entry;
}

bool SameResult(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.Is(Kind::kDouble) && std::isnan(a.AsDouble())) return std::isnan(b.AsDouble());
  if (a.Is(Kind::kList)) {
    if (a.list().size() != b.list().size()) return false;
    for (std::size_t i = 0; i < a.list().size(); ++i) {
      if (!SameResult(a.list().at(i), b.list().at(i))) return false;
    }
    return true;
  }
  if (a.Is(Kind::kMap)) {
    if (a.map().size() != b.map().size()) return false;
    for (std::size_t i = 0; i < a.map().size(); ++i) {
      if (!SameResult(a.map().ValueAt(i), b.map().Find(a.map().KeyAt(i)))) return false;
    }
    return true;
  }
  std::uint64_t effort = 0;
  return Equal(a, b, effort, 1'000'000).value_or(false);
}

std::string Describe(const Value& value) {
  const std::string kind(TypeName(value));
  switch (value.kind()) {
    case Kind::kString: return QuoteText(value.text());
    case Kind::kBytes: return QuoteBytes(value.text());
    case Kind::kType: return "type " + std::string(value.text());
    case Kind::kOptional: return value.held() == nullptr ? "none" : "optional " + Describe(*value.held());
    case Kind::kList: {
      std::string out = "[";
      for (std::size_t i = 0; i < value.list().size(); ++i) out += Describe(value.list().at(i)) + " ";
      return out + "]";
    }
    case Kind::kMap: {
      std::string out = "{";
      for (std::size_t i = 0; i < value.map().size(); ++i) {
        out += Describe(value.map().KeyAt(i)) + ": " + Describe(value.map().ValueAt(i)) + " ";
      }
      return out + "}";
    }
    default: break;
  }
  Arena arena(4096);
  Evaluation evaluation(arena, {}, nullptr);
  const Value text = ToText(evaluation, std::array{value});
  return kind + " " + (text.Is(Kind::kString) ? std::string(text.text()) : "");
}

}  // namespace gatehouse::codec::cel
