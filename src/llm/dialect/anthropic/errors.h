#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/dialect.h"

// {"type": "error", "error": {"type", "message", "details"?}, "request_id"}
namespace gatehouse::llm::dialect::anthropic {

ErrorReply EncodeError(const base::Error& error, std::string_view request_id);
std::string ErrorBody(const base::Error& error, std::string_view request_id);

// An error answer; `status` 0 for an error event in the middle of a stream.
base::Error DecodeError(std::uint16_t status, std::string_view body);
// The same of a parsed body. `body` is its text.
base::Error DecodeError(std::uint16_t status, codec::json::Value root, std::string_view body);

}  // namespace gatehouse::llm::dialect::anthropic
