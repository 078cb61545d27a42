#include "codec/gzip/zlib_stream.h"

#include <zlib.h>

#include "base/check.h"

namespace gatehouse::codec::gzip {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30U;

const Bytef* Bytes(std::string_view text) { return reinterpret_cast<const Bytef*>(text.data()); }
Bytef* Bytes(std::string& text) { return reinterpret_cast<Bytef*>(text.data()); }

}  // namespace

std::string ZlibCompress(std::string_view bytes) {
  GH_CHECK(bytes.size() <= kMaxBytes);
  uLongf size = compressBound(bytes.size());
  std::string compressed(size, '\0');
  GH_CHECK(compress2(Bytes(compressed), &size, Bytes(bytes), bytes.size(), Z_BEST_SPEED) == Z_OK);
  compressed.resize(size);
  return compressed;
}

std::optional<std::string> ZlibUncompress(std::string_view compressed, std::size_t size) {
  if (size > kMaxBytes || compressed.size() > kMaxBytes) return {};
  // One byte more, so that what is longer than it should be is seen.
  std::string bytes(size + 1, '\0');
  uLongf made = bytes.size();
  uLong taken = compressed.size();
  if (uncompress2(Bytes(bytes), &made, Bytes(compressed), &taken) != Z_OK) return {};
  if (made != size || taken != compressed.size()) return {};
  bytes.resize(size);
  return bytes;
}

}  // namespace gatehouse::codec::gzip
