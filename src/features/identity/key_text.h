#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// How a virtual key is written: gh_<scope>_<random><checksum>, for example gh_app_ followed by 38 letters and digits.
// Scope: whom it stands for, lower-case letters. Random: 32 characters of 62, 190 bits. Checksum: CRC-32 of all before
// it, in 6 characters of 62, so that a typing error is told from a stranger, and scanners of leaked secrets are sure.
namespace gatehouse::features::identity {

// A new key that nobody can guess. `scope` is 1 to 16 lower-case letters.
std::string NewKey(std::string_view scope);

enum class KeyShape : std::uint8_t {
  kForeign,     // no key of a gateway: a provider's, a token, anything
  kMistyped,    // begins as one, and the checksum does not fit
  kWellFormed,  // made by a gateway, perhaps not by this one
};
KeyShape ShapeOf(std::string_view text);

}  // namespace gatehouse::features::identity
