#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"

namespace gatehouse::codec::config {

// Where something stands in the file, both counted from 1.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

template <class Number>
struct Range {
  Number min = std::numeric_limits<Number>::lowest();
  Number max = std::numeric_limits<Number>::max();
};
using DurationRange = Range<std::int64_t>;  // nanoseconds

// One permitted word of an enumeration and what it stands for.
template <class E>
struct Choice {
  std::string_view name;
  E value;
};

class Tree;

// One value of a configuration Tree, or the place where one could have been. To be copied; valid while the Tree lives.
//
// A getter returns nothing where the value is absent or null, and where it is of the wrong kind or out of range; the
// latter is also noted as a problem of the Tree with its line, so that all problems of a file come out at once. The
// caller goes on with a default and asks Tree::Finish() at the end.
class Node {
 public:
  enum class Kind : std::uint8_t { kMissing, kNull, kScalar, kList, kMap };

  Node() = default;

  Kind kind() const;
  bool IsPresent() const { return kind() != Kind::kMissing && kind() != Kind::kNull; }
  Mark mark() const;
  // How a person would name it: "providers[2].timeout".
  const std::string& path() const { return path_; }

  // The member of a map. Asking for a key is what makes it known: keys nobody asked for are problems.
  Node operator[](std::string_view key) const;
  Node operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  // The same, and its absence is a problem where this map itself is there.
  Node Required(std::string_view key) const;

  struct Member;
  std::vector<Member> Members() const;  // of a map whose keys are names the user chose; all of them become known
  std::vector<Node> Elements() const;   // of a list

  std::optional<std::string> AsString() const;
  std::optional<std::int64_t> AsInteger(Range<std::int64_t> range = {}) const;
  std::optional<double> AsNumber(Range<double> range = {}) const;
  std::optional<bool> AsBool() const;  // true or false, nothing else
  // "500ms", "30s", "2m", "1h30m", "7d"; us, ms, s, m, h, d.
  std::optional<base::Duration> AsDuration(DurationRange range = {.min = 0}) const;
  // "512", "16KiB", "2MB", "1GiB"; B, KB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB.
  std::optional<std::uint64_t> AsBytes(Range<std::uint64_t> range = {}) const;
  std::optional<std::vector<std::string>> AsStrings() const;

  // A literal, `{ env: NAME }` or `{ file: /path }`, resolved by the Tree's resolver. Never echoed in a problem.
  std::optional<base::Secret> AsSecret() const;

  template <class E>
  std::optional<E> AsEnum(std::span<const Choice<E>> choices) const {
    std::vector<std::string_view> names;
    for (const auto& choice : choices) names.push_back(choice.name);
    const auto found = ChoiceIndex(names);
    return found ? std::optional<E>(choices[*found].value) : std::nullopt;
  }

  // Notes a problem with this value that the caller found: "must not be larger than `max`".
  void AddProblem(std::string message) const;
  // Everything below is known: for parts that somebody else reads.
  void MarkRead() const;

 private:
  friend class Tree;
  struct Item;
  struct Storage;

  Node(Storage* storage, std::uint32_t item, std::string path, Mark mark)
      : storage_(storage), item_(item), path_(std::move(path)), mark_(mark) {}

  const Item* item() const;
  std::optional<std::string_view> Scalar(std::string_view expected) const;
  std::optional<std::string_view> PlainScalar(std::string_view expected) const;
  std::optional<std::size_t> ChoiceIndex(std::span<const std::string_view> names) const;
  std::optional<base::Secret> ReferencedSecret() const;
  void Expected(std::string_view what) const;
  std::string ChildPath(std::string_view key) const;

  static constexpr std::uint32_t kNoItem = 0xFFFF'FFFF;
  Storage* storage_ = nullptr;
  std::uint32_t item_ = kNoItem;
  std::string path_;
  Mark mark_;  // of the value, or of the map it is absent from
};

struct Node::Member {
  std::string key;
  Node value;
};

}  // namespace gatehouse::codec::config
