#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/finding.h"

namespace gatehouse::inspect::text {

// How much of a text was taken: kPart where a bound cut something off.
enum class Extent : std::uint8_t { kWhole, kPart };

// Whether something was found to do.
enum class Change : std::uint8_t { kNone, kSome };

// A text that was made from another one, with the place that each byte came from. Belongs to one thread and is used
// again and again: emptying it keeps its memory.
class MappedText {
 public:
  // Bytes [at, the next segment's at) of this text came from bytes [begin, end) of the first one.
  struct Segment {
    std::uint32_t at = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    enum class Kind : std::uint32_t {
      kCopied,    // byte for byte
      kMirrored,  // byte for byte, from the end
      kReplaced,  // as a whole
    } kind = Kind::kCopied;

    // Whether it stands between two parts of the first text, for none of it.
    bool IsBorder() const { return kind == Kind::kReplaced && begin == end; }
  };

  std::string_view text() const { return text_; }
  bool empty() const { return text_.empty(); }
  std::span<const Segment> segments() const { return segments_; }

  void Clear();
  // Appends `bytes`, which are bytes [begin, begin + size) of the first text.
  void Copy(std::string_view bytes, std::size_t begin);
  // Appends the same from the last byte to the first.
  void Mirror(std::string_view bytes, std::size_t begin);
  // Appends `bytes`, which are such a mirrored text.
  void CopyMirrored(std::string_view bytes, std::size_t begin);
  // Appends `bytes`, which stand for `from` of the first text.
  void Replace(std::string_view bytes, Span from);

  // Writes another byte for each.
  template <class Byte>
  void Overwrite(Byte byte) {
    for (char& c : text_) c = byte(c);
  }

  // Where a part of this text came from, rounded outwards. REQUIRES: within this text and not empty.
  Span From(Span part) const;
  // Whether the byte before `at` is the one before `offset` of the first text, or a border is there. REQUIRES: not 0.
  bool Keeps(std::size_t at, std::size_t offset) const;
  // The first byte of this text that came from `offset` of the first one or from behind it; its size where there is
  // none. Only of texts that are in the first one's order.
  std::size_t Behind(std::size_t offset) const;

 private:
  std::string text_;
  std::vector<Segment> segments_;
};

// Makes one mapped text from another one, from its beginning to its end; what is neither kept nor replaced is left out.
// Both outlive it. What goes beyond the limit is dropped, and full() from then on.
class Rewriting {
 public:
  // `limit`: bytes that the result may have.
  Rewriting(const MappedText& source, MappedText& result, std::size_t limit);

  // REQUIRES of all: parts of the source, in its order.
  void Keep(std::size_t begin, std::size_t end);
  void Replace(Span part, std::string_view bytes);
  // Keeps a part from its last character to its first. REQUIRES: nothing in it is mirrored already.
  void Mirror(std::size_t begin, std::size_t end);

  bool full() const { return full_; }
  // Whether the result is anything but what was kept in one piece.
  bool changed() const { return changed_; }

 private:
  const MappedText::Segment& SegmentAt(std::size_t at);
  Span FromOf(Span part);
  bool Fits(std::size_t bytes);

  const MappedText& source_;
  MappedText& result_;
  std::size_t limit_;
  std::size_t segment_ = 0;  // of the source, where the last part began
  std::size_t done_ = 0;     // of the source
  bool full_ = false;
  bool changed_ = false;
};

}  // namespace gatehouse::inspect::text
