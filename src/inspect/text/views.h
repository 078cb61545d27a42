#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "inspect/finding.h"
#include "inspect/text/disguise.h"
#include "inspect/text/look.h"
#include "inspect/text/mapped_text.h"
#include "inspect/text/turned.h"

namespace gatehouse::inspect::text {

// The other forms of a text in which something may be found, in memory that is used from one text to the next. Belongs
// to one thread.
//
// A view has what is around the places that gave reason for it (kAround bytes before and kBehind bytes behind them),
// each such region on lines of its own; what is plain prose has no view. In this order:
//  1. normalised: folded to ASCII, without what is invisible, letters joined that stood alone;
//  2. normalised: with digits and signs read as the letters that they stand for;
//  3. decoded: what hidden characters say; what Morse says;
//  4. decoded: encodings read in their place, up to kDepth times, each time folded and joined again;
//  5. decoded: rotated by 13 letters, reversed; only where a caller has seen a word that way.
// Of the first four, a view has only the regions that it shows otherwise than the form that it was made of.
class Views {
 public:
  static constexpr std::size_t kDepth = 3;
  static constexpr std::size_t kAround = 256;
  static constexpr std::size_t kBehind = 128;
  // A view is at most so many times as long as what it is of, and of all text at most kLongestText are taken. Reversed,
  // what is read overlaps and stands apart: twice that, and 1 KB.
  static constexpr std::size_t kMostGrowth = 4;
  static constexpr std::size_t kLongestText = std::size_t{256} * 1024;

  struct Made {
    View view = View::kNormalised;
    const MappedText* text = nullptr;  // as long as the views are not made anew
    std::size_t begin = 0;             // what is before it was looked at before
    enum class Order : std::uint8_t { kOfText, kMirrored } order = Order::kOfText;
    // Of what is turned, the parts by which that was seen: what is found and holds none of them is nothing.
    std::span<const Span> parts;

    // Whether what is found there, at `from` of the text as it came, is something.
    bool Tells(Span from) const { return parts.empty() || HasPartIn(parts, from); }
  };

  using Extent = text::Extent;

  // The views of text[begin, end of text) and what is shortly before. What is seen in them from before `begin` was seen
  // before.
  Extent Make(std::string_view text, std::size_t begin, std::span<const Turned> turned);
  std::span<const Made> made() const { return {made_.data(), count_}; }

  // Where the earliest disguise begins before `seam`, of the text that they were made of, that cannot be undone before
  // what is behind it has come. `seam` where there is none.
  std::size_t OpenFrom(std::string_view text, std::size_t seam) const;

  // How far before `begin` a disguise may begin that goes on behind it.
  static constexpr std::size_t kBefore = kBehind + kLookBlock;
  // Bytes before `begin` that are looked at.
  static constexpr std::size_t kContext = kBefore + kAround + kLookBlock;

 private:
  static constexpr std::size_t kMostViews = 9;

  Reasons LookAt(std::string_view text, std::size_t from);
  static bool Folds(std::string_view text, Span block, std::size_t from);
  bool Decodes(std::string_view text, Span block, std::size_t from);
  void FindRegions(std::string_view text, std::size_t from);
  void TakeRegions(std::string_view text);
  void AddRegion(std::string_view text, Span around);
  MappedText& Next();
  void Add(View view, const MappedText& text, const MappedText& source);
  const MappedText* Normalise(const MappedText& source, Reasons& reasons);
  void DecodeAll(const MappedText& source, Reasons reasons);
  void ReadDisguises(const MappedText& source);
  void MakeRotated(std::string_view text);
  void MakeReversed(std::string_view text);

  std::size_t begin_ = 0;
  Reasons reasons_ = 0;
  Extent extent_ = Extent::kWhole;
  std::vector<Reasons> blocks_;
  struct {
    std::size_t tried = 0;  // of the text, up to the end of a word
    Change change = Change::kNone;
  } words_;
  std::vector<Span> regions_;
  TurnedParts turned_;
  MappedText raw_;
  std::array<MappedText, 28> texts_;  // what is made, and what is between
  std::size_t used_ = 0;
  std::array<Made, kMostViews> made_;
  std::size_t count_ = 0;
};

}  // namespace gatehouse::inspect::text
