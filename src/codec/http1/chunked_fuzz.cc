// A chunked body gives the same payload, end and reason whole and cut in pieces, and what is decoded encodes again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/http1/chunked.h"

namespace {

namespace h1 = gatehouse::codec::http1;

void Require(bool condition) {
  if (!condition) std::abort();
}

struct Decoded {
  std::string payload;
  std::size_t consumed = 0;
  h1::Progress progress = h1::Progress::kNeedMore;
  h1::Reason reason = h1::Reason::kNone;
  bool operator==(const Decoded&) const = default;
};

Decoded Decode(std::string_view bytes, std::size_t piece) {
  h1::ChunkedDecoder decoder({.max_extension_bytes = 64, .max_trailer_bytes = 128, .max_trailer_fields = 4});
  Decoded decoded;
  while (decoded.consumed < bytes.size() && decoded.progress == h1::Progress::kNeedMore) {
    std::string part(bytes.substr(decoded.consumed, piece));
    const auto step = decoder.Decode(part);
    Require(step.consumed <= part.size() && step.payload.size() <= step.consumed);
    Require(step.progress != h1::Progress::kNeedMore || step.consumed == part.size());
    decoded.payload.append(step.payload.data(), step.payload.size());
    decoded.consumed += step.consumed;
    decoded.progress = step.progress;
  }
  decoded.reason = decoder.reason();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Decoded whole = Decode(bytes, size + 1);
  Require(Decode(bytes, 1) == whole);
  Require(Decode(bytes, 1 + (size == 0 ? 0 : data[0] % 16)) == whole);

  if (whole.payload.empty()) return 0;
  std::string wire(h1::ChunkHead(whole.payload.size()).view());
  wire.append(whole.payload).append(h1::kChunkEnd).append(h1::kLastChunk);
  const Decoded again = Decode(wire, wire.size());
  Require(again.progress == h1::Progress::kDone && again.payload == whole.payload);
  return 0;
}
