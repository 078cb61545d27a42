#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace gatehouse::base {

// W3C Trace Context, level 1: version-traceid-parentid-flags.
struct TraceContext {
  std::array<char, 32> trace_id;  // lower-case hex
  std::array<char, 16> span_id;
  std::uint8_t flags = 0;

  std::string_view trace() const { return {trace_id.data(), trace_id.size()}; }
  std::string_view span() const { return {span_id.data(), span_id.size()}; }
  std::string ToHeader() const;
};

// nullopt for anything that is not a valid traceparent.
std::optional<TraceContext> ParseTraceParent(std::string_view header);
// A child of `parent`, or a new trace.
TraceContext NextSpan(const std::optional<TraceContext>& parent, Random& random);

// "req_" and 26 characters: 48 bits of milliseconds, 80 random bits, in Crockford's base 32, so that ids sort by time.
std::string NewRequestId(WallTime now, Random& random);
// A client's own x-request-id is kept if it is 1..128 characters of [A-Za-z0-9._:-].
bool IsAcceptableRequestId(std::string_view id);

}  // namespace gatehouse::base
