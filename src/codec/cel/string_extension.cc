#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <string>

#include "codec/cel/code_points.h"
#include "codec/cel/collection.h"
#include "codec/cel/function_table.h"
#include "codec/cel/literal.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

Value OutOfRange(Evaluation& evaluation, std::int64_t index) {
  return evaluation.Fail({"index out of range: ", std::to_string(index)});
}

// A copy of the same size, to be changed in place; nullptr when there is no room.
char* Copy(Evaluation& evaluation, std::string_view text) {
  char* copy = evaluation.arena().NewArray<char>(text.size());
  if (copy != nullptr && !text.empty()) std::memcpy(copy, text.data(), text.size());
  return copy;
}

Value CharAt(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString, Kind::kInt>(arguments)) return evaluation.NoOverload("charAt", arguments);
  const std::string_view text = arguments[0].text();
  if (!evaluation.ChargeText(text.size())) return evaluation.OutOfSteps();
  const std::int64_t index = arguments[1].AsInt();
  const std::size_t begin = index < 0 ? std::string_view::npos : OffsetOfCodePoint(text, index);
  if (begin == std::string_view::npos) return OutOfRange(evaluation, index);
  const std::string_view rest = text.substr(begin);
  return Value::String(rest.substr(0, rest.empty() ? 0 : OffsetOfCodePoint(rest, 1)));
}

// The text, what to look for in it, and the byte where looking starts; an error in `wrong`.
struct Search {
  std::string_view text;
  std::string_view wanted;
  std::size_t from = 0;
  Value wrong = Value::Absent();
};

Search ReadSearch(Evaluation& evaluation, std::string_view name, Arguments arguments, std::size_t from) {
  const bool positioned = Are<Kind::kString, Kind::kString, Kind::kInt>(arguments);
  if (!positioned && !Are<Kind::kString, Kind::kString>(arguments)) {
    return {.wrong = evaluation.NoOverload(name, arguments)};
  }
  Search search = {.text = arguments[0].text(), .wanted = arguments[1].text(), .from = from};
  if (!evaluation.ChargeText(search.text.size())) return {.wrong = evaluation.OutOfSteps()};
  if (!positioned) return search;
  const std::int64_t index = arguments[2].AsInt();
  search.from = index < 0 ? std::string_view::npos : OffsetOfCodePoint(search.text, index);
  if (search.from == std::string_view::npos) search.wrong = OutOfRange(evaluation, index);
  return search;
}

Value IndexOf(Evaluation& evaluation, Arguments arguments) {
  const Search search = ReadSearch(evaluation, "indexOf", arguments, 0);
  if (!search.wrong.Is(Kind::kAbsent)) return search.wrong;
  const std::size_t found = FindText(search.text.substr(search.from), search.wanted);
  if (found == std::string_view::npos) return Value::Int(-1);
  return Value::Int(CountCodePoints(search.text.substr(0, search.from + found)));
}

Value LastIndexOf(Evaluation& evaluation, Arguments arguments) {
  const Search search = ReadSearch(evaluation, "lastIndexOf", arguments, std::string_view::npos);
  if (!search.wrong.Is(Kind::kAbsent)) return search.wrong;
  if (!evaluation.Charge(search.text.size() * std::max<std::size_t>(1, search.wanted.size()) / 64)) {
    return evaluation.OutOfSteps();
  }
  const std::size_t found = search.text.rfind(search.wanted, search.from);
  if (found == std::string_view::npos) return Value::Int(-1);
  return Value::Int(CountCodePoints(search.text.substr(0, found)));
}

Value LowerAscii(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString>(arguments)) return evaluation.NoOverload("lowerAscii", arguments);
  const std::size_t size = arguments[0].text().size();
  char* copy = Copy(evaluation, arguments[0].text());
  if (copy == nullptr || !evaluation.ChargeText(size)) return evaluation.OutOfMemory();
  for (char& c : std::span(copy, size)) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return Value::String({copy, size});
}

Value UpperAscii(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString>(arguments)) return evaluation.NoOverload("upperAscii", arguments);
  const std::size_t size = arguments[0].text().size();
  char* copy = Copy(evaluation, arguments[0].text());
  if (copy == nullptr || !evaluation.ChargeText(size)) return evaluation.OutOfMemory();
  for (char& c : std::span(copy, size)) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  return Value::String({copy, size});
}

// An empty separator is found between any two code points and, around, before the first and behind the last as well.
enum class Edges : std::uint8_t { kBetween, kAround };

