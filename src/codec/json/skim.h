#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gatehouse::codec::json {

// What a look over a JSON text finds.
enum class Skimmed : std::uint8_t {
  kBroken,  // not one JSON value (RFC 8259), not UTF-8, a lone surrogate, or deeper than Limits allows
  kPlain,   // valid, and no member of a wanted name
  kWanted,  // valid, and somewhere a member of a wanted name whose value is not null, or a name with an escape in it
};

// Looks a text over without keeping anything of it: two thirds of the work of Document::Parse, for texts that are
// nearly all passed on unread. Says kBroken for all that Document::Parse refuses, but for names that an object holds
// twice. At most 8 names, each shorter than 32 bytes.
Skimmed Skim(std::string_view text, std::span<const std::string_view> wanted);

}  // namespace gatehouse::codec::json
