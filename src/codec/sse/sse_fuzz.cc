#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/sse/sse.h"

// Any cut of the bytes gives the same frames, and a frame that is written is read back.
namespace gatehouse::codec::sse {
namespace {

constexpr std::size_t kLimit = 4096;

struct Seen {
  std::string event, data, id, raw;
  bool operator==(const Seen&) const = default;
};

void Record(const Frame& frame, std::vector<Seen>& seen) {
  seen.push_back({std::string(frame.event), std::string(frame.data), std::string(frame.id), std::string(frame.raw)});
}

// Frames of the stream when it comes in pieces of these sizes, repeated; the last entry says whether it failed.
std::vector<Seen> Parse(std::string_view text, std::string_view sizes) {
  std::vector<Seen> seen;
  Parser parser(kLimit);
  Frame frame;
  for (std::size_t i = 0; !text.empty(); ++i) {
    const std::size_t size = sizes.empty() ? text.size() : static_cast<unsigned char>(sizes[i % sizes.size()]) % 32 + 1;
    const std::string piece(text.substr(0, size));
    text.remove_prefix(piece.size());
    parser.Feed(piece);
    while (true) {
      const auto next = parser.Next(frame);
      if (!next.ok()) {
        seen.push_back({.event = "failed"});
        return seen;
      }
      if (next.value() == Parser::Outcome::kNeedMore) break;
      Record(frame, seen);
    }
  }
  const auto last = parser.Finish(frame);
  if (last.ok() && last.value() == Parser::Outcome::kFrame) Record(frame, seen);
  return seen;
}

}  // namespace
}  // namespace gatehouse::codec::sse

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::codec::sse;
  if (size < 8) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto sizes = input.substr(0, 8);
  const auto text = input.substr(8);
  const auto whole = Parse(text, {});
  GH_CHECK(whole == Parse(text, sizes));
  std::string again;
  for (const auto& frame : whole) AppendFrame(again, frame.event, frame.data);
  if (!whole.empty() && whole.back().event == "failed") return 0;
  std::size_t i = 0;
  if (again.size() > kLimit) return 0;
  const auto reread = Parse(again, sizes);
  GH_CHECK(reread.size() == whole.size());
  for (const auto& frame : reread) {
    GH_CHECK(frame.event == whole[i].event && frame.data == whole[i].data);
    ++i;
  }
  return 0;
}
