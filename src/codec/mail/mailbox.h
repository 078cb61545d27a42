#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

// Electronic mail as bytes: addresses and messages (RFC 5321, RFC 5322, RFC 2045 to 2047). No I/O.
namespace gatehouse::codec::mail {

// A mail address, "ops@example.com": a dot-string and a domain or an address literal (RFC 5321, 4.1.2 and 4.5.3.1).
// Whatever one holds fits into a command and a header as it is: no blanks, quotes or control characters. Quoted local
// parts, and letters beyond ASCII (RFC 6531), are none of ours. A value.
class Mailbox {
 public:
  // nullopt for what is no such address.
  static std::optional<Mailbox> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  // What is behind the @: "example.com", "[192.0.2.1]".
  std::string_view domain() const { return std::string_view(text_).substr(text_.rfind('@') + 1); }
  auto operator<=>(const Mailbox&) const = default;

 private:
  explicit Mailbox(std::string_view text) : text_(text) {}
  std::string text_;
};

// Whether it can be said in EHLO and stand behind an @: a domain name in ASCII or an address literal, "[192.0.2.1]",
// "[IPv6:2001:db8::1]".
bool IsDomain(std::string_view text);

}  // namespace gatehouse::codec::mail
