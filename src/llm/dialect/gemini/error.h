#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/dialect.h"

namespace gatehouse::llm::dialect::gemini {

// {"error":{"code","message","status","details"}}, alone or as the first element of an array; `status` 0 in a stream.
base::Error ToError(std::uint16_t status, codec::json::Value body);
base::Error DecodeError(std::uint16_t status, std::string_view body);

std::string ErrorBody(const base::Error& error, std::string_view request_id);
ErrorReply EncodeError(const base::Error& error, std::string_view request_id);

}  // namespace gatehouse::llm::dialect::gemini
