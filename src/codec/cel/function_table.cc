#include "codec/cel/function_table.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace gatehouse::codec::cel {
namespace {

// type := name [ '<' type {',' type} '>' ]; signature := [type '.'] '(' [type {',' type}] ')' type
class SignatureReader {
 public:
  explicit SignatureReader(std::string_view text) : text_(text) {}

  bool AtEnd() const { return text_.empty(); }
  bool Accept(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  Overload Signature() {
    Overload overload;
    if (!text_.starts_with('(')) {
      overload.style = CallStyle::kReceiver;
      overload.parameters.push_back(ReadType());
      GH_CHECK(Accept('.'));
    }
    GH_CHECK(Accept('('));
    while (!Accept(')')) {
      overload.parameters.push_back(ReadType());
      Accept(',');
    }
    overload.result = ReadType();
    return overload;
  }

  Type ReadType() {
    const std::string_view name = text_.substr(0, text_.find_first_of("<>(),. "));
    text_.remove_prefix(name.size());
    Type type = Named(name);
    if (!Accept('<')) return type;
    do {
      type.parameters.push_back(ReadType());
    } while (Accept(','));
    GH_CHECK(Accept('>'));
    return type;
  }

 private:
  static Type Named(std::string_view name) {
    if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'C')
      return Type::Parameter(static_cast<std::uint32_t>(name[0] - 'A'));
    constexpr std::array kNames = {
        std::pair{"dyn", TypeKind::kDyn},
        std::pair{"null", TypeKind::kNull},
        std::pair{"bool", TypeKind::kBool},
        std::pair{"int", TypeKind::kInt},
        std::pair{"uint", TypeKind::kUint},
        std::pair{"double", TypeKind::kDouble},
        std::pair{"string", TypeKind::kString},
        std::pair{"bytes", TypeKind::kBytes},
        std::pair{"timestamp", TypeKind::kTimestamp},
        std::pair{"duration", TypeKind::kDuration},
        std::pair{"list", TypeKind::kList},
        std::pair{"map", TypeKind::kMap},
        std::pair{"type", TypeKind::kType},
        std::pair{"optional", TypeKind::kOptional},
    };
    for (const auto& [known, kind] : kNames) {
      if (name == known) return {.kind = kind};
    }
    base::CheckFailed(__FILE__, __LINE__, "a signature names an unknown type");
  }

  std::string_view text_;
};

}  // namespace

std::vector<Overload> ParseSignatures(std::string_view text) {
  std::vector<Overload> overloads;
  SignatureReader reader(text);
  while (!reader.AtEnd()) {
    overloads.push_back(reader.Signature());
    reader.Accept(' ');
  }
  return overloads;
}

Type ParseType(std::string_view text) { return SignatureReader(text).ReadType(); }

const std::vector<FunctionEntry>& StandardFunctions() {
  static const std::vector<FunctionEntry> functions = [] {
    std::vector<FunctionEntry> all;
    for (const auto rows : {OperatorRows(), ConversionRows(), StringRows(), StringExtensionRows(), MathRows(),
                            TimeRows(), ListRows(), OptionalRows()}) {
      for (const FunctionRow& row : rows) {
        const bool numbers = std::string_view(row.signatures) == "numbers";
        all.push_back({.name = row.name,
                       .overloads = numbers ? std::vector<Overload>() : ParseSignatures(row.signatures),
                       .function = row.function,
                       .arity = numbers ? FunctionEntry::Arity::kNumbers : FunctionEntry::Arity::kByOverload});
      }
    }
    return all;
  }();
  return functions;
}

}  // namespace gatehouse::codec::cel
