#include "codec/gzip/gunzip.h"

#define ZLIB_CONST  // what is given is not written to
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "base/check.h"

namespace gatehouse::codec::gzip {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr std::size_t kStep = std::size_t{64} * 1024;

base::Error Damaged() { return base::InvalidRequest("the gzip file is damaged or cut short"); }

}  // namespace

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

base::Result<std::string> Gunzip(std::string_view bytes, std::size_t limit) {
  z_stream stream = {};
  GH_CHECK(inflateInit2(&stream, kGzipOnly) == Z_OK);
  const auto end = [](z_stream* open) { inflateEnd(open); };
  const std::unique_ptr<z_stream, decltype(end)> closer(&stream, end);
  std::string out;
  int code = Z_STREAM_END;
  std::array<unsigned char, kStep> buffer;
  while (!bytes.empty()) {
    const std::size_t given = std::min<std::size_t>(bytes.size(), std::numeric_limits<unsigned>::max());
    stream.next_in = reinterpret_cast<const unsigned char*>(bytes.data());
    stream.avail_in = static_cast<unsigned>(given);
    stream.next_out = buffer.data();
    stream.avail_out = kStep;
    code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END) return Damaged();
    const std::size_t made = kStep - stream.avail_out;
    if (made == 0 && given == stream.avail_in) return Damaged();
    if (out.size() + made > limit) {
      return base::InvalidRequest("there are more than " + std::to_string(limit) + " bytes in the gzip file");
    }
    out.append(reinterpret_cast<const char*>(buffer.data()), made);
    bytes.remove_prefix(given - stream.avail_in);
    if (code == Z_STREAM_END && !bytes.empty()) GH_CHECK(inflateReset(&stream) == Z_OK);
  }
  if (code != Z_STREAM_END || out.empty()) return Damaged();
  return out;
}

}  // namespace gatehouse::codec::gzip
