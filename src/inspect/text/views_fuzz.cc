#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "inspect/text/views.h"

// Views of any bytes stay within their bounds, map into the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::inspect;
  if (size < 4) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t begin = (data[0] + (std::size_t{data[1]} << 8)) % (text.size() + 1);
  const auto turn = (data[2] & 1) != 0 ? text::Turn::kRotated : text::Turn::kReversed;
  const std::size_t part = data[2] % text.size();
  const auto reach = (data[2] & 4) != 0 ? text::Turned::Reach::kPhrase : text::Turned::Reach::kPiece;
  const text::Turned turned{.turn = turn, .at = {.begin = part, .end = part + 1}, .reach = reach};
  static text::Views views;
  views.Make(text, begin, {&turned, (data[2] & 2) != 0 ? 1U : 0U});
  for (const text::Views::Made& made : views.made()) {
    const std::string_view view = made.text->text();
    const std::size_t most = text::Views::kMostGrowth * text.size() + text::kLookBlock;
    const bool is_reversed = made.order == text::Views::Made::Order::kMirrored;
    GH_CHECK(!view.empty() && view.size() <= (is_reversed ? 2 * most + 1024 : most) && made.begin <= view.size());
    for (std::size_t at = 0; at < view.size(); ++at) {
      const Span from = made.text->From({.begin = at, .end = at + 1});
      GH_CHECK(from.begin <= from.end && from.end <= text.size());
    }
    const Span all = made.text->From({.begin = 0, .end = view.size()});
    GH_CHECK(all.begin <= all.end && all.end <= text.size());
  }
  return 0;
}
