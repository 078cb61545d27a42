#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/resp/resp.h"

namespace {

using gatehouse::codec::resp::Decoder;
using gatehouse::codec::resp::Value;

constexpr gatehouse::codec::resp::Limits kLimits = {.max_text = 4096, .max_parts = 256, .max_depth = 8};

// What comes out of bytes in pieces of that size; an error ends it.
struct Outcome {
  std::vector<Value> values;
  std::optional<gatehouse::base::ErrorCode> error;
  bool operator==(const Outcome&) const = default;
};
Outcome Decode(std::string_view bytes, std::size_t piece) {
  Decoder decoder(kLimits);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    decoder.Feed(bytes.substr(at, piece));
    for (;;) {
      auto next = decoder.Next();
      if (!next.ok()) {
        outcome.error = next.error().code;
        return outcome;
      }
      if (!next.value()) break;
      outcome.values.push_back(*std::move(next).value());
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const Outcome whole = Decode(bytes, bytes.size());
  GH_CHECK(Decode(bytes, 1) == whole);
  GH_CHECK(Decode(bytes, 7) == whole);
  return 0;
}
