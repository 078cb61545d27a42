#include "llm/dialect/common/vectors.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::common {
namespace {

void WriteFloat(codec::json::Writer& writer, float number) {
  if (!std::isfinite(number)) {
    writer.Null();
    return;
  }
  std::array<char, 32> text{};
  const auto* end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  writer.Raw(std::string_view(text.data(), end));
}

}  // namespace

void WriteVector(codec::json::Writer& writer, const std::vector<float>& vector) {
  writer.BeginArray();
  for (const float number : vector) WriteFloat(writer, number);
  writer.EndArray();
}

base::Result<std::vector<float>> ReadVector(codec::json::Value array) {
  if (!array.IsArray()) return BadUpstream("an embedding that is no array");
  std::vector<float> vector;
  vector.reserve(array.size());
  for (const auto element : array) {
    const auto number = element.value.AsNumber();
    if (!number) return BadUpstream("an embedding that is not of numbers");
    vector.push_back(static_cast<float>(*number));
  }
  return vector;
}

}  // namespace gatehouse::llm::dialect::common
