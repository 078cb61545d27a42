#include <string>
#include <string_view>

#include "codec/crypto/encoding.h"
#include "features/identity/ldap/ldap_settings.h"

namespace gatehouse::features::identity::ldap {

// All but letters, digits and a few harmless signs: more than must be, and nothing that could mean something.
std::string EscapeFilterValue(std::string_view value) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@=, ";
  std::string out;
  for (const char c : value) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out.append("\\").append(codec::crypto::HexEncode({&c, 1}));
    }
  }
  return out;
}

std::string FilterFor(const std::string& pattern, std::string_view user) {
  constexpr std::string_view kHole = "{user}";
  const std::string escaped = EscapeFilterValue(user);
  std::string out;
  std::size_t from = 0;
  for (auto at = pattern.find(kHole); at != std::string::npos; at = pattern.find(kHole, from)) {
    out.append(pattern, from, at - from).append(escaped);
    from = at + kHole.size();
  }
  return out.append(pattern, from);
}

}  // namespace gatehouse::features::identity::ldap
