#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect.h"

// Errors of the OpenAI family, both ways: {"error":{"message","type","param","code"}}.
namespace gatehouse::llm::dialect::openai {

ErrorReply EncodeError(const base::Error& error, std::string_view request_id);
// The object that stands under "error".
void WriteError(codec::json::Writer& writer, const base::Error& error, std::string_view request_id);

// OpenAI's own shape and those of compatible servers: {"error":"text"}, {"message"}, {"detail"}, an array around it.
base::Error DecodeError(std::uint16_t status, std::string_view body);
// An error inside a stream or a 200 answer.
base::Error DecodeInBand(codec::json::Value root);
// The error that `root` carries in place of an answer: `error`, `x_groq.error`, or {"object":"error"}; missing if none.
codec::json::Value FindInBand(codec::json::Value root);

}  // namespace gatehouse::llm::dialect::openai
