#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "codec/cel/function_table.h"
#include "codec/cel/number.h"
#include "codec/cel/timestamp.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

constexpr std::size_t kMaxPrecision = 100;  // digits behind the point
constexpr int kMaxDepth = 256;

// string.format(): %s %d %f %e %b %o %x %X %%, with a precision before f and e.
class Formatter {
 public:
  Formatter(Evaluation& evaluation, std::string_view pattern, const ListView& arguments)
      : evaluation_(evaluation), pattern_(pattern), arguments_(arguments) {}

  Value Run() {
    for (std::size_t at = 0; at < pattern_.size();) {
      const std::size_t percent = std::min(pattern_.find('%', at), pattern_.size());
      out_.append(pattern_.substr(at, percent - at));
      if (percent == pattern_.size()) break;
      at = percent + 1;
      if (pattern_.substr(at).starts_with('%')) {
        out_ += '%';
        ++at;
        continue;
      }
      const Value done = Clause(at);
      if (done.Is(Kind::kError)) return done;
    }
    return evaluation_.String({out_});
  }

 private:
  Value Clause(std::size_t& at) {
    std::size_t precision = 6;
    bool has_precision = false;
    if (at < pattern_.size() && pattern_[at] == '.') {
      const char* const begin = pattern_.data() + at + 1;
      const auto [end, error] = std::from_chars(begin, pattern_.data() + pattern_.size(), precision);
      if (error != std::errc() || precision > kMaxPrecision) {
        return Evaluation::Fail("format(): a precision is a number up to 100, as in %.2f");
      }
      at = static_cast<std::size_t>(end - pattern_.data());
      has_precision = true;
    }
    if (at == pattern_.size())
      return Evaluation::Fail("format(): the pattern ends inside a %; write %% for a percent sign");
    const char clause = pattern_[at++];
    if (std::string_view("sdfebxXo").find(clause) == std::string_view::npos ||
        (has_precision && clause != 'f' && clause != 'e')) {
      return evaluation_.Fail({"format(): could not parse the clause %", pattern_.substr(at - 1, 1),
                               "; known are %s %d %f %e %b %o %x %X and %%"});
    }
    if (next_ == arguments_.size()) return Evaluation::Fail("format(): there are fewer values than % clauses");
    if (!evaluation_.Charge(1 + out_.size() / 4096)) return evaluation_.OutOfSteps();
    return Put(clause, arguments_.at(next_++), precision);
  }

  Value Put(char clause, const Value& value, std::size_t precision) {
    switch (clause) {
      case 's': return PutText(value, 0);
      case 'd': return PutDecimal(value);
      case 'f': return PutDouble(value, std::chars_format::fixed, precision);
      case 'e': return PutDouble(value, std::chars_format::scientific, precision);
      case 'b': return PutRadix(value, 2, clause);
      case 'o': return PutRadix(value, 8, clause);
      default: return PutRadix(value, 16, clause);
    }
  }

  Value Wrong(std::string_view clause, const Value& value) {
    return evaluation_.Fail({"format(): ", clause, ", and was given ", TypeName(value)});
  }

  // One more element written; memory and depth are watched here.
  Value Account(int depth) {
    if (depth > kMaxDepth) return evaluation_.OutOfSteps();
    if (out_.size() > evaluation_.arena().limit()) return evaluation_.OutOfMemory();
    return evaluation_.Charge(1) ? Value() : evaluation_.OutOfSteps();
  }

  Value PutText(const Value& value, int depth) {
    if (const Value wrong = Account(depth); wrong.Is(Kind::kError)) return wrong;
    switch (value.kind()) {
      case Kind::kNull: out_ += "null"; return {};
      case Kind::kType: out_ += value.text(); return {};
      case Kind::kList: return PutList(value.list(), depth);
      case Kind::kMap: return PutMap(value.map(), depth);
      case Kind::kOptional:
        return Wrong("%s takes strings, bools, bytes, numbers, lists, maps, types, durations and timestamps", value);
      default: {
        const Value text = ToText(evaluation_, std::array{value});
        if (!text.Is(Kind::kString)) return text;
        out_ += text.text();
        return {};
      }
    }
  }

