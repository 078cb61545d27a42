#include "codec/cel/collection.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <string_view>

#include "codec/cel/number.h"

namespace gatehouse::codec::cel {
namespace {

std::uint64_t Mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0x9E3779B97F4A7C15ULL;
  return x ^ (x >> 29);
}

// Equal keys have equal hashes: a whole double hashes as the integer it equals. Other doubles equal no key.
std::uint64_t Hash(const Value& key) {
  switch (key.kind()) {
    case Kind::kString: return std::hash<std::string_view>()(key.text());
    case Kind::kBool: return key.AsBool() ? 0x51 : 0x52;
    case Kind::kDouble: {
      const double number = key.AsDouble();
      if (number >= -9223372036854775808.0 && number < 9223372036854775808.0) {
        return Mix(static_cast<std::uint64_t>(static_cast<std::int64_t>(number)));
      }
      if (number >= 0 && number < 18446744073709551616.0) return Mix(static_cast<std::uint64_t>(number));
      return 0;
    }
    default: return Mix(key.AsUint());
  }
}

// Whether a double is that integer, without rounding.
bool IsExactly(double number, const Value& integer) {
  if (number != std::trunc(number)) return false;
  if (integer.Is(Kind::kInt)) {
    const auto whole = ToInt(number);
    return whole.has_value() && *whole == integer.AsInt();
  }
  const auto whole = ToUint(number);
  return integer.Is(Kind::kUint) && whole.has_value() && *whole == integer.AsUint();
}

}  // namespace

bool IsKey(const Value& key) {
  return key.Is(Kind::kString) || key.Is(Kind::kInt) || key.Is(Kind::kUint) || key.Is(Kind::kBool);
}

bool SameKey(const Value& a, const Value& b) {
  if (a.kind() == b.kind()) {
    if (a.Is(Kind::kString)) return a.text() == b.text();
    return (a.Is(Kind::kInt) || a.Is(Kind::kUint) || a.Is(Kind::kBool)) && a.AsUint() == b.AsUint();
  }
  if (!a.IsNumber() || !b.IsNumber()) return false;
  if (a.Is(Kind::kDouble)) return IsExactly(a.AsDouble(), b);
  if (b.Is(Kind::kDouble)) return IsExactly(b.AsDouble(), a);
  return a.AsUint() == b.AsUint() && a.AsInt() >= 0;  // an int and a uint
}

std::size_t ArrayMap::TableSize(std::size_t entries) { return entries <= kSmall ? 0 : std::bit_ceil(entries * 2); }

ArrayMap::Indexed ArrayMap::IndexSmall() const {
  for (std::size_t i = 1; i < size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (SameKey(KeyAt(i), KeyAt(j))) return Indexed::kRepeatedKey;
    }
  }
  return Indexed::kDistinct;
}

ArrayMap::Indexed ArrayMap::Index(Evaluation& evaluation) {
  if (table_.empty()) return IndexSmall();
  std::ranges::fill(table_, 0);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t i = 0; i < size(); ++i) {
    std::size_t place = Hash(KeyAt(i)) & mask;
    for (; table_[place] != 0; place = (place + 1) & mask) {
      if (SameKey(KeyAt(table_[place] - 1), KeyAt(i))) return Indexed::kRepeatedKey;
      if (!evaluation.Charge(1)) return Indexed::kOutOfSteps;
    }
    table_[place] = static_cast<std::uint32_t>(i + 1);
  }
  return Indexed::kDistinct;
}

Value ArrayMap::Find(const Value& key) const {
  if (table_.empty()) {
    for (std::size_t i = 0; i < size(); ++i) {
      if (SameKey(KeyAt(i), key)) return ValueAt(i);
    }
    return Value::Absent();
  }
  if (!IsKey(key) && !key.Is(Kind::kDouble)) return Value::Absent();
  const std::size_t mask = table_.size() - 1;
  for (std::size_t place = Hash(key) & mask; table_[place] != 0; place = (place + 1) & mask) {
    if (SameKey(KeyAt(table_[place] - 1), key)) return ValueAt(table_[place] - 1);
  }
  return Value::Absent();
}

Value MakeMap(Evaluation& evaluation, std::span<const Value> pairs) {
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    if (IsKey(pairs[i])) continue;
    return evaluation.Fail(
        {"unsupported key type: a map's key is a bool, int, uint or string, not ", TypeName(pairs[i])});
  }
  const std::size_t places = ArrayMap::TableSize(pairs.size() / 2);
  auto* table = evaluation.arena().NewArray<std::uint32_t>(places);
  if (table == nullptr) return evaluation.OutOfMemory();
  auto* map = evaluation.arena().New<ArrayMap>(pairs, std::span(table, places));
  if (map == nullptr) return evaluation.OutOfMemory();
  switch (map->Index(evaluation)) {
    case ArrayMap::Indexed::kDistinct: return Value::Map(map);
    case ArrayMap::Indexed::kRepeatedKey: return Evaluation::Fail("repeated key: each key of a map may stand once");
    case ArrayMap::Indexed::kOutOfSteps: break;
  }
  return evaluation.OutOfSteps();
}

Grown Append(Arena& arena, Builder& builder, const Value& value) {
  if (builder.size == builder.capacity) {
    const std::size_t capacity = std::max<std::size_t>(8, builder.capacity * 2);
    auto* values = arena.NewArray<Value>(capacity);
    if (values == nullptr) return Grown::kNoMemory;
    std::copy_n(builder.values, builder.size, values);
    builder.values = values;
    builder.capacity = capacity;
  }
  builder.values[builder.size++] = value;
  return Grown::kYes;
}

}  // namespace gatehouse::codec::cel