// Finds one separator after another.
class Separators {
 public:
  Separators(std::string_view text, std::string_view separator, Edges edges)
      : text_(text),
        separator_(separator),
        from_(separator.empty() && edges == Edges::kBetween ? 1 : 0),
        edges_(edges) {}

  // Where the next one starts; npos when there is none.
  std::size_t Next() {
    if (separator_.empty()) return NextBoundary();
    const std::size_t found = FindText(text_.substr(from_), separator_);
    if (found == std::string_view::npos) return found;
    from_ += found + separator_.size();
    return from_ - separator_.size();
  }

 private:
  std::size_t NextBoundary() {
    while (from_ < text_.size() && !StartsCodePoint(text_[from_])) ++from_;
    const std::size_t end = edges_ == Edges::kAround ? text_.size() + 1 : text_.size();
    return from_ < end ? from_++ : std::string_view::npos;
  }

  std::string_view text_;
  std::string_view separator_;
  std::size_t from_;
  Edges edges_;
};

std::uint64_t CountOf(Arguments arguments, std::size_t at) {
  if (arguments.size() <= at || arguments[at].AsInt() < 0) return std::numeric_limits<std::uint64_t>::max();
  return arguments[at].AsUint();
}

// What is between separators, of which at most `limit` count, as a list of views.
Value Cut(Evaluation& evaluation, std::string_view text, std::string_view separator, std::uint64_t limit, Edges edges) {
  if (!evaluation.ChargeText(text.size())) return evaluation.OutOfSteps();
  Builder pieces;
  Separators separators(text, separator, edges);
  std::size_t begin = 0;
  for (; limit > 0; --limit) {
    const std::size_t found = separators.Next();
    if (found == std::string_view::npos) break;
    const Value piece = Value::String(text.substr(begin, found - begin));
    if (Append(evaluation.arena(), pieces, piece) == Grown::kNoMemory) return evaluation.OutOfMemory();
    if (!evaluation.Charge(1)) return evaluation.OutOfSteps();
    begin = found + separator.size();
  }
  if (Append(evaluation.arena(), pieces, Value::String(text.substr(begin))) == Grown::kNoMemory) {
    return evaluation.OutOfMemory();
  }
  return evaluation.List({pieces.values, pieces.size});
}

// REQUIRES: a list.
Value JoinList(Evaluation& evaluation, const ListView& list, std::string_view separator) {
  if (!evaluation.Charge(list.size())) return evaluation.OutOfSteps();
  std::size_t size = list.size() == 0 ? 0 : (list.size() - 1) * separator.size();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list.at(i).Is(Kind::kString)) return evaluation.NoOverload("join", std::array{list.at(i)});
    size += list.at(i).text().size();
  }
  if (!evaluation.ChargeText(size)) return evaluation.OutOfSteps();
  char* const out = evaluation.arena().NewArray<char>(size);
  if (out == nullptr) return evaluation.OutOfMemory();
  char* at = out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) at = std::ranges::copy(separator, at).out;
    at = std::ranges::copy(list.at(i).text(), at).out;
  }
  return Value::String({out, size});
}

Value Replace(Evaluation& evaluation, Arguments arguments) {
  const bool counted = Are<Kind::kString, Kind::kString, Kind::kString, Kind::kInt>(arguments);
  if (!counted && !Are<Kind::kString, Kind::kString, Kind::kString>(arguments)) {
    return evaluation.NoOverload("replace", arguments);
  }
  const Value pieces = Cut(evaluation, arguments[0].text(), arguments[1].text(), CountOf(arguments, 3), Edges::kAround);
  return pieces.Is(Kind::kList) ? JoinList(evaluation, pieces.list(), arguments[2].text()) : pieces;
}

Value Split(Evaluation& evaluation, Arguments arguments) {
  const bool counted = Are<Kind::kString, Kind::kString, Kind::kInt>(arguments);
  if (!counted && !Are<Kind::kString, Kind::kString>(arguments)) return evaluation.NoOverload("split", arguments);
  const std::uint64_t count = CountOf(arguments, 2);
  if (count == 0) return evaluation.List({});
  return Cut(evaluation, arguments[0].text(), arguments[1].text(), count - 1, Edges::kBetween);
}

Value Join(Evaluation& evaluation, Arguments arguments) {
  const bool separated = Are<Kind::kList, Kind::kString>(arguments);
  if (!separated && !Are<Kind::kList>(arguments)) return evaluation.NoOverload("join", arguments);
  return JoinList(evaluation, arguments[0].list(), separated ? arguments[1].text() : std::string_view());
}

