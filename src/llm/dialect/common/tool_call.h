#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "llm/chat.h"

namespace gatehouse::llm::dialect::common {

// The arguments of a function call for dialects that carry them as an object: "" is {}, an object is itself, byte for
// byte; nullopt for anything else (models do write broken JSON).
std::optional<JsonText> ArgumentsObject(std::string_view arguments);

// The same where a call has to be carried whatever the model wrote: what is not an object stays readable, as
// {"arguments": "<its text>"}.
JsonText InputObject(std::string_view arguments);

// An id for a call whose provider gave none: "call_" and 16 letters and digits, the same for the same input. `seed`
// sets one answer apart from others (its id).
std::string SyntheticCallId(std::string_view seed, std::uint32_t choice, std::uint32_t block);

}  // namespace gatehouse::llm::dialect::common
