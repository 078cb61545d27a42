#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/cel/cel.h"
#include "codec/cel/collection.h"
#include "codec/cel/parser.h"

namespace gatehouse::codec::cel {
namespace {

// Small enough that a run is over soon, large enough for every operation.
constexpr Limits kLimits = {.source = {.bytes = 4096}, .run = {.steps = 50'000, .memory = 256 * 1024}};

// A few variables of each kind, some of them absent, chosen by the first byte.
class Facts {
 public:
  Facts() {
    for (const auto& [name, type] : Names()) environment_.Declare(name, ParseType(type));
  }

  const Environment& environment() const { return environment_; }

  Bindings Bind(std::uint8_t choice) const {
    Bindings bindings(environment_);
    const std::array values = {Value::Bool(true),
                               Value::Int(-3),
                               Value::Uint(7),
                               Value::Double(2.5),
                               Value::String("gr\xC3\xBC\xC3\x9F"),
                               Value::Bytes("\xFF\x00x"),
                               Value::List(&list_),
                               Value::Map(&map_),
                               Value::Time({1'763'800'000, 5}),
                               Value::Duration(90'000'000'000),
                               Value::Map(&map_)};
    for (std::uint32_t slot = 0; slot < values.size(); ++slot) {
      const bool absent = (choice & 0x80) != 0 && slot % 8 == (choice & 7U);
      if (!absent) bindings.Set(slot, (choice & 0x40) != 0 ? values[(slot + choice) % values.size()] : values[slot]);
    }
    return bindings;
  }

 private:
  static std::array<std::pair<const char*, const char*>, 11> Names() {
    return {{{"b", "bool"},
             {"i", "int"},
             {"u", "uint"},
             {"d", "double"},
             {"s", "string"},
             {"y", "bytes"},
             {"l", "list<int>"},
             {"m", "map<string,dyn>"},
             {"t", "timestamp"},
             {"p", "duration"},
             {"x", "dyn"}}};
  }

  Environment environment_;
  std::array<Value, 4> elements_ = {Value::Int(1), Value::Int(2), Value::Int(3), Value::Int(0)};
  ArrayList list_{elements_};
  std::array<Value, 4> pairs_ = {Value::String("a"), Value::Int(1), Value::String("l"), Value::List(&list_)};
  ArrayMap map_{pairs_, {}};
};

// What is printed reads back to the same text.
void CheckPrinting(std::string_view source) {
  const auto first = Parse(source, kLimits.source);
  if (!first.ok()) return;
  const std::string printed = Print(first.value());
  const auto second = Parse(printed, {.bytes = 64 * 1024});
  GH_CHECK(second.ok());
  GH_CHECK(Print(second.value()) == printed);
}

// `&&` and `||` do not care for the order of their operands.
void CheckCommutes(std::string_view source, const Facts& facts, const Bindings& bindings) {
  const std::string one = "(" + std::string(source) + "\n)";
  const auto evaluate = [&](const std::string& text) -> base::Result<bool> {
    GH_TRY(const Program program, Compile(text, facts.environment(), {.checking = Checking::kNames}, kLimits));
    Scratch scratch;
    return program.Test(bindings, scratch);
  };
  for (const std::string other : {"(1 / (i - i) > 0)", "true", "false"}) {
    for (const std::string symbol : {" && ", " || "}) {
      const auto left = evaluate(one + symbol + other);
      const auto right = evaluate(other + symbol + one);
      const bool limited = (!left.ok() && left.error().code == base::ErrorCode::kTooLarge) ||
                           (!right.ok() && right.error().code == base::ErrorCode::kTooLarge);
      if (limited) continue;
      GH_CHECK(left.ok() == right.ok());
      if (left.ok()) GH_CHECK(left.value() == right.value());
    }
  }
}

// What an expression comes to while some variables are not known yet, it comes to whatever they are.
void CheckForesight(const Program& program, const Bindings& bindings, unsigned unknown) {
  class Veiled final : public Activation {
   public:
    Veiled(const Bindings& bindings, unsigned unknown) : bindings_(bindings), unknown_(unknown) {}
    Value Get(std::uint32_t slot) const override {
      return (unknown_ >> (slot % 8) & 1U) != 0 ? Value::Unknown() : bindings_.Get(slot);
    }

   private:
    const Bindings& bindings_;
    const unsigned unknown_;
  };
  Scratch scratch;
  const auto foreseen = program.Test(Veiled(bindings, unknown), scratch);
  if (!foreseen.ok()) return;
  const auto seen = program.Test(bindings, scratch);
  if (!seen.ok() && seen.error().code == base::ErrorCode::kTooLarge) return;
  GH_CHECK(seen.ok() && seen.value() == foreseen.value());
}

void FuzzOne(std::string_view input) {
  static const Facts facts;
  if (input.empty()) return;
  const Bindings bindings = facts.Bind(static_cast<std::uint8_t>(input[0]));
  const std::string_view source = input.substr(1);
  CheckPrinting(source);
  Scratch scratch;
  for (const Checking checking : {Checking::kTypes, Checking::kNames}) {
    const auto program = Compile(source, facts.environment(), {.checking = checking}, kLimits);
    if (!program.ok()) continue;
    const auto once = program.value().Evaluate(bindings, scratch);
    const bool failed = !once.ok();
    const Kind kind = failed ? Kind::kError : once.value().kind();
    GH_CHECK(kind != Kind::kAbsent && kind != Kind::kUnknown && kind != Kind::kBuilder);
    const auto again = program.value().Evaluate(bindings, scratch);
    GH_CHECK(again.ok() != failed);
    if (!failed) GH_CHECK(again.value().kind() == kind);
    CheckForesight(program.value(), bindings, static_cast<std::uint8_t>(input.back()));
  }
  if (source.size() < 512 && Parse(source, kLimits.source).ok()) CheckCommutes(source, facts, bindings);
}

}  // namespace
}  // namespace gatehouse::codec::cel

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::codec::cel::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
