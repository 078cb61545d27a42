#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "llm/event.h"

// Converse's vocabulary against the neutral one.
namespace gatehouse::llm::dialect::bedrock {

// Who made a model: what Converse has no member for goes to additionalModelRequestFields in the maker's own words.
enum class Family : std::uint8_t { kAnthropic, kNova, kOpenAi, kOther };
Family FamilyOf(std::string_view model);

enum class ToolCalls : std::uint8_t { kNone, kSome };
FinishReason ToFinishReason(std::string_view stop_reason, ToolCalls calls);
std::string_view StopReason(FinishReason reason, std::string_view detail);

// Formats of media blocks against media types; "" and nullopt-like "" when Converse does not take it.
std::string_view ImageFormat(std::string_view media_type);
std::string_view DocumentFormat(std::string_view media_type);
std::string_view AudioFormat(std::string_view media_type);
// The media type of a format of any block; "" when unknown.
std::string_view MediaTypeOf(std::string_view format);

// A tool call's id as Converse takes it, [a-zA-Z0-9_-]{1,64}: the same text makes the same id.
std::string ToolUseId(std::string_view id);

// Names documents so that none is refused: letters, digits, single blanks, hyphens, parentheses and square brackets, at
// most 200 characters (API reference, DocumentBlock). `taken` says how often the name was given before.
std::string DocumentName(std::string_view wish, std::size_t taken);

}  // namespace gatehouse::llm::dialect::bedrock
