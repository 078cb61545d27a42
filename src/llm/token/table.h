#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::llm::token {

// A vocabulary: byte strings and their ranks, as docs/formats/token_table.md lays them out. A view of bytes somebody
// keeps; immutable and thread-safe.
class Table {
 public:
  static constexpr std::uint32_t kNoRank = 0xFFFF'FFFF;

  // Checks version, checksum and every offset. `bytes` outlives the Table unchanged and is aligned to 8.
  static base::Result<Table> Open(std::string_view bytes);

  // The rank of the token with exactly these bytes, or kNoRank.
  std::uint32_t Find(std::string_view token) const;
  // The same for two bytes, without hashing.
  std::uint32_t FindPair(unsigned char first, unsigned char second) const {
    return pairs_[static_cast<std::size_t>(first) << 8 | second];
  }

  std::string_view name() const { return name_; }
  std::size_t size() const { return token_count_; }
  std::size_t longest() const { return longest_; }

 private:
  Table() = default;
  base::Status CheckSlots() const;

  std::string_view name_;
  std::string_view slots_;
  std::string_view blob_;
  std::uint32_t slot_mask_ = 0;
  std::uint32_t token_count_ = 0;
  std::uint32_t longest_ = 0;
  std::vector<std::uint32_t> pairs_;  // rank of every two bytes
};

// The hash of the format: four bytes at a time, little-endian, the last word filled with zeros.
std::uint32_t TokenHash(std::string_view token);

}  // namespace gatehouse::llm::token
