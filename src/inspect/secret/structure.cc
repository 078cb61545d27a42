#include "inspect/secret/structure.h"

#include <algorithm>
#include <array>
#include <string>

#include "codec/crypto/encoding.h"
#include "codec/json/document.h"
#include "inspect/detector.h"
#include "inspect/secret/plausible.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::secret {
namespace {

constexpr std::size_t kLongestToken = 16384;
constexpr std::size_t kLongestLabel = 100;  // of a key block: "RSA PRIVATE KEY"
constexpr std::size_t kShortestKey = 64;    // characters of base64 in a key block
constexpr double kKeyEntropy = 3.5;         // bits for each character of a key block
constexpr std::size_t kLongestAuthority = 512;
constexpr std::size_t kShortestPassword = 5;
constexpr std::size_t kShortestSegment = 10;  // of a token, in base64url

bool IsBase64Url(char byte) { return IsWordByte(byte) || byte == '-'; }
bool IsBase64(char byte) {
  return IsLetter(byte) || IsDigit(byte) || byte == '+' || byte == '/' || byte == '-' || byte == '_';
}
bool IsSpace(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

template <class Predicate>
std::size_t RunEnd(std::string_view text, std::size_t begin, std::size_t most, Predicate is) {
  const std::size_t limit = std::min(text.size(), begin + most);
  std::size_t end = begin;
  while (end < limit && is(text[end])) ++end;
  return end;
}

bool IsTokenHeader(std::string_view encoded) {
  constexpr auto kMembers =
      std::to_array<const char*>({"alg", "enc", "typ", "kid", "zip", "jku", "x5t", "cty", "epk", "crit"});
  const auto header = codec::crypto::Base64Decode(encoded, codec::crypto::Base64::kUrl);
  if (!header) return false;
  codec::json::Document document;
  if (!document.Parse(*header).ok()) return false;
  return std::ranges::any_of(kMembers, [&](const char* name) { return !document.root()[name].IsMissing(); });
}

// Where a segment of a token ends; the signature may be padded, or be base64 of the other alphabet.
std::size_t SegmentEnd(std::string_view text, std::size_t begin) {
  return RunEnd(text, begin, kLongestToken, [](char byte) { return IsBase64Url(byte); });
}

bool IsKeyByte(char byte) {
  return IsLetter(byte) || IsDigit(byte) || IsSpace(byte) ||
         std::string_view("+/=\\:,.-()<>@\"").find(byte) != std::string_view::npos;
}

// Where the body of a key block begins that begins at `begin`; nothing where it is no private key's.
std::optional<std::size_t> KeyBody(std::string_view text, std::size_t begin) {
  constexpr std::string_view kBegin = "-----BEGIN";
  const std::string_view head = text.substr(begin + kBegin.size(), kLongestLabel + 16);
  const std::size_t dashes = head.find("-----");
  if (dashes == std::string_view::npos || dashes > kLongestLabel) return std::nullopt;
  std::string label(head.substr(0, dashes));
  std::ranges::transform(label, label.begin(), Lower);
  if (label.find("private key") == std::string::npos) return std::nullopt;
  return begin + kBegin.size() + dashes + 5;
}

bool IsStandInPassword(std::string_view user, std::string_view password) {
  constexpr auto kWords = std::to_array<std::string_view>({"test", "token", "admin", "root", "apikey", "user"});
  constexpr auto kParts = std::to_array<std::string_view>({"pass", "pwd", "secret", "change"});
  if (EqualsFolded(user, password)) return true;
  if (std::ranges::any_of(kWords, [&](std::string_view word) { return EqualsFolded(word, password); })) return true;
  if (std::ranges::any_of(kParts, [&](std::string_view part) { return ContainsFolded(password, part); })) return true;
  return IsPlaceholder(password) || password.find("$(") != std::string_view::npos;
}

// A word of a shell's command line with its quotes taken off, and where it stands; up to white space even in quotes,
// where a text may be cut.
struct ShellWord {
  std::string text;
  Span span;
};

ShellWord ReadShellWord(std::string_view text, std::size_t begin) {
  ShellWord word{.text = {}, .span = {.begin = begin, .end = begin}};
  char quote = 0;
  for (std::size_t at = begin; at < text.size() && at - begin < kLongestAuthority; ++at) {
    const char byte = text[at];
    if (IsSpace(byte) || (quote == 0 && byte == '\\')) break;
    word.span.end = at + 1;
    if (byte == quote) {
      quote = 0;
    } else if (quote == 0 && (byte == '"' || byte == '\'')) {
      quote = byte;
    } else {
      word.text.push_back(byte);
    }
  }
  return word;
}

}  // namespace

std::optional<Span> TokenAt(std::string_view text, std::size_t begin) {
  const std::size_t header = SegmentEnd(text, begin);
  if (header == text.size() || text[header] != '.' || header - begin < kShortestSegment) return std::nullopt;
  const std::size_t payload = SegmentEnd(text, header + 1);
  if (payload - header < kShortestSegment || payload == text.size() || text[payload] != '.') return std::nullopt;
  if (!IsTokenHeader(text.substr(begin, header - begin))) return std::nullopt;
  std::size_t end = SegmentEnd(text, payload + 1);
  while (end < text.size() && text[end] == '.') {  // five segments: encrypted
    const std::size_t next = SegmentEnd(text, end + 1);
    if (next == end + 1) break;
    end = next;
  }
  return Span{.begin = begin, .end = end};
}

std::optional<Span> EncodedTokenAt(std::string_view text, std::size_t begin) {
  const std::size_t end = RunEnd(text, begin, kLongestToken, [](char byte) { return IsBase64(byte); });
  // Whole groups of four decode by themselves.
  const std::string_view groups = text.substr(begin, (end - begin) / 4 * 4);
  const auto token = codec::crypto::Base64Decode(groups, codec::crypto::Base64::kStandard);
  if (!token) return std::nullopt;
  const std::size_t header = token->find('.');
  if (header == std::string::npos || !IsTokenHeader(std::string_view(*token).substr(0, header))) return std::nullopt;
  return Span{.begin = begin, .end = RunEnd(text, end, 2, [](char byte) { return byte == '='; })};
}

std::optional<Span> PrivateKeyAt(std::string_view text, std::size_t begin) {
  const auto body = KeyBody(text, begin);
  if (!body) return std::nullopt;
  const std::string_view reach = text.substr(0, std::min(text.size(), begin + kLongestKeyBlock));
  const std::size_t dashes = std::min(reach.find("-----END", *body), reach.size());
  std::size_t end = RunEnd(reach, *body, dashes - *body, [](char byte) { return IsKeyByte(byte); });
  const std::string_view key = text.substr(*body, end - *body);
  const auto characters =
      static_cast<std::size_t>(std::ranges::count_if(key, [](char byte) { return IsBase64(byte); }));
  if (characters < kShortestKey || Entropy(key) < kKeyEntropy || key.find("...") != std::string_view::npos) {
    return std::nullopt;
  }
  if (end == dashes && dashes < reach.size()) {
    const std::size_t closing = text.find("-----", dashes + 5);
    end = std::min(closing == std::string_view::npos ? text.size() : closing + 5, dashes + kLongestLabel);
  } else {
    while (end > *body && !IsBase64(text[end - 1]) && text[end - 1] != '=') --end;
  }
  return Span{.begin = begin, .end = end};
}

std::size_t OpenKeyBlock(std::string_view text, std::size_t seam) {
  constexpr std::string_view kBegin = "-----BEGIN";
  const std::size_t from = seam - std::min(seam, kLongestKeyBlock - 1);
  const std::size_t before = FindLast(text.substr(from, seam - from + kBegin.size() - 1), kBegin);
  if (before == std::string_view::npos) return seam;
  const std::size_t begin = from + before;
  const std::size_t closing = text.find("-----END", begin);
  if (closing == std::string_view::npos) return begin;
  const std::size_t end = std::min(text.find("-----", closing + 5), closing + kLongestLabel) + 5;
  return end > seam ? begin : seam;
}

std::optional<UrlPassword> UrlPasswordAt(std::string_view text, std::size_t authority) {
  const std::size_t end = RunEnd(text, authority, kLongestAuthority, [](char byte) {
    return !IsSpace(byte) && static_cast<unsigned char>(byte) < 0x80 &&
           std::string_view("/\"'<>`?#\\{}()[]|,").find(byte) == std::string_view::npos;
  });
  const std::string_view part = text.substr(authority, end - authority);
  const std::size_t host = part.rfind('@');
  if (host == std::string_view::npos) return std::nullopt;
  const std::size_t colon = part.find(':');
  if (colon >= host) return std::nullopt;
  const std::string_view password = part.substr(colon + 1, host - colon - 1);
  if (password.size() < kShortestPassword || IsStandInPassword(part.substr(0, colon), password)) return std::nullopt;
  std::size_t scheme = authority - 3;
  while (scheme > 0 && authority - scheme < 32 && (IsWordByte(text[scheme - 1]) || text[scheme - 1] == '+')) --scheme;
  return UrlPassword{.password = {.begin = authority + colon + 1, .end = authority + host},
                     .scheme = text.substr(scheme, authority - 3 - scheme),
                     .host = part.substr(host + 1)};
}

bool IsStandInBasic(std::string_view encoded) {
  const auto decoded = codec::crypto::Base64Decode(encoded, codec::crypto::Base64::kStandard);
  if (!decoded) return false;
  const std::string_view pair = *decoded;
  const std::size_t colon = pair.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string_view password = pair.substr(colon + 1);
  return !password.empty() &&
         (password.size() < kShortestPassword || IsStandInPassword(pair.substr(0, colon), password));
}

std::optional<Span> CurlUserAt(std::string_view text, std::size_t at) {
  // `at` may be behind a quote and a character: the word begins behind white space or "=".
  std::size_t begin = at;
  while (begin > 0 && !IsSpace(text[begin - 1]) && text[begin - 1] != '=') --begin;
  const ShellWord word = ReadShellWord(text, begin);
  const std::size_t colon = word.text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const std::string_view whole = word.text;
  const std::string_view user = whole.substr(0, colon);
  const std::string_view password = whole.substr(colon + 1);
  const std::string_view secret = password.empty() ? user : password;
  if (secret.size() < kShortestPassword || IsStandInPassword(password.empty() ? "" : user, secret)) return std::nullopt;
  if (secret.starts_with('$') || secret.find("{{") != std::string_view::npos) return std::nullopt;
  return word.span;
}

bool IsCurlCommand(std::string_view text, std::size_t at) {
  const std::size_t from = at - std::min(at, Detector::kContext);
  const std::string_view before = text.substr(from, at - from);
  const std::size_t curl = before.rfind("curl");
  return curl != std::string_view::npos && (curl + 4 == before.size() || !IsWordByte(before[curl + 4]));
}

}  // namespace gatehouse::inspect::secret
