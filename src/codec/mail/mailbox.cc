#include "codec/mail/mailbox.h"

#include <algorithm>

namespace gatehouse::codec::mail {
namespace {

constexpr std::size_t kLongestLocal = 64;    // RFC 5321, 4.5.3.1.1
constexpr std::size_t kLongestDomain = 255;  // 4.5.3.1.2
constexpr std::size_t kLongestPath = 254;    // 4.5.3.1.3, without its angle brackets
constexpr std::size_t kLongestLabel = 63;    // RFC 1035, 2.3.4

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// RFC 5322, 3.2.3.
bool IsAtomText(char c) { return IsAlphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c); }

// Parts with dots between them, each of which is as it should be.
template <class Good>
bool EachPart(std::string_view text, Good good) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!good(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return IsAlphanumeric(c) || c == '-'; });
}

// What is between the brackets, without asking whether such an address can exist.
bool IsLiteral(std::string_view text) {
  constexpr std::string_view kSix = "IPv6:";
  const bool six = text.starts_with(kSix);
  if (six) text.remove_prefix(kSix.size());
  return !text.empty() && std::ranges::all_of(text, [six](char c) {
    const bool digit = c >= '0' && c <= '9';
    const bool hex = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return digit || c == '.' || (six && (hex || c == ':'));
  });
}

}  // namespace

bool IsDomain(std::string_view text) {
  if (text.empty() || text.size() > kLongestDomain) return false;
  if (text.starts_with('[')) return text.ends_with(']') && IsLiteral(text.substr(1, text.size() - 2));
  return EachPart(text, IsLabel);
}

std::optional<Mailbox> Mailbox::Parse(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at > kLongestLocal || text.size() > kLongestPath) return {};
  const bool local = EachPart(
      text.substr(0, at), [](std::string_view part) { return !part.empty() && std::ranges::all_of(part, IsAtomText); });
  if (!local || !IsDomain(text.substr(at + 1))) return {};
  return Mailbox(text);
}

}  // namespace gatehouse::codec::mail
