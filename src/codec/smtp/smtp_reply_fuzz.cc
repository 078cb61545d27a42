#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/smtp/reply.h"

namespace {

using gatehouse::codec::smtp::Reply;
using gatehouse::codec::smtp::ReplyDecoder;

// What comes out of bytes in pieces of that size; an error ends it.
struct Outcome {
  std::vector<Reply> replies;
  std::optional<gatehouse::base::ErrorCode> error;
  bool operator==(const Outcome&) const = default;
};
Outcome Decode(std::string_view bytes, std::size_t piece) {
  ReplyDecoder decoder;
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
      outcome.replies.push_back(*std::move(next).value());
    }
  }
  return outcome;
}

}  // namespace

// Any bytes are read or refused, in whatever pieces they come, and what is read is within its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const Outcome whole = Decode(bytes, bytes.size());
  GH_CHECK(Decode(bytes, 1) == whole);
  GH_CHECK(Decode(bytes, 7) == whole);
  for (const Reply& reply : whole.replies) {
    GH_CHECK(reply.code >= 200 && reply.code <= 599);
    GH_CHECK(!reply.lines.empty() && reply.lines.size() <= ReplyDecoder::kMostLines);
    GH_CHECK(reply.Text().size() <= ReplyDecoder::kMostLines * ReplyDecoder::kMostLine);
    GH_CHECK(reply.Enhanced().size() <= 9);
    static_cast<void>(gatehouse::codec::smtp::ExtensionsOf(reply));
  }
  return 0;
}
