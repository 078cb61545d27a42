#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

// Errors between HTTP statuses and ours: the same in every dialect.
namespace gatehouse::llm::dialect::common {

// The status a client sees.
std::uint16_t StatusFor(const base::Error& error);

// What an upstream said went wrong.
struct UpstreamFault {
  std::uint16_t status = 0;             // 0: in the middle of a stream
  std::optional<base::ErrorCode> code;  // where the dialect's own words decide; else the status does
  std::string_view type;                // the provider's words, for the log
  std::string_view message;             // the provider's text
  std::string_view param;               // the member it complains about
  std::string_view body;                // all of it, for the log (cut at 2 KiB)
  std::optional<std::uint32_t> retry_after_seconds;
};

// The Error of a fault. The provider's text reaches the client only where the client's own request caused the fault and
// the text says nothing of a key, account or organisation; a fault of our credential or account (401, 402, 403) is
// kUnavailable or kPaymentRequired with Retry::kOtherTarget and a text of ours.
base::Error ToError(const UpstreamFault& fault);

// kBadUpstream: the upstream's bytes are not its dialect. `what` goes to the log.
// The model's own output is of no use, a tool call that cannot be read: asking again may help. Never told as an answer
// that ended.
base::Error MalformedOutput(std::string_view what);
base::Error BadUpstream(std::string_view what);

}  // namespace gatehouse::llm::dialect::common
