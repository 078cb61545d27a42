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
// with what came before it as context. For tests and fuzz targets of detectors, which find the same in one piece.
inline std::vector<Finding> InPieces(const Inspector& inspector, std::string_view text,
                                     std::span<const std::size_t> cuts, Channel channel = Channel::kUser) {
  Inspector::Scratch scratch(inspector);
  std::vector<Finding> findings;
  std::size_t done = 0;
  for (const std::size_t cut : cuts) {
    const std::size_t settled = done + inspector.Settled(text.substr(done, cut - done));
    if (settled == done) continue;
    inspector.Inspect(text.substr(0, settled), done, channel, scratch, findings);
    done = settled;
  }
  inspector.Inspect(text, done, channel, scratch, findings);
  return findings;
}

// Whether all of it is in the text as it came: what is held open is known of that form only, so that a thing in
// disguise may be seen whole and not in pieces.
inline bool IsAllRaw(std::span<const Finding> findings) {
  return std::ranges::all_of(findings, [](const Finding& finding) { return finding.view == View::kRaw; });
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
