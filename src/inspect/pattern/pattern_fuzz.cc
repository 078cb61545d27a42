#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "inspect/pattern/pattern_set.h"

namespace {

using gatehouse::inspect::Hit;
using gatehouse::inspect::Trigger;
using gatehouse::inspect::pattern::PatternSet;

std::size_t CountOf(std::string_view text, std::string_view literal) {
  std::size_t count = 0;
  for (std::size_t at = text.find(literal); at != std::string_view::npos; at = text.find(literal, at + 1)) ++count;
  return count;
}

}  // namespace

// A line of literals and patterns, and the text behind it: any pattern is compiled or refused, hits lie in the text and
// in order, and a literal is found as often as it is there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 2048));
  const std::size_t line = std::min({input.find('\n'), input.size(), std::size_t{64}});
  const std::string literal(input.substr(0, line));
  const std::string_view text = input.substr(std::min(line + 1, input.size()));
  if (literal.empty()) return 0;

  std::vector<Trigger> patterns = {{.text = literal, .letters = Trigger::Case::kSensitive}};
  const Trigger pattern{.text = literal, .kind = Trigger::Kind::kPattern};
  if (PatternSet::Compile(std::vector<Trigger>{pattern}).ok()) patterns.push_back(pattern);
  const auto set = PatternSet::Compile(patterns);
  GH_CHECK(set.ok());
  PatternSet::Scratch scratch(set.value());
  std::vector<Hit> hits;
  const bool is_whole = set.value().Scan(text, scratch, hits) == PatternSet::Scanned::kWhole;
  for (std::size_t at = 0; at < hits.size(); ++at) {
    GH_CHECK(hits[at].end <= text.size() && hits[at].trigger < patterns.size());
    GH_CHECK(at == 0 || hits[at - 1].end <= hits[at].end);
  }
  if (is_whole)
    GH_CHECK(static_cast<std::size_t>(std::ranges::count(hits, 0U, &Hit::trigger)) == CountOf(text, literal));
  return 0;
}
