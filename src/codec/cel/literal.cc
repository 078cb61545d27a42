#include "codec/cel/literal.h"

#include <array>
#include <charconv>

#include "codec/cel/lexer.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::cel {
namespace {

// Letter after the backslash and what it means.
constexpr std::string_view kShort = "abfnrtv\\?\"'`";
constexpr std::string_view kMeaning = "\a\b\f\n\r\t\v\\?\"'`";

class Unescaper {
 public:
  Unescaper(std::string_view inside, Escapes escapes, std::string_view source, std::size_t begin)
      : inside_(inside), escapes_(escapes), source_(source), begin_(begin) {}

  base::Result<std::string> Run() {
    while (at_ < inside_.size()) {
      if (inside_[at_] != '\\') {
        out_ += inside_[at_++];
        continue;
      }
      GH_CHECK_OK(Escape());
    }
    return std::move(out_);
  }

 private:
  base::Error Wrong(std::string_view what) const { return SourceError(source_, begin_ + at_, what); }

  base::Status Escape() {
    if (at_ + 1 >= inside_.size()) return Wrong("a backslash stands at the end; write \\\\ for one backslash");
    const char c = inside_[at_ + 1];
    if (const auto found = kShort.find(c); found != std::string_view::npos) {
      out_ += kMeaning[found];
      at_ += 2;
      return base::Ok();
    }
    if (c == 'x' || c == 'X') return Code(2, 2, 16);
    if (c >= '0' && c <= '3') return Code(1, 3, 8);
    if (escapes_ == Escapes::kText && c == 'u') return Code(2, 4, 16);
    if (escapes_ == Escapes::kText && c == 'U') return Code(2, 8, 16);
    return Wrong("unknown escape; write \\\\ for a backslash, or a raw text r\"...\"");
  }

  base::Status Code(std::size_t skip, std::size_t digits, int radix) {
    const std::string_view text = inside_.substr(std::min(at_ + skip, inside_.size()), digits);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code, radix);
    if (text.size() != digits || error != std::errc() || end != text.data() + text.size()) {
      return Wrong("this escape needs " + std::to_string(digits) + (radix == 8 ? " octal" : " hexadecimal") +
                   " digits");
    }
    if (escapes_ == Escapes::kBytes) {
      out_ += static_cast<char>(code);
    } else if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return Wrong("this escape is not a character: surrogates and codes above 10FFFF are not");
    } else {
      text::AppendCodePoint(out_, code);
    }
    at_ += skip + digits;
    return base::Ok();
  }

  std::string_view inside_;
  Escapes escapes_;
  std::string_view source_;
  std::size_t begin_;
  std::size_t at_ = 0;
  std::string out_;
};

void AppendHex(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

// The double quote, the backslash and control characters; true when done.
bool AppendEscaped(std::string& out, char c) {
  const auto found = kMeaning.find(c);
  if (found == std::string_view::npos || c == '?' || c == '\'' || c == '`') return false;
  out += '\\';
  out += kShort[found];
  return true;
}

}  // namespace

base::Result<std::string> Unescape(std::string_view inside, Escapes escapes, std::string_view source,
                                   std::size_t begin) {
  return Unescaper(inside, escapes, source, begin).Run();
}

std::string QuoteText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (AppendEscaped(out, c)) continue;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      AppendHex(out, static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string QuoteBytes(std::string_view bytes) {
  std::string out = "b\"";
  for (const char c : bytes) {
    if (AppendEscaped(out, c)) continue;
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) {
      AppendHex(out, static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace gatehouse::codec::cel
