#include "inspect/secret/assignment.h"

#include <algorithm>
#include <array>

#include "inspect/secret/shape.h"

namespace gatehouse::inspect::secret {
namespace {

constexpr std::size_t kLongestName = 50;  // before the word
constexpr std::size_t kLongestTail = 24;  // behind it: the rest of the name, and further words
constexpr std::size_t kMaxQuotes = 4;     // before the operator
constexpr std::size_t kMaxSpace = 6;      // between the operator and the value

constexpr auto kSigns = std::to_array<std::string_view>({":::=", "::=", ":=", "||", "=>", "?=", ":", "=", ">", ","});
constexpr auto kVerbs =
    std::to_array<std::string_view>({" is ", " is: ", " was ", " ist ", " lautet ", " est ", " es "});
constexpr auto kSchemes =
    std::to_array<std::string_view>({"bearer ", "basic ", "token ", "api-token ", "apikey ", "bot ", "jwt "});

bool IsNameByte(char byte) { return IsWordByte(byte) || byte == '.' || byte == '-'; }
bool IsSpace(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
bool IsQuote(char byte) { return byte == '"' || byte == '\'' || byte == '`'; }

bool StartsFolded(std::string_view text, std::string_view word) {
  return EqualsFolded(text.substr(0, word.size()), word);
}

// How much of `text` a scheme of HTTP's Authorization header takes.
std::size_t SchemeSize(std::string_view text) {
  for (const std::string_view scheme : kSchemes) {
    if (StartsFolded(text, scheme)) return scheme.size();
  }
  return 0;
}

// Whether all of `text` may be the beginning of a scheme.
bool MayBecomeScheme(std::string_view text) {
  return std::ranges::any_of(kSchemes, [&](std::string_view scheme) {
    return text.size() < scheme.size() && EqualsFolded(scheme.substr(0, text.size()), text);
  });
}

class Reader {
 public:
  Reader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  Assignment Read() {
    while (!AtEnd() && IsNameByte(text_[at_])) ++at_;
    found_.name_end = at_;
    const std::size_t begin = at_;
    // Further words belong to it ("aws secret key = "), and among them may be the verb.
    while (!AtEnd() && at_ - begin < kLongestTail &&
           (IsNameByte(text_[at_]) || text_[at_] == ' ' || text_[at_] == '\t')) {
      if (const std::size_t verb = VerbSize(); verb != 0) {
        at_ += verb;
        found_.by = Assignment::By::kWord;
        return ReadValue();
      }
      ++at_;
    }
    if (AtEnd()) return Open();
    Skip(kMaxQuotes, [](char byte) { return IsSpace(byte) || IsQuote(byte) || byte == '\\' || byte == ']'; });
    if (AtEnd()) return Open();
    const std::size_t sign = SignSize();
    if (sign == 0) return {};
    found_.by = text_[at_] == ',' ? Assignment::By::kComma : Assignment::By::kSign;
    at_ += sign;
    return ReadValue();
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }

  Assignment Open() {
    found_.state = Assignment::State::kOpen;
    return found_;
  }

  template <class Predicate>
  void Skip(std::size_t most, Predicate is) {
    const std::size_t limit = std::min(text_.size(), at_ + most);
    while (at_ < limit && is(text_[at_])) ++at_;
  }

  std::size_t VerbSize() const {
    if (text_[at_] != ' ') return 0;
    for (const std::string_view verb : kVerbs) {
      if (StartsFolded(text_.substr(at_), verb)) return verb.size();
    }
    return 0;
  }

  std::size_t SignSize() const {
    for (const std::string_view sign : kSigns) {
      if (text_.substr(at_).starts_with(sign)) return sign.size();
    }
    return 0;
  }

  Assignment ReadValue() {
    SkipToValue();
    if (AtEnd()) return Open();
    const std::string_view rest = text_.substr(at_);
    if (MayBecomeScheme(rest)) return Open();
    if (const std::size_t scheme = SchemeSize(rest); scheme != 0) {
      found_.scheme =
          EqualsFolded(rest.substr(0, scheme), "basic ") ? Assignment::Scheme::kBasic : Assignment::Scheme::kOther;
      at_ += scheme;
      SkipToValue();
      if (AtEnd()) return Open();
    }
    found_.state = Assignment::State::kValue;
    found_.value = at_;
    return found_;
  }

  void SkipToValue() {
    Skip(kMaxSpace, [&](char byte) {
      if (IsQuote(byte)) found_.quote = byte;
      return IsSpace(byte) || IsQuote(byte) || byte == '=' || byte == '\\' || byte == '(';
    });
  }

  std::string_view text_;
  std::size_t at_;
  Assignment found_;
};

}  // namespace

Assignment ReadAssignment(std::string_view text, std::size_t at) {
  const std::size_t limit = std::min(text.size(), at + kLongestAssignment);
  const Assignment found = Reader(text.substr(0, limit), at).Read();
  // Longer than anything between a name and its value is.
  if (found.state == Assignment::State::kOpen && limit < text.size()) return {};
  return found;
}

std::size_t NameBegin(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && at - begin < kLongestName && IsNameByte(text[begin - 1])) --begin;
  return begin;
}

}  // namespace gatehouse::inspect::secret