Value Substring(Evaluation& evaluation, Arguments arguments) {
  const bool ended = Are<Kind::kString, Kind::kInt, Kind::kInt>(arguments);
  if (!ended && !Are<Kind::kString, Kind::kInt>(arguments)) return evaluation.NoOverload("substring", arguments);
  const std::string_view text = arguments[0].text();
  if (!evaluation.ChargeText(text.size() * 2)) return evaluation.OutOfSteps();
  const std::int64_t first = arguments[1].AsInt();
  const std::size_t begin = first < 0 ? std::string_view::npos : OffsetOfCodePoint(text, first);
  if (begin == std::string_view::npos) return OutOfRange(evaluation, first);
  if (!ended) return Value::String(text.substr(begin));
  const std::int64_t last = arguments[2].AsInt();
  const std::size_t end = last < 0 ? std::string_view::npos : OffsetOfCodePoint(text, last);
  if (end == std::string_view::npos) return OutOfRange(evaluation, last);
  if (end < begin) return Evaluation::Fail("invalid substring range: the end is before the start");
  return Value::String(text.substr(begin, end - begin));
}

// White_Space of Unicode.
bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

Value Trim(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString>(arguments)) return evaluation.NoOverload("trim", arguments);
  const std::string_view text = arguments[0].text();
  if (!evaluation.ChargeText(text.size())) return evaluation.OutOfSteps();
  std::size_t begin = text.size();
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size();) {
    const text::CodePoint point = text::DecodeAt(text, i);
    const std::size_t next = i + std::max<std::size_t>(1, point.length);
    if (!IsSpace(point.value)) {
      begin = std::min(begin, i);
      end = next;
    }
    i = next;
  }
  return Value::String(begin < end ? text.substr(begin, end - begin) : std::string_view());
}

Value Quote(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString>(arguments)) return evaluation.NoOverload("strings.quote", arguments);
  if (!evaluation.ChargeText(arguments[0].text().size() * 4)) return evaluation.OutOfSteps();
  return evaluation.String({QuoteText(arguments[0].text())});
}

Value Reverse(Evaluation& evaluation, Arguments arguments) {
  if (Are<Kind::kList>(arguments)) {
    const ListView& list = arguments[0].list();
    auto* values = evaluation.arena().NewArray<Value>(list.size());
    if (values == nullptr || !evaluation.Charge(list.size())) return evaluation.OutOfMemory();
    for (std::size_t i = 0; i < list.size(); ++i) values[i] = list.at(list.size() - 1 - i);
    return evaluation.List({values, list.size()});
  }
  if (!Are<Kind::kString>(arguments)) return evaluation.NoOverload("reverse", arguments);
  const std::string_view text = arguments[0].text();
  char* const out = evaluation.arena().NewArray<char>(text.size());
  if (out == nullptr || !evaluation.ChargeText(text.size())) return evaluation.OutOfMemory();
  std::size_t end = text.size();
  char* at = out;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (!StartsCodePoint(text[i]) && i > 0) continue;
    at = std::ranges::copy(text.substr(i, end - i), at).out;
    end = i;
  }
  return Value::String({out, text.size()});
}

constexpr std::array kRows = {
    FunctionRow{"charAt", "string.(int)string", CharAt},
    FunctionRow{"indexOf", "string.(string)int string.(string,int)int", IndexOf},
    FunctionRow{"lastIndexOf", "string.(string)int string.(string,int)int", LastIndexOf},
    FunctionRow{"lowerAscii", "string.()string", LowerAscii},
    FunctionRow{"upperAscii", "string.()string", UpperAscii},
    FunctionRow{"replace", "string.(string,string)string string.(string,string,int)string", Replace},
    FunctionRow{"split", "string.(string)list<string> string.(string,int)list<string>", Split},
    FunctionRow{"substring", "string.(int)string string.(int,int)string", Substring},
    FunctionRow{"trim", "string.()string", Trim},
    FunctionRow{"join", "list<string>.()string list<string>.(string)string", Join},
    FunctionRow{"strings.quote", "(string)string", Quote},
    FunctionRow{"reverse", "string.()string list<A>.()list<A>", Reverse},
    FunctionRow{"format", "string.(list<dyn>)string", FormatText},
};

}  // namespace

std::span<const FunctionRow> StringExtensionRows() { return kRows; }

}  // namespace gatehouse::codec::cel
