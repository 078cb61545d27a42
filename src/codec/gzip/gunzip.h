#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gatehouse::codec::gzip {

// Whether the bytes begin as gzip does (RFC 1952, section 2.3.1).
bool IsGzip(std::string_view bytes);

// What was compressed, all members one after the other (RFC 1952). kInvalidRequest: it is damaged or cut short, or
// there are more than `limit` bytes in it.
base::Result<std::string> Gunzip(std::string_view bytes, std::size_t limit);

}  // namespace gatehouse::codec::gzip
