#include "inspect/content/url.h"

#include <algorithm>

#include "codec/crypto/encoding.h"
#include "inspect/secret/plausible.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::content {
namespace {

using secret::IsLetter;

constexpr std::size_t kLongestUrl = 4096;
constexpr std::size_t kShortestText = 20;    // characters that are decoded
constexpr std::size_t kShortestOpaque = 40;  // and that are only counted
constexpr std::size_t kShortestValue = 6;    // of a query
constexpr double kOpaqueEntropy = 3.8;

bool IsUrlByte(char byte) {
  return static_cast<unsigned char>(byte) > 0x20 &&
         std::string_view("\"'<>`)]}|\\^{").find(byte) == std::string_view::npos;
}

bool StartsFolded(std::string_view text, std::string_view word) {
  return secret::EqualsFolded(text.substr(0, word.size()), word);
}

std::size_t SchemeSize(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://", "//"}) {
    if (StartsFolded(text, scheme)) return scheme.size();
  }
  return 0;
}

bool IsReadable(std::string_view bytes) {
  const auto readable = std::ranges::count_if(
      bytes, [](char byte) { return (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\t'; });
  const auto letters = std::ranges::count_if(bytes, IsLetter);
  return bytes.size() >= 8 && static_cast<std::size_t>(readable) == bytes.size() &&
         static_cast<std::size_t>(letters) * 2 >= bytes.size();
}

bool IsEncodedText(std::string_view value) {
  std::string base64(value);
  while (base64.ends_with('=')) base64.pop_back();
  std::ranges::replace(base64, '+', '-');
  std::ranges::replace(base64, '/', '_');
  // Characters left over are dropped: only whole bytes count.
  for (std::size_t left_over = 0; left_over < 4 && base64.size() > kShortestText - 4; ++left_over) {
    if (const auto bytes = codec::crypto::Base64Decode(base64, codec::crypto::Base64::kUrl)) {
      if (IsReadable(*bytes)) return true;
      break;
    }
    base64.pop_back();
  }
  const auto bytes = codec::crypto::HexDecode(value.substr(0, value.size() / 2 * 2));
  return bytes && IsReadable(*bytes);
}

// "%3D" is "=", and so on: as much as encodings need.
std::string WithoutPercents(std::string_view value) {
  std::string plain;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '%' || at + 2 >= value.size()) {
      plain.push_back(value[at]);
      continue;
    }
    const auto byte = codec::crypto::HexDecode(value.substr(at + 1, 2));
    plain += byte ? *byte : std::string("%");
    at += byte ? 2U : 0U;
  }
  return plain;
}

Cargo CargoOfPart(std::string_view part) {
  const std::string value = WithoutPercents(part);
  if (value.size() < kShortestText) return Cargo::kNone;
  if (IsEncodedText(value)) return Cargo::kText;
  const bool is_opaque = value.size() >= kShortestOpaque && secret::HasDigit(value) && secret::HasLetter(value) &&
                         !secret::IsWordy(value) && secret::Entropy(value) >= kOpaqueEntropy;
  return is_opaque ? Cargo::kOpaque : Cargo::kNone;
}

template <class Visit>
void EachPart(std::string_view text, std::string_view separators, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

std::optional<Url> UrlAt(std::string_view text, std::size_t begin) {
  const std::size_t scheme = SchemeSize(text.substr(std::min(begin, text.size())));
  if (scheme == 0) return std::nullopt;
  const std::size_t limit = std::min(text.size(), begin + kLongestUrl);
  std::size_t end = begin + scheme;
  while (end < limit && IsUrlByte(text[end])) ++end;
  while (end > begin + scheme && std::string_view(".,;:!?").find(text[end - 1]) != std::string_view::npos) --end;
  std::string_view rest = text.substr(begin + scheme, end - begin - scheme);
  rest = rest.substr(0, rest.find('#'));
  Url url{.span = {.begin = begin, .end = end}, .host = {}, .path = {}, .query = {}};
  const std::size_t authority = std::min(rest.find_first_of("/?"), rest.size());
  url.host = rest.substr(0, authority);
  url.host.remove_prefix(url.host.rfind('@') + 1);
  url.host = url.host.substr(0, url.host.find(':'));
  const std::size_t query = std::min(rest.find('?'), rest.size());
  url.path = rest.substr(authority, query - authority);
  url.query = rest.substr(std::min(query + 1, rest.size()));
  return url.host.find('.') == std::string_view::npos ? std::nullopt : std::optional(url);
}

bool IsHostOf(std::string_view host, const std::vector<std::string>& hosts) {
  return std::ranges::any_of(hosts, [&](std::string_view allowed) {
    if (host.size() < allowed.size() || !secret::EqualsFolded(host.substr(host.size() - allowed.size()), allowed))
      return false;
    return host.size() == allowed.size() || host[host.size() - allowed.size() - 1] == '.';
  });
}

Cargo CargoOf(const Url& url) {
  Cargo most = Cargo::kNone;
  const auto visit = [&](std::string_view part) { most = std::max(most, CargoOfPart(part)); };
  EachPart(url.path, "/", visit);
  EachPart(url.host, ".", visit);
  EachPart(url.query, "&;", [&](std::string_view parameter) {
    const std::string_view value = parameter.substr(parameter.find('=') + 1);
    if (value.size() >= kShortestValue) most = std::max(most, Cargo::kValues);
    visit(value);
  });
  return most;
}

}  // namespace gatehouse::inspect::content
