#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::codec::gzip {

// One zlib stream (RFC 1950), compressed fast rather than small. REQUIRES: at most 1 GiB.
std::string ZlibCompress(std::string_view bytes);

// What was compressed, when that is exactly `size` bytes; nullopt otherwise, and where the stream is damaged, cut short
// or followed by something.
std::optional<std::string> ZlibUncompress(std::string_view compressed, std::size_t size);

}  // namespace gatehouse::codec::gzip
