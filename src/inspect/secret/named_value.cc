#include "inspect/secret/named_value.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "inspect/secret/plausible.h"
#include "inspect/secret/shape.h"
#include "inspect/secret/structure.h"

namespace gatehouse::inspect::secret {
namespace {

constexpr float kSecretConfidence = 0.7F;
constexpr float kPasswordConfidence = 0.65F;
constexpr float kKeyConfidence = 0.4F;
constexpr float kSpokenConfidence = 0.45F;
constexpr std::size_t kShortestValue = 6;
constexpr std::size_t kLongestValue = 256;

// Behind the word that counts, these change nothing: "secret_string", "token2".
constexpr auto kTails =
    std::to_array<std::string_view>({"value", "string", "str", "text", "prod", "production", "dev", "test", "live",
                                     "staging", "base64", "b64", "hex", "raw", "plain", "old", "new"});
// With one of these a name means something else.
constexpr auto kOthers = std::to_array<std::string_view>({
    "public", "pub",         "id",       "ids",    "name",        "csrf",   "xsrf",         "url",         "uri",
    "file",   "path",        "length",   "size",   "type",        "count",  "page",         "next",        "cursor",
    "sort",   "primary",     "foreign",  "row",    "cache",       "map",    "idempotency",  "audience",    "max",
    "min",    "num",         "limit",    "pad",    "eos",         "bos",    "unk",          "sep",         "mask",
    "cls",    "hash",        "hint",     "reset",  "partition",   "index",  "registry",     "license",     "invite",
    "site",   "measurement", "tracking", "monkey", "turkey",      "author", "jsonwebtoken", "fingerprint", "checksum",
    "field",  "column",      "label",    "header", "placeholder", "bucket", "object",
});
constexpr auto kPasswords =
    std::to_array<std::string_view>({"password", "passwd", "pwd", "passphrase", "passwort", "kennwort", "senha",
                                     "wachtwoord", "passcode", "contrasena", "haslo", "pass"});
constexpr auto kSecrets =
    std::to_array<std::string_view>({"secret", "token", "apikey", "secretkey", "accesskey", "privatekey", "credential",
                                     "credentials", "creds", "authorization", "authtoken"});
// Before "key" these make it one.
constexpr auto kKinds = std::to_array<std::string_view>(
    {"api",    "secret",  "private", "access",  "auth",         "encryption", "encrypt", "signing",
     "master", "service", "account", "storage", "subscription", "client",     "admin",   "deploy",
     "aes",    "hmac",    "jwt",     "shared",  "app",          "license",    "x"});
// In what people make up as a password for documentation.
constexpr auto kUsual =
    std::to_array<std::string_view>({"pass", "secret", "test", "admin", "user", "qwerty", "1234", "demo", "foo", "abc",
                                     "temp", "default", "root", "hello", "my", "strong", "secure", "new", "old"});

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

template <std::size_t N>
bool EndsInOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [&](std::string_view end) { return word.ends_with(end); });
}

std::string Folded(std::string_view text) {
  std::string folded(text);
  std::ranges::transform(folded, folded.begin(), Lower);
  return folded;
}

bool IsUpper(char byte) { return byte >= 'A' && byte <= 'Z'; }

// "dbPassword_v2" is db, password, v.
std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < name.size()) {
    if (!IsLetter(name[at])) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < name.size() && IsLetter(name[end])) {
      const bool begins_word =
          IsUpper(name[end]) &&
          (!IsUpper(name[end - 1]) || (end + 1 < name.size() && IsLetter(name[end + 1]) && !IsUpper(name[end + 1])));
      if (begins_word) break;
      ++end;
    }
    words.push_back(Folded(name.substr(at, end - at)));
    at = end;
  }
  return words;
}

NameMeaning MeaningOfKey(const std::vector<std::string>& words) {
  return words.size() > 1 && IsOneOf(words[words.size() - 2], kKinds) ? NameMeaning::kSecret : NameMeaning::kKey;
}

bool IsValueEnd(char byte, char quote) {
  if (byte >= '\t' && byte <= '\r') return true;
  if (quote != 0) return byte == quote || byte == ' ';
  return byte == ' ' || byte == '\t' || std::string_view("\"'`,;<>(){}[]|\\").find(byte) != std::string_view::npos;
}

Span ValueSpan(std::string_view text, const Assignment& assignment) {
  std::size_t end = assignment.value;
  const std::size_t limit = std::min(text.size(), assignment.value + kLongestValue);
  while (end < limit && !IsValueEnd(text[end], assignment.quote)) ++end;
  if (assignment.quote == 0) {
    while (end > assignment.value && std::string_view(".,:!?)").find(text[end - 1]) != std::string_view::npos) --end;
  } else if (end > assignment.value && text[end - 1] == '\\') {
    --end;  // before an escaped quote
  }
  return {.begin = assignment.value, .end = end};
}

