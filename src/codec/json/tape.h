#pragma once

#include <cstdint>

#include "codec/json/document.h"

// The tape of a Document: its tokens in the order of the text. A member of an object is a key token followed by the
// tokens of its value; a container is followed by the tokens of what it holds.
namespace gatehouse::codec::json {

struct Document::Token {
  static constexpr std::uint32_t kNotEscaped = 0xFFFF'FFFF;
  static constexpr std::uint32_t kMaxCount = (1U << 28) - 1;

  std::uint32_t offset;  // of the first byte in the text
  std::uint32_t length;  // in the text, quotes and brackets included
  // Container: index of the first token behind it; while it is open, of the container around it.
  // String: where its decoded text begins in unescaped_, or kNotEscaped when the text itself is the decoded form.
  std::uint32_t link;
  std::uint32_t type_and_count;  // low 4 bits Type; above, elements or members, or the decoded length of a string

  Type type() const { return static_cast<Type>(type_and_count & 0xF); }
  std::uint32_t count() const { return type_and_count >> 4; }
  void AddToCount(std::uint32_t n) { type_and_count += n << 4; }
  bool IsContainer() const { return type() >= Type::kArray; }
  static std::uint32_t Pack(Type type, std::uint32_t count) { return (count << 4) | static_cast<std::uint32_t>(type); }
};

// A name of an object that is still open, with enough of it to tell most names apart at a glance.
struct Document::Name {
  std::uint64_t fingerprint;
  std::uint32_t token;
};

}  // namespace gatehouse::codec::json
