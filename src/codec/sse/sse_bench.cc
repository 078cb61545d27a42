#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/benchmark.h"
#include "base/check.h"
#include "codec/sse/sse.h"

namespace gatehouse::codec::sse {
namespace {

std::string Stream(std::string_view event, std::size_t payload, std::size_t total) {
  std::string stream;
  while (stream.size() < total) AppendFrame(stream, event, std::string(payload, 'x'));
  return stream;
}

std::size_t CountFrames(Parser& parser, std::string_view stream, std::size_t piece) {
  std::size_t frames = 0;
  Frame frame;
  while (!stream.empty()) {
    parser.Feed(stream.substr(0, piece));
    stream.remove_prefix(std::min(piece, stream.size()));
    while (true) {
      const auto next = parser.Next(frame);
      GH_CHECK(next.ok());
      if (next.value() == Parser::Outcome::kNeedMore) break;
      ++frames;
    }
  }
  return frames;
}

void Report(const char* name, const std::string& stream, std::size_t piece) {
  double best = 1e18;
  std::size_t frames = 0;
  for (int round = 0; round < 200; ++round) {
    Parser parser;
    const double start = base::CpuNanoseconds();
    frames = CountFrames(parser, stream, piece);
    best = std::min(best, base::CpuNanoseconds() - start);
  }
  std::printf("%-34s %6.0f ns per frame %8.0f MB/s\n", name, best / static_cast<double>(frames),
              static_cast<double>(stream.size()) * 1e3 / best);
}

}  // namespace
}  // namespace gatehouse::codec::sse

int main() {
  using namespace gatehouse::codec::sse;
  constexpr std::size_t kTotal = 1 << 20;
  Report("200-byte data, 16 KB reads", Stream("", 200, kTotal), 16384);
  Report("200-byte data, 100-byte reads", Stream("", 200, kTotal), 100);
  Report("event and 200-byte data, 16 KB reads", Stream("content_block_delta", 200, kTotal), 16384);
  Report("16 KB data, 16 KB reads", Stream("", 16384, kTotal), 16384);
  return 0;
}
