#include "inspect/pii/network.h"

#include <algorithm>
#include <array>

#include "inspect/pii/characters.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::size_t kLongestLocalPart = 64;  // RFC 5321, section 4.5.3.1.1
constexpr std::size_t kLongestDomain = 255;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestUrl = 2048;
constexpr std::size_t kLongestScheme = 12;
constexpr std::size_t kLongestMachine = 45;

// Classes of bytes as tables.
template <class Predicate>
constexpr std::array<bool, 256> Table(Predicate is) {
  std::array<bool, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) table[byte] = is(static_cast<char>(byte));
  return table;
}
constexpr auto kLocalBytes =
    Table([](char c) { return IsWordByte(c) || std::string_view("!#$%&'*+/=?^_`{|}~.-").contains(c); });
constexpr auto kUrlBytes =
    Table([](char c) { return !IsSpace(c) && c != '\0' && !std::string_view("<>\"`{}|\\^").contains(c); });

bool IsLocalByte(char c) { return kLocalBytes[static_cast<unsigned char>(c)]; }
bool IsDomainByte(char c) { return IsWordByte(c) || c == '-' || c == '.'; }

// Whether this is a name of two labels or more, the last one of letters.
bool IsDomain(std::string_view domain) {
  const std::size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || domain.size() > kLongestDomain) return false;
  const std::string_view last = domain.substr(dot + 1);
  const bool punycode = last.starts_with("xn--");
  const auto is_letter = [](char c) { return IsLetter(c) || IsHigh(c); };
  if (last.size() < 2 || !(punycode || std::ranges::all_of(last, is_letter))) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i <= domain.size(); ++i) {
    if (i < domain.size() && domain[i] != '.') continue;
    const bool empty = i == label || i - label > kLongestLabel || domain[label] == '-' || domain[i - 1] == '-';
    if (empty) return false;
    label = i + 1;
  }
  return true;
}

// A domain that begins at `at`, without the dot or hyphen that ends a sentence: the end.
std::size_t DomainEnd(std::string_view text, std::size_t at) {
  std::size_t end = SkipForward(text.substr(0, at + kLongestDomain + 1), at, IsDomainByte);
  while (end > at && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  return end;
}

bool IsIpv4(std::string_view text) {
  int parts = 0;
  while (true) {
    const std::size_t end = SkipForward(text, 0, IsDigit);
    if (end == 0 || end > 3 || Number(text, 0, end) > 255 || (end > 1 && text[0] == '0')) return false;
    ++parts;
    text.remove_prefix(end);
    if (text.empty()) return parts == 4;
    if (text[0] != '.' || parts == 4) return false;
    text.remove_prefix(1);
  }
}

struct Ipv6Groups {
  int full = 0;
  int gaps = 0;
  bool well_formed = false;
};

Ipv6Groups ReadIpv6(std::string_view text) {
  Ipv6Groups groups;
  while (!text.empty()) {
    const std::size_t end = SkipForward(text, 0, IsHex);
    if (At(text, end) == '.') {
      groups.full += 2;
      groups.well_formed = IsIpv4(text);
      return groups;
    }
    if (end > 4) return groups;
    groups.full += end > 0 ? 1 : 0;
    if (end == text.size()) break;
    const bool gap = text.substr(end).starts_with("::");
    groups.gaps += gap ? 1 : 0;
    if (end == 0 && !gap) return groups;
    text.remove_prefix(end + (gap ? 2 : 1));
    if (text.empty() && !gap) return groups;
  }
  groups.well_formed = true;
  return groups;
}

bool IsIpv6(std::string_view text) {
  const Ipv6Groups groups = ReadIpv6(text);
  if (!groups.well_formed || groups.gaps > 1) return false;
  if (groups.gaps == 0) return groups.full == 8;
  // Short ones are names in programs as often ("a::1").
  return groups.full <= 7 && (groups.full >= 3 || text.find(':') == 4);
}

// Six pairs with one sign between them, or three groups of four with dots.
bool IsMac(std::string_view text) {
  if (text.size() == 14) return text[4] == '.' && text[9] == '.' && std::ranges::count_if(text, IsHex) == 12;
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 3 == 2 ? text[i] != text[2] : !IsHex(text[i])) return false;
  }
  return text[2] == ':' || text[2] == '-';
}

float Ipv4Confidence(std::string_view text, std::size_t begin, std::string_view address) {
  // Versions and sections are numbered in figures of one digit.
  const bool small = address.size() == 7;
  const char before = Before(text, begin);
  const bool of_product = before == '/' && begin > 1 && IsLetter(text[begin - 2]);  // "Browser/120.0.0.0"
  if (before == 'v' || before == 'V' || of_product) return 0;
  if (address.starts_with("127.") || address == "0.0.0.0" || address == "255.255.255.255") return 0.2F;
  return small && before != '/' && before != '@' ? 0.4F : 0.9F;
}

}  // namespace

