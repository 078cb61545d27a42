#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "llm/dialect.h"

namespace gatehouse::llm::dialect::bedrock {

// `type` is the value of x-amzn-errortype ("ThrottlingException:http://..."), the ":exception-type" of a stream
// ("throttlingException") or "". `status` 0 in a stream.
base::Error ToError(std::uint16_t status, std::string_view type, std::string_view body);

// The error's name, for x-amzn-errortype and for ":exception-type" (there with a small first letter).
std::string_view ExceptionName(base::ErrorCode code);
ErrorReply EncodeError(const base::Error& error, std::string_view request_id);

}  // namespace gatehouse::llm::dialect::bedrock
