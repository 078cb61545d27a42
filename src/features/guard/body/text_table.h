#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "inspect/channel.h"
#include "llm/dialect_id.h"

namespace gatehouse::features::guard {

// What stands at a place of a body.
enum class Content : std::uint8_t {
  kText,       // whatever is a string there is text
  kFree,       // JSON whose shape nobody fixed: names and numbers are text as well
  kJson,       // a string that holds a JSON text of such a shape: arguments of a tool call
  kTerm,       // a word of the dialect, a name of a model, an id that the gateway or a provider made: no text
  kSealed,     // text that a signature covers: read, never changed
  kMedia,      // a URL, which is text, or bytes of an image, a sound or a file, which nobody reads
  kEncrypted,  // reasoning or results that only their provider can read
  kDelta,      // a piece of a text that comes in several frames: of concern to who puts them together
};

// Whose words stand there.
enum class Voice : std::uint8_t {
  kInherited,
  kSystem,
  kUser,
  kAssistant,
  kToolResult,
  kDocument,
  kToolDescriptor,
  kToolArguments,
  kOutput,
  kByRole,  // the member `role` tells
  kByType,  // the member `type` tells, where it is one of results and documents
};

// `path` has a member's name or `*` (any member or element) per step: "messages.*.content".
struct TextRule {
  std::string_view path;
  Content content = Content::kText;
  Voice voice = Voice::kInherited;
};

// Rules for what stands at a place: shapes that several places share are written once. Of two rules for one place the
// later one holds.
struct RulePart {
  std::string_view under;  // a path, "" for the body itself
  std::span<const TextRule> rules;
};

// The rules of one kind of body, as a tree. What no rule names is free text in the voice of what it stands in, so that
// a member that nobody foresaw is looked at too. Immutable.
class TextTable {
 public:
  TextTable(Voice voice, Content content, std::span<const RulePart> parts);

  struct Place {
    Content content = Content::kText;
    Voice voice = Voice::kInherited;
    std::vector<std::pair<std::string_view, std::uint32_t>> members;
    std::vector<std::uint16_t> slots;  // of the members, by SlotOf(); 0: none, else from 1
    std::uint32_t any = 0;             // of `*`; 0: none
  };
  const Place& root() const { return places_.front(); }
  // nullptr where no rule leads there.
  const Place* Member(const Place& place, std::string_view name) const;
  const Place* Element(const Place& place) const { return place.any == 0 ? nullptr : &places_[place.any]; }

 private:
  std::uint32_t Child(std::uint32_t place, std::string_view step);
  std::uint32_t Path(std::uint32_t place, std::string_view path);
  static void Index(Place& place);
  // Where to look for a name first among `slots`, a power of two. REQUIRES: not empty.
  static std::size_t SlotOf(std::string_view name, std::size_t slots) {
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    return (name.size() * 7 + first * 5 + last) & (slots - 1);
  }

  std::vector<Place> places_;
};

// What a body is.
enum class BodyKind : std::uint8_t { kRequest, kAnswer, kFrame };  // kFrame: the data of one event of a streamed answer

// The tables of all dialects that clients or providers speak. Built once, immutable.
class TextTables {
 public:
  TextTables();
  // A dialect that has no table of its own has one without rules: all of it is text.
  const TextTable& Of(llm::DialectId dialect, BodyKind kind) const;
  // For JSON of no fixed shape, all of it in one voice.
  const TextTable& Free(inspect::Channel channel) const { return free_[static_cast<std::size_t>(channel)]; }

 private:
  std::vector<TextTable> tables_;
  std::vector<TextTable> free_;
};

}  // namespace gatehouse::features::guard
