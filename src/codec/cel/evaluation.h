#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "codec/cel/arena.h"
#include "codec/cel/limits.h"
#include "codec/cel/value.h"

namespace gatehouse::codec::cel {

class TimeZones;

// What a function of the language works with: where results are put, and how much may still be done. Lives as long as
// one evaluation. A failure is a Value of kind kError, which the caller passes on; running out of steps or memory is
// one that no `||` forgives.
class Evaluation {
 public:
  // `zones` may be null. Both outlive this.
  Evaluation(Arena& arena, const RunLimits& limits, const TimeZones* zones)
      : arena_(arena), zones_(zones), limit_(limits.steps) {}

  Arena& arena() { return arena_; }
  const TimeZones* zones() const { return zones_; }

  // Counts work; false when the limit is passed, and then the evaluation is over: return OutOfSteps().
  bool Charge(std::uint64_t steps) {
    steps_ += steps;
    return steps_ <= limit_;
  }
  // Work proportional to a text.
  bool ChargeText(std::size_t bytes) { return Charge(bytes / 64); }
  Value OutOfSteps();
  Value OutOfMemory();
  bool over() const { return over_; }
  std::uint64_t steps() const { return steps_; }

  // The text is a literal, or the parts are copied.
  static Value Fail(std::string_view text) { return Value::Error(text); }
  Value Fail(std::initializer_list<std::string_view> parts);
  Value NoOverload(std::string_view function, std::span<const Value> arguments);

  // A new text from parts; OutOfMemory() where there is no room.
  Value String(std::initializer_list<std::string_view> parts) { return Join(Kind::kString, parts); }
  Value Bytes(std::initializer_list<std::string_view> parts) { return Join(Kind::kBytes, parts); }
  // The values are in the arena already.
  Value List(std::span<const Value> values);
  Value Optional(const Value& held);

  // Equality with its work counted: a bool, or an error.
  Value Equals(const Value& a, const Value& b);

 private:
  Value Join(Kind kind, std::initializer_list<std::string_view> parts);

  Arena& arena_;
  const TimeZones* zones_;
  std::uint64_t steps_ = 0;
  std::uint64_t limit_;
  bool over_ = false;
};

// What a name in a call stands for. `arguments` has the receiver first.
using Function = Value (*)(Evaluation& evaluation, std::span<const Value> arguments);

}  // namespace gatehouse::codec::cel