  Value PutList(const ListView& list, int depth) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ", ";
      const Value done = PutText(list.at(i), depth + 1);
      if (done.Is(Kind::kError)) return done;
    }
    out_ += ']';
    return {};
  }

  // Entries in the order of their keys as text.
  Value PutMap(const MapView& map, int depth) {
    std::vector<std::string> entries;
    const std::string before = std::move(out_);
    for (std::size_t i = 0; i < map.size(); ++i) {
      out_.clear();
      Value done = PutText(map.KeyAt(i), depth + 1);
      out_ += ": ";
      if (!done.Is(Kind::kError)) done = PutText(map.ValueAt(i), depth + 1);
      if (done.Is(Kind::kError)) return done;
      entries.push_back(std::move(out_));
    }
    std::ranges::sort(entries);
    out_ = before + "{";
    for (const std::string& entry : entries) {
      if (&entry != entries.data()) out_ += ", ";
      out_ += entry;
    }
    out_ += '}';
    return {};
  }

  Value PutDecimal(const Value& value) {
    if (!value.IsNumber()) return Wrong("%d takes numbers", value);
    return PutText(value, 0);
  }

  Value PutDouble(const Value& value, std::chars_format format, std::size_t precision) {
    if (!value.IsNumber())
      return Wrong(format == std::chars_format::fixed ? "%f takes doubles" : "%e takes doubles", value);
    double number = value.Is(Kind::kDouble) ? value.AsDouble() : 0;
    if (value.Is(Kind::kInt)) number = static_cast<double>(value.AsInt());
    if (value.Is(Kind::kUint)) number = static_cast<double>(value.AsUint());
    if (!std::isfinite(number)) {
      out_ += DoubleText(number);
      return {};
    }
    std::array<char, 512> text;  // 309 digits, a sign, a point and the precision
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), number, format, static_cast<int>(precision));
    out_.append(text.data(), end);
    return {};
  }

  Value PutRadix(const Value& value, int radix, char clause) {
    std::array<char, 72> digits;
    char* end = digits.data();
    char* const limit = digits.data() + digits.size();
    if (value.Is(Kind::kInt)) {
      end = std::to_chars(end, limit, value.AsInt(), radix).ptr;
    } else if (value.Is(Kind::kUint) || (radix == 2 && value.Is(Kind::kBool))) {
      end = std::to_chars(end, limit, value.AsUint(), radix).ptr;
    } else if (radix == 16 && (value.Is(Kind::kString) || value.Is(Kind::kBytes))) {
      return PutHex(value.text(), clause);
    } else {
      return Wrong("%b takes integers and bools, %o integers, %x and %X integers, strings and bytes", value);
    }
    if (clause == 'X') std::transform(digits.data(), end, digits.data(), Upper);
    out_.append(digits.data(), end);
    return {};
  }

  static char Upper(char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - ('a' - 'A')) : c; }

  Value PutHex(std::string_view bytes, char clause) {
    if (!evaluation_.ChargeText(bytes.size() * 2)) return evaluation_.OutOfSteps();
    const std::string_view digits = clause == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    for (const char c : bytes) {
      out_ += digits[static_cast<unsigned char>(c) >> 4];
      out_ += digits[static_cast<unsigned char>(c) & 15];
    }
    return {};
  }

  Evaluation& evaluation_;
  std::string_view pattern_;
  const ListView& arguments_;
  std::string out_;
  std::size_t next_ = 0;
};

}  // namespace

Value FormatText(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString, Kind::kList>(arguments)) return evaluation.NoOverload("format", arguments);
  if (!evaluation.ChargeText(arguments[0].text().size())) return evaluation.OutOfSteps();
  return Formatter(evaluation, arguments[0].text(), arguments[1].list()).Run();
}

}  // namespace gatehouse::codec::cel