bool IsNextToMachineSign(std::string_view text, Span group) {
  constexpr std::string_view kSigns = ":.-";
  return kSigns.contains(Before(text, group.begin)) || kSigns.contains(At(text, group.end));
}

std::optional<Sighting> EmailAround(const Piece& piece, std::size_t at) {
  const std::string_view text = piece.text;
  const std::size_t first = std::max(piece.begin, at > kLongestLocalPart ? at - kLongestLocalPart : 0);
  std::size_t begin = SkipBack(text, at, first, IsLocalByte);
  // Signs that stand around an address belong to the sentence, and a dot begins none.
  while (begin < at && !IsWordByte(text[begin]) && text[begin] != '_') ++begin;
  // "mailto:" and the like are cut off by the colon; "name=a@b.c" by this.
  if (const std::size_t equals = text.substr(begin, at - begin).rfind('='); equals != std::string_view::npos) {
    begin += equals + 1;
  }
  const std::string_view local = text.substr(begin, at - begin);
  const std::size_t end = DomainEnd(text, at + 1);
  if (local.empty() || local.ends_with('.') || local.find("..") != std::string_view::npos) return {};
  if (!IsDomain(text.substr(at + 1, end - at - 1))) return {};
  // "git@host.example:path" is an account on a machine.
  const bool account = At(text, end) == ':' && IsWordByte(At(text, end + 1)) && !IsDigit(At(text, end + 1));
  return Sighting{.entity = "EMAIL_ADDRESS", .span = {begin, end}, .confidence = account ? 0.4F : 1.0F};
}

std::optional<Sighting> UrlAround(const Piece& piece, std::size_t at) {
  const std::string_view text = piece.text;
  const bool has_scheme = Before(text, at) == '/';
  std::size_t begin = at - (has_scheme ? 3 : 4);
  if (begin < piece.begin) return {};
  if (has_scheme) {
    const std::size_t first = std::max(piece.begin, begin > kLongestScheme ? begin - kLongestScheme : 0);
    const std::size_t scheme = SkipBack(text, begin, first, IsAlnum);
    if (scheme == begin) return {};
    begin = scheme;
  } else if (IsWordByte(Before(text, begin)) || Before(text, begin) == '/' || Before(text, begin) == '.') {
    return {};
  }
  const auto is_url_byte = [](char c) { return kUrlBytes[static_cast<unsigned char>(c)]; };
  std::size_t end = SkipForward(text.substr(0, at + kLongestUrl), at, is_url_byte);
  while (end > at && std::string_view(".,;:!?'*)]").find(text[end - 1]) != std::string_view::npos) --end;
  const std::size_t host =
      SkipForward(text, at, [](char c) { return IsDomainByte(c) || c == '@' || c == ':' || c == '['; });
  if (end <= at || host == at) return {};
  if (!has_scheme && !IsDomain(text.substr(begin, std::min(DomainEnd(text, begin), end) - begin))) return {};
  return Sighting{.entity = "URL", .span = {begin, end}, .confidence = 0.6F};
}

std::optional<Sighting> MachineAround(const Piece& piece, std::size_t at) {
  const std::string_view text = piece.text;
  const auto is_part = [](char c) { return IsHex(c) || c == ':' || c == '.' || c == '-'; };
  const std::size_t first = std::max(piece.begin, at > kLongestMachine ? at - kLongestMachine : 0);
  std::size_t begin = SkipBack(text, at, first, is_part);
  while (begin < at && (text[begin] == '.' || text[begin] == '-' || (text[begin] == ':' && text[begin + 1] != ':')))
    ++begin;
  std::size_t end = SkipForward(text.substr(0, at + kLongestMachine), at, is_part);
  while (end > begin && (text[end - 1] == '.' || text[end - 1] == '-' || text[end - 1] == ':')) --end;
  if (end - begin < 7 || end - begin > kLongestMachine) return {};
  if (IsWordByte(Before(text, begin)) || IsWordByte(At(text, end)) || At(text, end) == '_') return {};
  std::string_view word = text.substr(begin, end - begin);
  if (IsMac(word)) return Sighting{.entity = "MAC_ADDRESS", .span = {begin, end}, .confidence = 0.9F};
  if (word.find(':') != std::string_view::npos && IsIpv6(word)) {
    return Sighting{.entity = "IP_ADDRESS", .span = {begin, end}, .confidence = 0.9F};
  }
  word = word.substr(0, word.find(':'));  // a port
  if (!IsIpv4(word)) return {};
  return Sighting{
      .entity = "IP_ADDRESS", .span = {begin, begin + word.size()}, .confidence = Ipv4Confidence(text, begin, word)};
}

}  // namespace gatehouse::inspect::pii
