#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"

// Reading typed values out of a client's body, with errors that name the place: "messages[2].role".
namespace gatehouse::llm::dialect::common {

// A JSON value and where it stands in the body. The place is a chain of nodes on the stack whose text is made only for
// an error, so a child lives no longer than its parent: children of temporaries do not compile.
class Node {
 public:
  explicit Node(codec::json::Value root) : value_(root) {}

  Node operator[](std::string_view member) const& { return {value_[member], this, member, kMember}; }
  Node operator[](std::string_view member) && = delete;
  // A child whose value an iteration already found.
  Node Member(codec::json::Value::Member member) const& { return {member.value, this, member.key, kMember}; }
  Node Member(codec::json::Value::Member member) && = delete;
  Node Element(codec::json::Value value, std::size_t index) const& { return {value, this, {}, index}; }
  Node Element(codec::json::Value value, std::size_t index) && = delete;

  const codec::json::Value& value() const { return value_; }
  std::string_view key() const { return member_; }
  bool present() const { return !value_.IsNullish(); }
  std::string path() const;  // "messages[2].role"; "" for the root

 private:
  static constexpr std::size_t kMember = static_cast<std::size_t>(-1);
  Node(codec::json::Value value, const Node* parent, std::string_view member, std::size_t index)
      : value_(value), parent_(parent), member_(member), index_(index) {}

  codec::json::Value value_;
  const Node* parent_ = nullptr;
  std::string_view member_;
  std::size_t index_ = kMember;
};

// kInvalidRequest about this place: "messages[2].role: <what>". `param` is the path.
base::Error Invalid(const Node& node, std::string_view what);
// kUnsupported about this place.
base::Error Unsupported(const Node& node, std::string_view what);
// "expected a string, found an object", or "is required" where the value is absent.
base::Error WrongType(const Node& node, std::string_view expected);

base::Status RequireObject(const Node& node);
base::Status RequireArray(const Node& node);
// Absent and null are fine; anything else must be of the type.
base::Status AllowObject(const Node& node);
base::Status AllowArray(const Node& node);
base::Result<std::string_view> RequireString(const Node& node);

// Reads an optional member: absent or null leaves `out` as it is, another type is an error.
base::Status Read(const Node& node, std::string& out);
base::Status Read(const Node& node, bool& out);  // bool-ok: what is read, not a switch
base::Status Read(const Node& node, std::optional<bool>& out);
base::Status Read(const Node& node, std::optional<double>& out);
base::Status Read(const Node& node, std::optional<std::uint64_t>& out);
base::Status Read(const Node& node, std::optional<std::uint32_t>& out);
base::Status Read(const Node& node, std::optional<std::int64_t>& out);
// One string, or an array of strings.
base::Status ReadStrings(const Node& node, std::vector<std::string>& out);
// The value's own text, when it is an object (or an array); absent and null leave `out`.
base::Status ReadRawObject(const Node& node, std::string& out);
base::Status ReadRawArray(const Node& node, std::string& out);

// A count of the kind providers send: absent, null, negative and non-numbers are 0.
std::uint64_t Count(codec::json::Value value);

}  // namespace gatehouse::llm::dialect::common
