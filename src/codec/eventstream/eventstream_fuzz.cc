#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/crypto/crc32.h"
#include "codec/eventstream/eventstream.h"

// Any cut gives the same messages, and a message that was decoded is encoded to the bytes it came from.
namespace gatehouse::codec::eventstream {
namespace {

constexpr std::size_t kLimit = 4096;

std::string Decode(std::string_view text, std::string_view sizes) {
  std::string again;
  Decoder decoder(kLimit);
  Message message;
  for (std::size_t i = 0; !text.empty(); ++i) {
    const std::size_t size = sizes.empty() ? text.size() : static_cast<unsigned char>(sizes[i % sizes.size()]) % 32 + 1;
    const std::string piece(text.substr(0, size));
    text.remove_prefix(piece.size());
    decoder.Feed(piece);
    while (true) {
      const auto next = decoder.Next(message);
      if (!next.ok()) return again + "failed: " + next.error().detail;
      if (next.value() == Decoder::Outcome::kNeedMore) break;
      AppendMessage(again, message.headers, message.payload);
    }
  }
  return again + (decoder.Finish().ok() ? "" : "unfinished");
}

// Makes the sums of each message right where the lengths make sense, or the fuzzer would never get past them.
std::string Mend(std::string bytes) {
  const auto read = [&](std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) number = (number << 8) | static_cast<unsigned char>(bytes[at + i]);
    return number;
  };
  const auto put = [&](std::size_t at, std::uint32_t number) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(number >> (24 - 8 * i));
  };
  for (std::size_t at = 0; bytes.size() - at >= 16;) {
    const std::size_t total = read(at);
    put(at + 8, crypto::Crc32(std::string_view(bytes).substr(at, 8)));
    if (total < 16 || total > bytes.size() - at) break;
    put(at + total - 4, crypto::Crc32(std::string_view(bytes).substr(at, total - 4)));
    at += total;
  }
  return bytes;
}

}  // namespace
}  // namespace gatehouse::codec::eventstream

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::codec::eventstream;
  if (size < 8) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto sizes = input.substr(0, 8);
  for (const std::string& stream : {std::string(input.substr(8)), Mend(std::string(input.substr(8)))}) {
    const std::string whole = Decode(stream, {});
    GH_CHECK(whole == Decode(stream, sizes));
    const auto note = std::min(whole.find("failed: "), whole.find("unfinished"));
    if (note == std::string::npos) GH_CHECK(whole == stream);
  }
  return 0;
}
