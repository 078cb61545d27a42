#include "codec/json/skim.h"

#include <simdjson.h>

#include <bitset>
#include <cstddef>

#include "codec/json/document.h"
#include "codec/json/hex4.h"
#include "codec/text/scan.h"

namespace gatehouse::codec::json {
namespace {

constexpr std::size_t kMaxDepth = Limits{}.depth;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The cursor is handed from function to function, as in Document::Parser: each takes where to read and returns where to
// go on, or nullptr for what is not JSON.
class Skimmer {
 public:
  using Cursor = const char*;

  Skimmer(std::string_view text, std::span<const std::string_view> wanted)
      : end_(text.data() + text.size()), wanted_(wanted) {
    for (const std::string_view name : wanted) lengths_ |= 1U << name.size();
  }

  Skimmed Run(Cursor at) {
    at = Value(SkipSpace(at));
    while (at != nullptr && depth_ > 0) at = AfterValue(SkipSpace(at));
    if (at == nullptr || SkipSpace(at) != end_) return Skimmed::kBroken;
    return found_ ? Skimmed::kWanted : Skimmed::kPlain;
  }

 private:
  Cursor SkipSpace(Cursor at) const {
    while (at != end_ && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
    return at;
  }
  bool Sees(Cursor at, char c) const { return at != end_ && *at == c; }

  Cursor Value(Cursor at) {
    if (at == end_) return nullptr;
    switch (*at) {
      case '"': return String(at + 1);
      case '{': return Open(at, '}');
      case '[': return Open(at, ']');
      case 't': return Literal(at, "true");
      case 'f': return Literal(at, "false");
      case 'n': return Literal(at, "null");
      default: return Number(at);
    }
  }

  Cursor Open(Cursor at, char close) {
    if (depth_ == kMaxDepth) return nullptr;
    at = SkipSpace(at + 1);
    if (Sees(at, close)) return at + 1;
    is_object_[depth_++] = close == '}';
    return close == '}' ? Member(at) : Value(at);
  }

  Cursor AfterValue(Cursor at) {
    if (at == end_) return nullptr;
    const bool in_object = is_object_[depth_ - 1];
    if (*at == ',') {
      at = SkipSpace(at + 1);
      return in_object ? Member(at) : Value(at);
    }
    if (*at != (in_object ? '}' : ']')) return nullptr;
    --depth_;
    return at + 1;
  }

  Cursor Member(Cursor at) {
    if (!Sees(at, '"')) return nullptr;
    const Cursor name = at + 1;
    const Cursor name_end = text::Find<text::JsonStringStop>(name, end_);
    at = name_end;
    if (Sees(at, '"')) {
      ++at;
    } else {
      at = EscapedString(at);
      if (at == nullptr) return nullptr;
      found_ = true;
    }
    at = SkipSpace(at);
    if (!Sees(at, ':')) return nullptr;
    at = SkipSpace(at + 1);
    Note({name, static_cast<std::size_t>(name_end - name)}, at);
    return Value(at);
  }

  void Note(std::string_view name, Cursor value) {
    if (name.size() > 31 || (lengths_ >> name.size() & 1U) == 0 || Sees(value, 'n')) return;
    for (const std::string_view each : wanted_) found_ = found_ || each == name;
  }

  Cursor String(Cursor at) const {
    at = text::Find<text::JsonStringStop>(at, end_);
    return Sees(at, '"') ? at + 1 : EscapedString(at);
  }

  // From a byte that stopped the search on.
  Cursor EscapedString(Cursor at) const {
    while (Sees(at, '\\')) {
      at = Escape(at + 1);
      if (at == nullptr) return nullptr;
      at = text::Find<text::JsonStringStop>(at, end_);
    }
    return Sees(at, '"') ? at + 1 : nullptr;
  }

  Cursor Escape(Cursor at) const {
    if (at == end_) return nullptr;
    if (*at == 'u') return UnicodeEscape(at + 1);
    return std::string_view("\"\\/bfnrt").find(*at) == std::string_view::npos ? nullptr : at + 1;
  }

  Cursor UnicodeEscape(Cursor at) const {
    std::uint32_t unit = 0;
    at = ReadHex4(at, end_, unit);
    if (at == nullptr || unit < 0xD800 || unit >= 0xE000) return at;
    std::uint32_t low = 0;
    if (unit >= 0xDC00 || end_ - at < 6 || at[0] != '\\' || at[1] != 'u') return nullptr;
    at = ReadHex4(at + 2, end_, low);
    return low >= 0xDC00 && low < 0xE000 ? at : nullptr;
  }

  Cursor Literal(Cursor at, std::string_view word) const {
    return std::string_view(at, static_cast<std::size_t>(end_ - at)).starts_with(word) ? at + word.size() : nullptr;
  }

  // nullptr when there is no digit.
  Cursor Digits(Cursor at) const {
    const Cursor first = at;
    while (at != end_ && IsDigit(*at)) ++at;
    return at == first ? nullptr : at;
  }

  Cursor Number(Cursor at) const {
    if (*at == '-') ++at;
    const Cursor integer = at;
    at = Digits(at);
    if (at == nullptr || (*integer == '0' && at - integer > 1)) return nullptr;
    if (Sees(at, '.')) at = Digits(at + 1);
    if (at == nullptr || (!Sees(at, 'e') && !Sees(at, 'E'))) return at;
    ++at;
    if (Sees(at, '+') || Sees(at, '-')) ++at;
    return Digits(at);
  }

  const Cursor end_;
  const std::span<const std::string_view> wanted_;
  std::uint32_t lengths_ = 0;  // bit n: a wanted name has n bytes
  std::size_t depth_ = 0;
  bool found_ = false;
  std::bitset<kMaxDepth> is_object_;  // by depth
};

}  // namespace

Skimmed Skim(std::string_view text, std::span<const std::string_view> wanted) {
  if (!simdjson::validate_utf8(text.data(), text.size())) return Skimmed::kBroken;
  return Skimmer(text, wanted).Run(text.data());
}

}  // namespace gatehouse::codec::json
