#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/cel/evaluation.h"
#include "codec/cel/value.h"

namespace gatehouse::codec::cel {

// A list of values that lie side by side in memory that outlives it.
class ArrayList final : public ListView {
 public:
  explicit ArrayList(std::span<const Value> values) : values_(values) {}
  std::size_t size() const override { return values_.size(); }
  Value at(std::size_t index) const override { return values_[index]; }

 private:
  std::span<const Value> values_;
};

// Whether a value may be a key: bool, int, uint, string.
bool IsKey(const Value& key);
// Whether two keys, or a key and what is looked up, are the same: numbers by value across kinds.
bool SameKey(const Value& a, const Value& b);

// Keys and values in turn, in memory that outlives it. Small maps are searched from the front; larger ones through a
// hash table of positions.
class ArrayMap final : public MapView {
 public:
  static constexpr std::size_t kSmall = 8;  // entries up to which there is no table

  // `table` has TableSize(entries) places, or is empty for a small map; Index() fills it.
  ArrayMap(std::span<const Value> pairs, std::span<std::uint32_t> table) : pairs_(pairs), table_(table) {}

  static std::size_t TableSize(std::size_t entries);
  enum class Indexed : std::uint8_t { kDistinct, kRepeatedKey, kOutOfSteps };
  // Enters every pair and counts the comparisons, so that keys chosen to collide cost what they cause.
  Indexed Index(Evaluation& evaluation);

  std::size_t size() const override { return pairs_.size() / 2; }
  Value Find(const Value& key) const override;
  Value KeyAt(std::size_t index) const override { return pairs_[index * 2]; }
  Value ValueAt(std::size_t index) const override { return pairs_[index * 2 + 1]; }

 private:
  Indexed IndexSmall() const;

  std::span<const Value> pairs_;
  std::span<std::uint32_t> table_;  // 1 + position of the entry; 0: free
};

// A map of keys and values in turn, which are in the arena already. Errors: a key of another kind, a repeated key.
Value MakeMap(Evaluation& evaluation, std::span<const Value> pairs);

// A list, or the keys and values of a map in turn, that grows in an arena.
struct Builder {
  Value* values = nullptr;
  std::size_t size = 0;
  std::size_t capacity = 0;
};
enum class Grown : std::uint8_t { kYes, kNoMemory };
Grown Append(Arena& arena, Builder& builder, const Value& value);

}  // namespace gatehouse::codec::cel
