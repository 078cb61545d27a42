#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "inspect/finding.h"

// Credentials that are known by their structure rather than by a prefix and a length.
namespace gatehouse::inspect::secret {

// A key block may be so long, from its BEGIN on; what is longer is found up to here.
inline constexpr std::size_t kLongestKeyBlock = std::size_t{16} * 1024;

// A JSON Web Token (RFC 7519, compact serialisation) that begins at `begin`: its header is a JSON object with a member
// of RFC 7515 or 7516.
std::optional<Span> TokenAt(std::string_view text, std::size_t begin);
// The same, in base64 once more.
std::optional<Span> EncodedTokenAt(std::string_view text, std::size_t begin);

// A private key in PEM (RFC 7468) or OpenPGP's armour, with line ends or with "\n" written out; `begin` is that of
// "-----BEGIN". Also without its end, as far as it goes.
std::optional<Span> PrivateKeyAt(std::string_view text, std::size_t begin);
// Where the key block begins that reaches over `seam`, or may; `seam` where there is none.
std::size_t OpenKeyBlock(std::string_view text, std::size_t seam);

// The password in "scheme://user:password@host"; `authority` is behind "://".
struct UrlPassword {
  Span password;
  std::string_view scheme;
  std::string_view host;
};
std::optional<UrlPassword> UrlPasswordAt(std::string_view text, std::size_t authority);

// The user and password that a command line gives curl with -u or --user; `at` is in the first word behind that, or at
// its quote.
std::optional<Span> CurlUserAt(std::string_view text, std::size_t at);

// Whether the value of HTTP's Basic scheme is none, or stands for one ("user:password").
bool IsStandInBasic(std::string_view encoded);

// Whether the command curl stands so shortly before `at` that this is one of its options.
bool IsCurlCommand(std::string_view text, std::size_t at);

}  // namespace gatehouse::inspect::secret
