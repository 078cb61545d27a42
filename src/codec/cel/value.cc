#include "codec/cel/value.h"

namespace gatehouse::codec::cel {
namespace {

std::partial_ordering CompareIntUint(std::int64_t a, std::uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(a) <=> b;
}

// An integer beside a double is compared as the nearest double, as the specification's cases have it.
std::partial_ordering CompareNumbers(const Value& a, const Value& b) {
  if (a.kind() > b.kind()) return 0 <=> CompareNumbers(b, a);
  if (a.Is(Kind::kDouble)) return a.AsDouble() <=> b.AsDouble();
  if (a.Is(Kind::kUint)) {
    return b.Is(Kind::kUint) ? std::partial_ordering(a.AsUint() <=> b.AsUint())
                             : static_cast<double>(a.AsUint()) <=> b.AsDouble();
  }
  if (b.Is(Kind::kInt)) return a.AsInt() <=> b.AsInt();
  return b.Is(Kind::kUint) ? CompareIntUint(a.AsInt(), b.AsUint()) : static_cast<double>(a.AsInt()) <=> b.AsDouble();
}

// Walks two values, counting.
class Equality {
 public:
  Equality(std::uint64_t& effort, std::uint64_t limit) : effort_(effort), limit_(limit) {}

  std::optional<bool> Of(const Value& a, const Value& b) {
    if (++effort_ > limit_ || depth_ > kMaxDepth) return std::nullopt;
    if (a.kind() != b.kind()) return a.IsNumber() && b.IsNumber() && CompareNumbers(a, b) == 0;
    switch (a.kind()) {
      case Kind::kNull:
      case Kind::kAbsent:
      case Kind::kUnknown: return true;
      case Kind::kDouble: return a.AsDouble() == b.AsDouble();
      case Kind::kString:
      case Kind::kBytes:
      case Kind::kType: return Texts(a.text(), b.text());
      case Kind::kTimestamp: return a.AsTime() == b.AsTime();
      case Kind::kList: return Nested(&Equality::Lists, a, b);
      case Kind::kMap: return Nested(&Equality::Maps, a, b);
      case Kind::kOptional: return Nested(&Equality::Optionals, a, b);
      case Kind::kError:
      case Kind::kBuilder: return false;
      default: return a.AsUint() == b.AsUint();
    }
  }

 private:
  // Deeper than any expression and any document nests.
  static constexpr int kMaxDepth = 1024;

  bool Texts(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    effort_ += a.size() / 64;
    return a == b;
  }

  std::optional<bool> Nested(std::optional<bool> (Equality::*compare)(const Value&, const Value&), const Value& a,
                             const Value& b) {
    ++depth_;
    const auto result = (this->*compare)(a, b);
    --depth_;
    return result;
  }

  std::optional<bool> Lists(const Value& a, const Value& b) {
    const std::size_t size = a.list().size();
    if (size != b.list().size()) return false;
    for (std::size_t i = 0; i < size; ++i) {
      const auto equal = Of(a.list().at(i), b.list().at(i));
      if (!equal.has_value() || !*equal) return equal;
    }
    return true;
  }

  std::optional<bool> Maps(const Value& a, const Value& b) {
    const std::size_t size = a.map().size();
    if (size != b.map().size()) return false;
    for (std::size_t i = 0; i < size; ++i) {
      const Value other = b.map().Find(a.map().KeyAt(i));
      if (other.Is(Kind::kAbsent)) return false;
      const auto equal = Of(a.map().ValueAt(i), other);
      if (!equal.has_value() || !*equal) return equal;
    }
    return true;
  }

  std::optional<bool> Optionals(const Value& a, const Value& b) {
    if (a.held() == nullptr || b.held() == nullptr) return a.held() == b.held();
    return Of(*a.held(), *b.held());
  }

  std::uint64_t& effort_;
  const std::uint64_t limit_;
  int depth_ = 0;
};

}  // namespace

std::optional<bool> Equal(const Value& a, const Value& b, std::uint64_t& effort, std::uint64_t limit) {
  return Equality(effort, limit).Of(a, b);
}

std::optional<std::partial_ordering> Compare(const Value& a, const Value& b) {
  if (a.IsNumber() && b.IsNumber()) return CompareNumbers(a, b);
  if (a.kind() != b.kind()) return std::nullopt;
  switch (a.kind()) {
    case Kind::kBool: return a.AsBool() <=> b.AsBool();
    case Kind::kString:
    case Kind::kBytes: return a.text() <=> b.text();
    case Kind::kTimestamp: return a.AsTime() <=> b.AsTime();
    case Kind::kDuration: return a.AsDuration() <=> b.AsDuration();
    default: return std::nullopt;
  }
}

std::string_view TypeName(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null_type";
    case Kind::kBool: return "bool";
    case Kind::kInt: return "int";
    case Kind::kUint: return "uint";
    case Kind::kDouble: return "double";
    case Kind::kString: return "string";
    case Kind::kBytes: return "bytes";
    case Kind::kTimestamp: return "google.protobuf.Timestamp";
    case Kind::kDuration: return "google.protobuf.Duration";
    case Kind::kList: return "list";
    case Kind::kMap: return "map";
    case Kind::kType: return "type";
    case Kind::kOptional: return "optional_type";
    case Kind::kAbsent:
    case Kind::kUnknown:
    case Kind::kError:
    case Kind::kBuilder: break;
  }
  return "error";
}

std::string_view TypeName(const Value& value) { return TypeName(value.kind()); }

}  // namespace gatehouse::codec::cel
