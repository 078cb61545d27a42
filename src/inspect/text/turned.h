#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "inspect/finding.h"
#include "inspect/text/disguise.h"

namespace gatehouse::inspect::text {

// A part of what is written the other way, as somebody has seen it in a text.
struct Turned {
  Turn turn = Turn::kRotated;
  Span at;
  // Reversed, other words of a phrase may follow, or all of it is between two seams.
  enum class Reach : std::uint8_t { kPiece, kPhrase } reach = Reach::kPiece;
};

// The parts of one text that are written the other way. Belongs to one thread, and is used again and again.
class TurnedParts {
 public:
  // What is read reversed, from its end: what comes later stands before it there, so that it must not depend on how
  // much of the text has come. So it ends at a seam that is told by the first part in it alone, kReach bytes behind
  // that or as soon as there is one.
  struct Stretch {
    std::size_t begin = 0;  // of that part
    Span read;              // what is read with it, up to its end
    Turned::Reach reach = Turned::Reach::kPiece;
  };
  static constexpr std::size_t kReach = 96;
  static constexpr std::size_t kBefore = 192;  // bytes before the first part, of a phrase

  void Clear() { turned_.clear(); }
  void Add(const Turned& turned) { turned_.push_back(turned); }
  // The words of `words`, bytes [begin, begin + size) of a text, that are of capitals and small letters as chance mixes
  // them, and stand for nothing by themselves: each may be a token, either way.
  void AddRandomWords(std::string_view words, std::size_t begin);

  bool empty() const { return turned_.empty(); }
  std::size_t size() const { return turned_.size(); }

  // Puts in order what was added, of text[begin, its end), where `begin` is a seam. What is asked about is asked then.
  void Sort(std::string_view text, std::size_t begin);

  // By place and apart from each other: what is found turned that way is something only where it holds a byte of them.
  std::span<const Span> PartsOf(Turn turn) const;
  std::span<const Stretch> stretches() const { return stretches_; }
  // Where the stretch begins that goes on behind `seam`; `seam` where there is none.
  std::size_t OpenFrom(std::size_t seam) const;

 private:
  void FindStretches(std::string_view text, std::size_t begin);
  static std::size_t Join(std::span<const Turned> turned, std::vector<Span>& parts);

  std::vector<Turned> turned_;
  std::vector<Span> parts_;  // rotated ones, then reversed ones
  std::size_t rotated_ = 0;  // of these
  std::vector<Stretch> stretches_;
  std::size_t size_ = 0;  // of the text
};

// Whether one of `parts`, which are by place and apart, shares a byte with `span`.
bool HasPartIn(std::span<const Span> parts, Span span);

}  // namespace gatehouse::inspect::text
