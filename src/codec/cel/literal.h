#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gatehouse::codec::cel {

enum class Escapes : std::uint8_t {
  kText,   // \x and \ooo name code points; \u and \U are known
  kBytes,  // \x and \ooo name bytes; \u and \U are not known
};

// What stands between the quotes, with its escapes resolved. `source` and `begin`, where `inside` starts in it, are for
// the message alone.
base::Result<std::string> Unescape(std::string_view inside, Escapes escapes, std::string_view source,
                                   std::size_t begin);

// The other way: double quotes around, and escapes for what does not stand in a text as it is.
std::string QuoteText(std::string_view text);
std::string QuoteBytes(std::string_view bytes);

}  // namespace gatehouse::codec::cel
