#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatehouse::inspect {

// Where a piece of text came from. Trust is a property of the channel: what a tool or a document says is nobody's
// instruction.
enum class Channel : std::uint8_t {
  kSystem,
  kUser,
  kAssistant,  // earlier answers that a request repeats
  kToolResult,
  kDocument,
  kToolDescriptor,  // names, descriptions and schemas of tools and of structured output
  kToolArguments,
  kOutput,  // the answer
};
inline constexpr std::size_t kChannels = 8;

std::string_view ToString(Channel channel);  // "system", "tool_result", ...

}  // namespace gatehouse::inspect
