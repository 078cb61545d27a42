#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "llm/token/split.h"
#include "llm/token/table.h"

namespace gatehouse::llm::token {

// Byte pair encoding of text in one vocabulary: exact, and in O(n log n) for any text. Special tokens are not
// recognised: in a text they are text. Keeps scratch memory and the pieces it has seen most lately: one thread at a
// time, and worth keeping from one text to the next.
class Counter {
 public:
  Counter(std::shared_ptr<const Table> table, Pattern pattern);
  ~Counter();
  Counter(Counter&&) noexcept;
  Counter& operator=(Counter&&) noexcept;

  // Number of tokens. About 10 MB/s: of large texts not on an event loop.
  std::uint64_t Count(std::string_view text);

  // The ranks themselves.
  std::vector<std::uint32_t> Encode(std::string_view text);

 private:
  class PieceCache;
  struct Part {
    std::uint32_t start;
    std::uint32_t rank;  // of this part joined with the next, or Table::kNoRank
  };
  struct Candidate;

  std::uint32_t CountPiece(std::string_view piece);
  void MergePiece(std::string_view piece);
  void MergeShort(std::string_view piece);
  void MergeLong(std::string_view piece);
  std::uint32_t RankOf(std::string_view piece, std::size_t begin, std::size_t end) const;

  std::shared_ptr<const Table> table_;
  Pattern pattern_;
  std::vector<Part> parts_;  // of the piece merged last, with one more for its end
  std::unique_ptr<PieceCache> cache_;
};

}  // namespace gatehouse::llm::token
