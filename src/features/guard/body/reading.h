#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/document.h"
#include "codec/json/splice.h"
#include "features/guard/body/text_table.h"
#include "inspect/channel.h"

namespace gatehouse::features::guard {

// A text in a body: a string, or where the shape is free a number or a member's name.
struct Passage {
  inspect::Channel channel = inspect::Channel::kUser;
  enum class Kind : std::uint8_t { kString, kNumber, kName } kind = Kind::kString;
  enum class Seal : std::uint8_t { kNone, kSealed } seal = Seal::kNone;  // sealed: a signature covers it
  std::string_view text;                                                 // decoded
  std::size_t offset = 0;  // of its token, quotes included, in the JSON text that it stands in
  std::size_t length = 0;
  std::uint32_t nested = 0;  // which of the JSON texts inside the body that is, from 1; 0: the body
};

// Why something in a body was not looked at.
enum class Unread : std::uint8_t { kMedia, kEncrypted };
std::string_view ToString(Unread reason);  // "media", "encrypted"

// One step on the way to a value: a member's name, or an element's number.
struct Step {
  std::string_view name;
  std::size_t index = 0;
  enum class Kind : std::uint8_t { kMember, kElement } kind = Kind::kMember;
};
// "messages[2].content[0].text"
std::string ToString(std::span<const Step> path);

// All texts of one JSON body, whoever speaks in them. Views into the body's text and its Document, which outlive it.
class BodyReading {
 public:
  BodyReading(codec::json::Value root, const TextTable& table);
  BodyReading(const BodyReading&) = delete;
  BodyReading& operator=(const BodyReading&) = delete;

  const std::vector<Passage>& passages() const { return passages_; }
  const std::vector<Unread>& unread() const { return unread_; }

  // The body with passages replaced: those of `texts` by the same index that have a value. Everything else keeps its
  // bytes. A number becomes a string.
  struct Replacement {
    std::size_t passage = 0;
    std::string text;
  };
  std::string With(std::string_view body, std::span<const Replacement> replacements) const;

  // Where a passage stands, for people.
  std::string PathOf(std::size_t passage, codec::json::Value root, const TextTable& table) const;

 private:
  BodyReading() = default;

  // A string of the body that holds a JSON text.
  struct Nested {
    std::string text;
    codec::json::Document document;
    std::size_t offset = 0;  // of its token in the body
    std::size_t length = 0;
  };
  class Walk;

  std::vector<Passage> passages_;
  std::vector<Unread> unread_;
  std::vector<std::unique_ptr<Nested>> nested_;  // pinned: their documents look at their texts
};

}  // namespace gatehouse::features::guard
