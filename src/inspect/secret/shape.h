#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/detector.h"

namespace gatehouse::inspect::secret {

using ByteSet = std::bitset<256>;

// What a credential looks like: literal text, and runs of bytes of one class. Written as docs/formats/secret-rules.md
// has it: "ghp_<alnum 36>", "xoxb-<digit 10-13>-<[0-9A-Za-z-] 24>". Immutable.
//
// Matching takes time linear in the text for each piece, whatever the lengths: the set of ends that a piece may have is
// kept as intervals, so nothing is tried twice.
class Shape {
 public:
  static constexpr std::size_t kLongest = 4096;  // bytes of a credential

  // The error says what is wrong with the text.
  static base::Result<Shape> Parse(std::string_view text, Trigger::Case letters);

  // Where what begins at `begin` ends: the farthest end that the shape and what follows permit (a credential does not
  // go on in a letter, a digit, or a byte of the class that it ends with).
  std::optional<std::size_t> MatchAt(std::string_view text, std::size_t begin) const;

  // The longest literal of those that stand at a fixed distance from the beginning; "" where there is none.
  const std::string& anchor() const { return anchor_; }
  // What to look for: the anchor, or where that is shorter than kShortestSought, the anchor with each byte that may
  // stand behind it, or before it. Two bytes are seen too often, and make the scan of all others slower.
  static constexpr std::size_t kShortestSought = 3;
  struct Sought {
    std::vector<std::string> texts;
    std::size_t offset = 0;  // of each, from the beginning
  };
  Sought sought() const;
  std::size_t anchor_offset() const { return anchor_offset_; }
  Trigger::Case letters() const { return letters_; }

 private:
  // Either a literal or a run of `min` to `max` bytes.
  struct Piece {
    std::string literal;
    ByteSet bytes;
    std::size_t min = 0;
    std::size_t max = 0;

    bool IsLiteral() const { return !literal.empty(); }
  };
  struct Interval {
    std::size_t low = 0;
    std::size_t high = 0;  // included
  };
  using Ends = std::vector<Interval>;

  void AddLiteral(std::string_view text);
  void ChooseAnchor();
  bool HasLiteralAt(std::string_view text, std::size_t at, const Piece& piece) const;
  void AfterLiteral(std::string_view text, const Piece& piece, const Ends& from, Ends& to) const;
  static void AfterRun(std::string_view text, const Piece& piece, const Ends& from, Ends& to);
  bool MayEnd(std::string_view text, std::size_t end) const;

  std::vector<Piece> pieces_;
  std::string anchor_;
  std::size_t anchor_offset_ = 0;
  std::size_t anchor_piece_ = 0;
  Trigger::Case letters_ = Trigger::Case::kSensitive;
};

// Letters, digits and underscores: what a word is made of.
bool IsWordByte(char byte);
bool IsDigit(char byte);
bool IsLetter(char byte);
char Lower(char byte);
// Where `wanted` begins for the last time; npos where it does not. As rfind(), many bytes at a time.
std::size_t FindLast(std::string_view text, std::string_view wanted);
// ASCII letters of either case are the same.
bool EqualsFolded(std::string_view a, std::string_view b);
// The same; `word` is in small letters.
bool ContainsFolded(std::string_view text, std::string_view word);

}  // namespace gatehouse::inspect::secret
