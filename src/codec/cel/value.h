#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace gatehouse::codec::cel {

enum class Kind : std::uint8_t {
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,
  kMap,
  kType,
  kOptional,
  kAbsent,   // nothing: a variable that is not there, a key that a map lacks; never seen by an expression
  kUnknown,  // a variable whose value is not known yet; never seen by an expression either
  kError,    // why an expression failed; nor this
  kBuilder,  // a list or map that is still being made
};

class ListView;
class MapView;
struct Builder;

// A point in time, seconds since 1970 and nanoseconds within the second, from year 1 to 9999.
struct Timestamp {
  std::int64_t seconds = 0;
  std::uint32_t nanos = 0;  // below 1,000,000,000
  auto operator<=>(const Timestamp&) const = default;
};

// A value of the language: 16 bytes, to be copied. Texts, lists and maps are views: what they show belongs to the
// program (literals), to the caller (variables) or to the Scratch of the evaluation (results), and must outlive the
// value.
class Value {
 public:
  constexpr Value() = default;  // null

  static Value Bool(bool value) { return Value(Kind::kBool, 0, std::uint64_t{value}); }  // bool-ok: the value itself
  static Value Int(std::int64_t value) { return Value(Kind::kInt, 0, static_cast<std::uint64_t>(value)); }
  static Value Uint(std::uint64_t value) { return Value(Kind::kUint, 0, value); }
  static Value Double(double value) { return Value(Kind::kDouble, 0, __builtin_bit_cast(std::uint64_t, value)); }
  // Texts are valid UTF-8 and below 4 GiB.
  static Value String(std::string_view text) { return Text(Kind::kString, text); }
  static Value Bytes(std::string_view bytes) { return Text(Kind::kBytes, bytes); }
  static Value Time(Timestamp time) {
    return Value(Kind::kTimestamp, time.nanos, static_cast<std::uint64_t>(time.seconds));
  }
  static Value Duration(std::int64_t nanos) { return Value(Kind::kDuration, 0, static_cast<std::uint64_t>(nanos)); }
  static Value List(const ListView* list) { return Value(Kind::kList, 0, static_cast<const void*>(list)); }
  static Value Map(const MapView* map) { return Value(Kind::kMap, 0, static_cast<const void*>(map)); }
  // The name of a type as type() prints it: "int", "list", "google.protobuf.Timestamp".
  static Value Type(std::string_view name) { return Text(Kind::kType, name); }
  // nullptr: none.
  static Value Optional(const Value* held) { return Value(Kind::kOptional, 0, static_cast<const void*>(held)); }
  static Value Absent() { return Value(Kind::kAbsent, 0, std::uint64_t{0}); }
  static Value Unknown() { return Value(Kind::kUnknown, 0, std::uint64_t{0}); }
  static Value Error(std::string_view message) { return Text(Kind::kError, message); }
  static Value Building(Builder* builder) {
    Value value(Kind::kBuilder, 0, std::uint64_t{0});
    value.payload_.builder = builder;
    return value;
  }

  Kind kind() const { return kind_; }
  bool Is(Kind kind) const { return kind_ == kind; }
  bool IsNumber() const { return kind_ == Kind::kInt || kind_ == Kind::kUint || kind_ == Kind::kDouble; }
  bool IsTrue() const { return kind_ == Kind::kBool && payload_.bits != 0; }
  bool IsFalse() const { return kind_ == Kind::kBool && payload_.bits == 0; }

  // REQUIRES for each: that kind. text() is for strings, bytes, types and errors.
  bool AsBool() const { return payload_.bits != 0; }
  std::int64_t AsInt() const { return static_cast<std::int64_t>(payload_.bits); }
  std::uint64_t AsUint() const { return payload_.bits; }
  double AsDouble() const { return __builtin_bit_cast(double, payload_.bits); }
  std::string_view text() const { return {static_cast<const char*>(payload_.pointer), extra_}; }
  Timestamp AsTime() const { return {static_cast<std::int64_t>(payload_.bits), extra_}; }
  std::int64_t AsDuration() const { return static_cast<std::int64_t>(payload_.bits); }  // nanoseconds
  const ListView& list() const { return *static_cast<const ListView*>(payload_.pointer); }
  const MapView& map() const { return *static_cast<const MapView*>(payload_.pointer); }
  const Value* held() const { return static_cast<const Value*>(payload_.pointer); }
  Builder& builder() const { return *payload_.builder; }

 private:
  union Payload {
    std::uint64_t bits;   // the number
    const void* pointer;  // or where the thing is
    Builder* builder;
  };
  constexpr Value(Kind kind, std::uint32_t extra, std::uint64_t bits)
      : payload_{.bits = bits}, extra_(extra), kind_(kind) {}
  constexpr Value(Kind kind, std::uint32_t extra, const void* pointer)
      : payload_{.pointer = pointer}, extra_(extra), kind_(kind) {}
  static Value Text(Kind kind, std::string_view text) {
    return Value(kind, static_cast<std::uint32_t>(text.size()), static_cast<const void*>(text.data()));
  }

  Payload payload_ = {.bits = 0};
  std::uint32_t extra_ = 0;  // bytes of a text, nanoseconds of a point in time
  Kind kind_ = Kind::kNull;
};
static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

// Elements by index. Implemented by whoever has them: a program, an evaluation, or a caller who shows his own data
// without copying it. Read by one thread at a time during an evaluation; must not change meanwhile.
class ListView {
 public:
  virtual std::size_t size() const = 0;
  virtual Value at(std::size_t index) const = 0;  // REQUIRES: index < size()

 protected:
  ~ListView() = default;
};

// Values by key, with an order. The same terms as ListView.
class MapView {
 public:
  virtual std::size_t size() const = 0;
  // Absent where there is none. Keys are bool, int, uint or string; int, uint and double are one number line, so that
  // 1, 1u and 1.0 find the same entry. The lookup of a map with text keys only starts with the kind of `key`.
  virtual Value Find(const Value& key) const = 0;
  virtual Value KeyAt(std::size_t index) const = 0;  // REQUIRES: index < size()
  virtual Value ValueAt(std::size_t index) const = 0;

 protected:
  ~MapView() = default;
};

// The language's equality: values of different kinds are unequal, but numbers are compared by value across kinds; NaN
// equals nothing. Lists and maps are compared through and through; `effort` grows by the number of comparisons made and
// the comparison gives up, with nullopt, above `limit`.
std::optional<bool> Equal(const Value& a, const Value& b, std::uint64_t& effort, std::uint64_t limit);

// Order of two values that have one: bools, numbers (across kinds), strings and bytes (by byte), times, durations.
// nullopt: they have none. NaN: unordered.
std::optional<std::partial_ordering> Compare(const Value& a, const Value& b);

// The name that type() gives.
std::string_view TypeName(const Value& value);
std::string_view TypeName(Kind kind);

}  // namespace gatehouse::codec::cel
