#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/inspector.h"

namespace gatehouse::inspect {

// What is found in a text that comes in pieces, cut at `cuts`, as a stream is inspected: what is settled is looked at,
// with as much of what came before it as context as a stream keeps. For tests and fuzz targets, which find the same in
// one piece.
inline std::vector<Finding> InPieces(const Inspector& inspector, std::string_view text,
                                     std::span<const std::size_t> cuts, Channel channel = Channel::kUser) {
  Inspector::Scratch scratch(inspector);
  std::vector<Finding> findings;
  std::size_t done = 0;
  const auto look = [&](std::size_t end) {
    const std::size_t from = done - std::min(done, Inspector::kContext);
    const std::size_t first = findings.size();
    inspector.Inspect(text.substr(from, end - from), done - from, channel, scratch, findings);
    for (Finding& finding : std::span(findings).subspan(first)) {
      finding.span = {.begin = finding.span.begin + from, .end = finding.span.end + from};
    }
    done = end;
  };
  for (const std::size_t cut : cuts) {
    const std::size_t settled = inspector.Settled(text.substr(done, cut - done), scratch);
    if (settled != 0) look(done + settled);
  }
  look(text.size());
  return findings;
}

// Places to cut a text of `size` bytes at, from one to `longest` bytes apart.
template <class Random>
std::vector<std::size_t> SomeCuts(std::size_t size, std::size_t longest, Random& random) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = 1 + random() % longest; at < size; at += 1 + random() % longest) cuts.push_back(at);
  return cuts;
}

// "secret aws-access-token 3-23 raw", a line for each finding: what tests compare.
inline std::string Described(std::span<const Finding> findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text.append(ToString(finding.category)).append(1, ' ').append(finding.entity).append(1, ' ');
    text.append(std::to_string(finding.span.begin))
        .append(1, '-')
        .append(std::to_string(finding.span.end))
        .append(1, ' ');
    text.append(ToString(finding.view)).append(1, ' ').append(std::to_string(finding.confidence)).append(1, '\n');
  }
  return text;
}

}  // namespace gatehouse::inspect
