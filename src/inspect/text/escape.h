#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatehouse::inspect::text {

// An escape at the beginning of a text: how long it is, and what it stands for. Length 0: there is none.
struct Escape {
  std::size_t length = 0;
  std::string bytes;  // short: no allocation
  enum class Kind : unsigned char {
    kPlain,    // \n, \": any JSON has them
    kTelling,  // a character that could have been written
  } kind = Kind::kTelling;
};

Escape ReadEscape(std::string_view text);

}  // namespace gatehouse::inspect::text
