#include "llm/token/counter.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <queue>
#include <utility>

namespace gatehouse::llm::token {
namespace {

// Pieces up to this size are merged by looking for the lowest rank again after each merge: quadratic, but faster than a
// heap while it is small. Hardly any word of a natural language is longer.
constexpr std::size_t kShortPiece = 96;

constexpr std::uint32_t kNone = 0xFFFF'FFFF;

}  // namespace

// Token counts of pieces that are no single token, each in the one place its hash gives it; a newer piece replaces an
// older. A piece is compared whole, so that a count is never another's.
class Counter::PieceCache {
 public:
  static constexpr std::size_t kLongest = 24;

  // The count, or 0.
  std::uint32_t Find(std::string_view piece, std::uint32_t hash) const {
    const Entry& entry = entries_[hash % kEntries];
    const bool same = entry.size == piece.size() && std::memcmp(entry.bytes.data(), piece.data(), piece.size()) == 0;
    return same ? entry.count : 0;
  }
  void Put(std::string_view piece, std::uint32_t hash, std::uint32_t count) {
    Entry& entry = entries_[hash % kEntries];
    entry.size = static_cast<std::uint8_t>(piece.size());
    entry.count = static_cast<std::uint8_t>(count);
    std::memcpy(entry.bytes.data(), piece.data(), piece.size());
  }

 private:
  static constexpr std::size_t kEntries = 4096;
  struct Entry {
    std::uint8_t size = 0;
    std::uint8_t count = 0;
    std::array<char, kLongest> bytes;
  };
  std::vector<Entry> entries_ = std::vector<Entry>(kEntries);
};

// Two neighbouring parts that could be joined. Out of date once either has been.
struct Counter::Candidate {
  std::uint32_t rank;
  std::uint32_t part;
  std::uint32_t end;

  // The lowest rank first, and of equal ones the leftmost.
  bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : part > other.part; }
};

Counter::Counter(std::shared_ptr<const Table> table, Pattern pattern)
    : table_(std::move(table)), pattern_(pattern), cache_(std::make_unique<PieceCache>()) {}
Counter::~Counter() = default;
Counter::Counter(Counter&&) noexcept = default;
Counter& Counter::operator=(Counter&&) noexcept = default;

std::uint64_t Counter::Count(std::string_view text) {
  std::uint64_t count = 0;
  while (!text.empty()) {
    const std::size_t size = FirstPiece(pattern_, text);
    count += CountPiece(text.substr(0, size));
    text.remove_prefix(size);
  }
  return count;
}

std::vector<std::uint32_t> Counter::Encode(std::string_view text) {
  std::vector<std::uint32_t> ranks;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, FirstPiece(pattern_, text));
    text.remove_prefix(piece.size());
    if (const std::uint32_t whole = table_->Find(piece); whole != Table::kNoRank) {
      ranks.push_back(whole);
      continue;
    }
    MergePiece(piece);
    for (std::size_t i = 0; i + 1 < parts_.size(); ++i) {
      ranks.push_back(table_->Find(piece.substr(parts_[i].start, parts_[i + 1].start - parts_[i].start)));
    }
  }
  return ranks;
}

std::uint32_t Counter::CountPiece(std::string_view piece) {
  if (piece.size() == 1 || table_->Find(piece) != Table::kNoRank) return 1;
  const bool cached = piece.size() <= PieceCache::kLongest;
  const std::uint32_t hash = cached ? TokenHash(piece) : 0;
  if (cached) {
    if (const std::uint32_t count = cache_->Find(piece, hash); count != 0) return count;
  }
  MergePiece(piece);
  const auto count = static_cast<std::uint32_t>(parts_.size() - 1);
  if (cached) cache_->Put(piece, hash, count);
  return count;
}

void Counter::MergePiece(std::string_view piece) {
  if (piece.size() <= kShortPiece) {
    MergeShort(piece);
  } else {
    MergeLong(piece);
  }
}

std::uint32_t Counter::RankOf(std::string_view piece, std::size_t begin, std::size_t end) const {
  if (end - begin != 2) return table_->Find(piece.substr(begin, end - begin));
  return table_->FindPair(static_cast<unsigned char>(piece[begin]), static_cast<unsigned char>(piece[begin + 1]));
}

void Counter::MergeShort(std::string_view piece) {
  parts_.clear();
  const auto size = static_cast<std::uint32_t>(piece.size());
  for (std::uint32_t i = 0; i <= size; ++i) {
    parts_.push_back({i, i + 1 < size ? RankOf(piece, i, i + 2) : Table::kNoRank});
  }
  const auto rank_at = [&](std::size_t i) {
    return i + 2 < parts_.size() ? RankOf(piece, parts_[i].start, parts_[i + 2].start) : Table::kNoRank;
  };
  while (true) {
    const auto lowest = std::ranges::min_element(parts_, {}, &Part::rank);
    if (lowest->rank == Table::kNoRank) return;
    const auto i = static_cast<std::size_t>(lowest - parts_.begin());
    parts_.erase(lowest + 1);
    parts_[i].rank = rank_at(i);
    if (i > 0) parts_[i - 1].rank = rank_at(i - 1);
  }
}

// The same merges with a heap over a linked list, so that a megabyte without a space costs seconds of nobody's time.
void Counter::MergeLong(std::string_view piece) {
  const auto size = static_cast<std::uint32_t>(piece.size());
  std::vector<std::uint32_t> end(size);       // of the part that starts here; 0 when none does
  std::vector<std::uint32_t> previous(size);  // start of the part before
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto offer = [&](std::uint32_t part) {
    const std::uint32_t next = end[part];
    if (next == size) return;
    const std::uint32_t rank = RankOf(piece, part, end[next]);
    if (rank != Table::kNoRank) queue.push({rank, part, end[next]});
  };
  for (std::uint32_t i = 0; i < size; ++i) {
    end[i] = i + 1;
    previous[i] = i == 0 ? kNone : i - 1;
  }
  for (std::uint32_t i = 0; i < size; ++i) offer(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const std::uint32_t next = end[best.part];
    if (next == 0 || next == size || end[next] != best.end) continue;
    end[best.part] = best.end;
    end[next] = 0;
    if (best.end != size) previous[best.end] = best.part;
    offer(best.part);
    if (previous[best.part] != kNone) offer(previous[best.part]);
  }
  parts_.clear();
  for (std::uint32_t i = 0; i != size; i = end[i]) parts_.push_back({i, Table::kNoRank});
  parts_.push_back({size, Table::kNoRank});
}

}  // namespace gatehouse::llm::token