// Program text (a call, an element, a member, a path, a variable, a format), or what says that it is public.
bool IsExpression(std::string_view text, Span span) {
  const std::string_view value = text.substr(span.begin, span.size());
  if (span.end < text.size() && std::string_view("([{<").find(text[span.end]) != std::string_view::npos) return true;
  if (value.find("://") != std::string_view::npos || value.find("${") != std::string_view::npos) return true;
  if (text.substr(span.end).starts_with("..") || value.ends_with("..")) return true;  // cut short by whoever wrote it
  if (value.starts_with("pub")) return true;
  if (std::string_view("/$<{[(%@#*&.").find(value.front()) != std::string_view::npos) return true;
  return value.find("()") != std::string_view::npos || value.find("->") != std::string_view::npos;
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char byte) { return IsDigit(byte) || (Lower(byte) >= 'a' && Lower(byte) <= 'f'); });
}

bool IsUuid(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
         std::ranges::count(text, '-') == 4;
}

bool IsKeyText(std::string_view value) {
  return std::ranges::all_of(value, [](char byte) {
    return IsWordByte(byte) || std::string_view("+/=.~@:-").find(byte) != std::string_view::npos;
  });
}

bool LooksRandom(std::string_view value, std::size_t shortest) {
  if (value.size() < shortest || !IsKeyText(value) || !HasDigit(value) || !HasLetter(value)) return false;
  if (IsPlaceholder(value)) return false;
  if (IsUuid(value) && value[14] != '4') return false;  // only those are random (RFC 9562)
  if (IsHex(value) && HasUpper(value) && HasLower(value)) return false;
  if (IsHex(value)) return value.size() >= 16 && Entropy(value) >= 2.8;
  if (IsWordy(value)) return false;
  if (value.size() < 16) return HasUpper(value) && HasLower(value) && Entropy(value) >= 3;
  return Entropy(value) >= 3.3;
}

bool LooksLikePassword(std::string_view value, std::size_t shortest) {
  if (value.size() < shortest || !HasLetter(value) || !HasDigit(value) || IsPlaceholder(value)) return false;
  const std::string folded = Folded(value);
  if (std::ranges::any_of(kUsual, [&](std::string_view word) { return folded.find(word) != std::string::npos; }))
    return false;
  if (Entropy(value) < 2.5) return false;
  const bool has_sign =
      std::ranges::any_of(value, [](char byte) { return !IsWordByte(byte) && byte != '-' && byte != '.'; });
  const int classes = (HasUpper(value) ? 1 : 0) + (HasLower(value) ? 1 : 0) + (has_sign ? 1 : 0) + 1;
  return classes >= 3 || (value.size() >= 12 && !IsWordy(value));
}

}  // namespace

NameMeaning MeaningOf(std::string_view name) {
  std::vector<std::string> words = WordsOf(name);
  while (words.size() > 1 && (IsOneOf(words.back(), kTails) || words.back().size() == 1)) words.pop_back();
  if (words.empty()) return NameMeaning::kNothing;
  if (std::ranges::any_of(words, [](const std::string& word) { return IsOneOf(word, kOthers); }))
    return NameMeaning::kNothing;
  const std::string& last = words.back();
  if (EndsInOneOf(last, kPasswords)) return NameMeaning::kPassword;
  if (EndsInOneOf(last, kSecrets)) return NameMeaning::kSecret;
  if (last == "key") return MeaningOfKey(words);
  return last == "auth" ? NameMeaning::kKey : NameMeaning::kNothing;
}

std::optional<NamedValue> NamedValueAt(std::string_view text, std::size_t word_end, const Assignment& assignment) {
  if (assignment.state != Assignment::State::kValue || assignment.by == Assignment::By::kComma) return std::nullopt;
  const Span span = ValueSpan(text, assignment);
  const std::string_view value = text.substr(span.begin, span.size());
  // Most of what is assigned fails here.
  if (value.size() < kShortestValue || !HasDigit(value) || !HasLetter(value)) return std::nullopt;
  const std::size_t begin = NameBegin(text, word_end);
  const NameMeaning meaning = MeaningOf(text.substr(begin, assignment.name_end - begin));
  if (meaning == NameMeaning::kNothing || IsExpression(text, span)) return std::nullopt;
  const bool is_spoken = assignment.by == Assignment::By::kWord;
  if (meaning == NameMeaning::kPassword) {
    if (!LooksLikePassword(value, is_spoken ? 6 : 8)) return std::nullopt;
    return NamedValue{
        .span = span, .entity = "password", .confidence = is_spoken ? kSpokenConfidence : kPasswordConfidence};
  }
  if (meaning == NameMeaning::kKey) {
    if (is_spoken || IsUuid(value) || !LooksRandom(value, IsHex(value) ? 32 : 24)) return std::nullopt;
    return NamedValue{.span = span, .entity = "generic-api-key", .confidence = kKeyConfidence};
  }
  if (assignment.scheme == Assignment::Scheme::kBasic && IsStandInBasic(value)) return std::nullopt;
  const std::size_t shortest = IsCurlCommand(text, begin) ? 8 : 10;
  if (!LooksRandom(value, shortest)) return std::nullopt;
  return NamedValue{
      .span = span, .entity = "generic-api-key", .confidence = is_spoken ? kSpokenConfidence : kSecretConfidence};
}

}  // namespace gatehouse::inspect::secret
