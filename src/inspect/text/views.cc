#include "inspect/text/views.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "base/check.h"
#include "inspect/text/decode.h"
#include "inspect/text/fold.h"
#include "inspect/text/spaced.h"

namespace gatehouse::inspect::text {

namespace {

constexpr std::size_t kSnap = 64;  // how far a region's ends are moved to white space

constexpr bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
// Whether it may be part of a long word that stands for another.
constexpr bool IsEncodedWord(char c) {
  const bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  return word || c == '+' || c == '/' || c == '-' || c == '_' || c == '=';
}

constexpr bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Whether text[at] begins a word that hardly goes with the one before, as parts of a name or number do.
bool BeginsAnew(std::string_view text, std::size_t at) {
  if (!IsSpace(text[at - 1]) || at < 2) return false;
  const char before = text[at - 2];
  return text[at] >= 'a' && text[at] <= 'z' && !(before >= '0' && before <= '9');
}

// The first place at or behind `at` where a region may begin or end: between words that are not of one name or number;
// if none is near, between words; and between characters.
std::size_t SnapOn(std::string_view text, std::size_t at) {
  if (at == 0 || at >= text.size()) return std::min(at, text.size());
  const std::size_t last = std::min(at + kSnap, text.size());
  for (std::size_t next = at; next < last; ++next) {
    if (BeginsAnew(text, next)) return next;
  }
  for (std::size_t next = at; next < last; ++next) {
    if (IsSpace(text[next - 1])) return next;
  }
  while (at < text.size() && IsContinuation(text[at])) ++at;
  return at;
}

// The next segment of `text` at or behind `segment` that stands between two regions, or their number.
std::size_t NextBorder(const MappedText& text, std::size_t segment) {
  const std::span<const MappedText::Segment> all = text.segments();
  while (segment < all.size() && !all[segment].IsBorder()) ++segment;
  return segment;
}

// Replaces `different` by the regions of `text` that are not the same in `source`. kNone where it has not got all
// `regions`, or is all different.
Change KeepDifferent(const MappedText& text, const MappedText& source, std::size_t regions, MappedText& different) {
  Rewriting rewriting(text, different, text.text().size());
  Change left_out = Change::kNone;
  std::size_t begin = 0;
  std::size_t source_begin = 0;
  std::size_t segment = 0;
  std::size_t source_segment = 0;
  for (; regions != 0; --regions, ++segment, ++source_segment) {
    segment = NextBorder(text, segment);
    source_segment = NextBorder(source, source_segment);
    const bool is_last = segment == text.segments().size();
    if (is_last != (regions == 1) || is_last != (source_segment == source.segments().size())) return Change::kNone;
    const std::size_t end = is_last ? text.text().size() : text.segments()[segment].at;
    const std::size_t source_end = is_last ? source.text().size() : source.segments()[source_segment].at;
    const std::string_view said = text.text().substr(begin, end - begin);
    if (said == source.text().substr(source_begin, source_end - source_begin)) {
      left_out = Change::kSome;
    } else {
      rewriting.Keep(begin, std::min(end + 1, text.text().size()));
    }
    begin = end + 1;
    source_begin = source_end + 1;
  }
  return left_out;
}

}  // namespace

Views::Extent Views::Make(std::string_view text, std::size_t begin, std::span<const Turned> turned) {
  count_ = 0;
  used_ = 0;
  extent_ = Extent::kWhole;
  begin_ = begin;
  if (text.size() > begin + kLongestText) {
    text = text.substr(0, begin + kLongestText);
    extent_ = Extent::kPart;
  }
  std::size_t from = begin - std::min(begin, kBefore);
  while (from < begin && IsContinuation(text[from])) ++from;
  turned_.Clear();
  for (const Turned& part : turned) turned_.Add(part);
  reasons_ = LookAt(text, from);
  if (reasons_ != 0) {
    FindRegions(text, from);
    TakeRegions(text);
    if (!raw_.empty()) {
      Reasons reasons = reasons_;
      const MappedText* const normal = Normalise(raw_, reasons);
      if (normal != &raw_) Add(View::kNormalised, *normal, raw_);
      ReadDisguises(*normal);
      DecodeAll(*normal, reasons);
    }
  }
  if (turned_.empty()) return extent_;
  turned_.Sort(text, begin);
  MakeRotated(text);
  MakeReversed(text);
  return extent_;
}

std::size_t Views::OpenFrom(std::string_view text, std::size_t seam) const {
  std::size_t open = std::min(OpenSpaced(text, seam), turned_.empty() ? seam : turned_.OpenFrom(seam));
  if (Has(reasons_, Reason::kNotAscii)) open = std::min(open, OpenOverride(text, seam));
  return open;
}

// The reasons of text[from, end), without those that come to nothing when the block is looked at by itself: letters
// that folding leaves, long words that are not encoded.
Reasons Views::LookAt(std::string_view text, std::size_t from) {
  Reasons all = Look(text.substr(from), blocks_);
  if (!Has(all, Reason::kNotAscii) && !Has(all, Reason::kEncoded)) return all;
  all = 0;
  words_ = {};
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    Reasons& reasons = blocks_[block];
    const std::size_t begin = from + (block * kLookBlock);
    const Span span{.begin = begin, .end = std::min(begin + kLookBlock, text.size())};
    if (Has(reasons, Reason::kNotAscii) && !Folds(text, span, from)) reasons = Without(reasons, Reason::kNotAscii);
    if (Has(reasons, Reason::kEncoded) && !Decodes(text, span, from)) reasons = Without(reasons, Reason::kEncoded);
    all |= reasons;
  }
  return all;
}

bool Views::Folds(std::string_view text, Span block, std::size_t from) {
  while (block.begin != from && block.begin < block.end && IsContinuation(text[block.begin])) ++block.begin;
  while (block.end < text.size() && IsContinuation(text[block.end])) ++block.end;
  const bool behind_ascii = block.begin != from && static_cast<unsigned char>(text[block.begin - 1]) < 0x80;
  if (behind_ascii) --block.begin;  // what is invisible behind a letter is told by it
  return block.begin < block.end && NeedsFolding(text.substr(block.begin, block.size()));
}

// Whether one of the words that are at least partly in the block can be decoded; each word is tried once.
bool Views::Decodes(std::string_view text, Span block, std::size_t from) {
  const bool has_some = block.begin < words_.tried && words_.change == Change::kSome;
  if (block.end <= words_.tried) return has_some;
  while (block.begin != from && block.begin > words_.tried && IsEncodedWord(text[block.begin - 1])) --block.begin;
  while (block.end < text.size() && IsEncodedWord(text[block.end])) ++block.end;
  block.begin = std::max(block.begin, words_.tried);
  if (block.begin >= block.end) return has_some;
  raw_.Clear();
  raw_.Copy(text.substr(block.begin, block.size()), block.begin);
  words_ = {.tried = block.end, .change = Decode(raw_, texts_.front(), kMostGrowth * block.size())};
  turned_.AddRandomWords(raw_.text(), block.begin);
  return has_some || words_.change == Change::kSome;
}

void Views::AddRegion(std::string_view text, Span around) {
  const std::size_t begin = SnapOn(text, around.begin - std::min(around.begin, kAround + kSnap));
  const std::size_t end = SnapOn(text, around.end + kBehind);
  if (end <= begin_) return;
  if (!regions_.empty() && begin <= regions_.back().end) {
    regions_.back().end = std::max(regions_.back().end, end);
  } else {
    regions_.push_back({.begin = begin, .end = end});
  }
}

void Views::FindRegions(std::string_view text, std::size_t from) {
  regions_.clear();
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    if (blocks_[block] == 0) continue;
    const std::size_t begin = from + (block * kLookBlock);
    AddRegion(text, {.begin = begin, .end = std::min(begin + kLookBlock, text.size())});
  }
}

void Views::TakeRegions(std::string_view text) {
  raw_.Clear();
  for (const Span& region : regions_) {
    if (!raw_.empty()) raw_.Replace("\n", {.begin = region.begin, .end = region.begin});
    raw_.Copy(text.substr(region.begin, region.size()), region.begin);
  }
}

MappedText& Views::Next() {
  GH_CHECK(used_ < texts_.size());
  return texts_[used_++];
}

// Adds what of `text` is not in `source`, the text that it was made of. Where regions are no longer what they were, as
// where what is between them was taken for a part of something, it is all of it.
void Views::Add(View view, const MappedText& text, const MappedText& source) {
  GH_CHECK(count_ < made_.size());
  const MappedText* shown = &text;
  if (regions_.size() > 1) {
    MappedText& different = Next();
    if (KeepDifferent(text, source, regions_.size(), different) == Change::kSome) {
      shown = &different;
    } else {
      --used_;
    }
  }
  if (shown->empty()) return;
  made_[count_++] = {.view = view, .text = shown, .begin = shown->Behind(begin_)};
}

// The source itself where there is nothing to do. `reasons` are those of the source, and then those of the result.
const MappedText* Views::Normalise(const MappedText& source, Reasons& reasons) {
  const std::size_t limit = kMostGrowth * raw_.text().size() + kLookBlock;
  const MappedText* normal = &source;
  if (Has(reasons, Reason::kNotAscii) && NeedsFolding(source.text())) {
    MappedText& straight = Next();
    const bool straightened = Straighten(source, straight, limit) == Change::kSome;
    MappedText& folded = Next();
    if (Fold(straightened ? straight : source, folded, limit) == Extent::kPart) extent_ = Extent::kPart;
    normal = &folded;
    reasons = Look(normal->text(), blocks_);
  }
  if (!Has(reasons, Reason::kSpaced)) return normal;
  MappedText& joined = Next();
  if (JoinSpaced(*normal, joined, limit) == Change::kSome) {
    reasons = Look(joined.text(), blocks_);
    return &joined;
  }
  --used_;
  return normal;
}

void Views::DecodeAll(const MappedText& source, Reasons reasons) {
  const std::size_t limit = kMostGrowth * raw_.text().size() + kLookBlock;
  const MappedText* from = &source;
  for (std::size_t depth = 0; depth < kDepth; ++depth) {
    if (!Has(reasons, Reason::kEncoded) && !Has(reasons, Reason::kEscaped)) return;
    MappedText& decoded = Next();
    if (Decode(*from, decoded, limit) == Change::kNone) {
      --used_;
      return;
    }
    reasons = Look(decoded.text(), blocks_);
    const MappedText* const normal = Normalise(decoded, reasons);
    Add(View::kDecoded, *normal, *from);
    from = normal;
  }
}

void Views::ReadDisguises(const MappedText& source) {
  const std::size_t limit = kMostGrowth * raw_.text().size() + kLookBlock;
  const auto read = [&](auto reader, const MappedText& text, View view) {
    MappedText& result = Next();
    if (reader(text, result, limit) == Change::kSome) {
      Add(view, result, text);
    } else {
      --used_;
    }
  };
  if (Has(reasons_, Reason::kLeet)) read(ReadLeet, source, View::kNormalised);
  if (Has(reasons_, Reason::kNotAscii)) read(ReadHidden, raw_, View::kDecoded);
  if (Has(reasons_, Reason::kMorse)) read(ReadMorse, source, View::kDecoded);
}

void Views::MakeRotated(std::string_view text) {
  const std::span<const Span> parts = turned_.PartsOf(Turn::kRotated);
  regions_.clear();
  for (const Span& part : parts) AddRegion(text, part);
  TakeRegions(text);
  if (raw_.empty()) return;
  MappedText& result = Next();
  Rotate(raw_, result, raw_.text().size());
  made_[count_++] = {.view = View::kDecoded, .text = &result, .begin = result.Behind(begin_), .parts = parts};
}

// Each stretch is read by itself: what is between phrases is as much as anybody looks back; tokens tell nothing of one
// another.
void Views::MakeReversed(std::string_view text) {
  constexpr std::size_t kBetweenPhrases = 256;
  constexpr std::size_t kBetweenPieces = 32;
  auto before = Turned::Reach::kPiece;
  raw_.Clear();
  for (const TurnedParts::Stretch& stretch : turned_.stretches()) {
    const Span read = stretch.read;
    const auto reach = std::max(std::exchange(before, stretch.reach), stretch.reach);
    const std::size_t apart = reach == Turned::Reach::kPhrase ? kBetweenPhrases : kBetweenPieces;
    if (!raw_.empty()) raw_.Replace(std::string(apart, '\n'), {.begin = read.begin, .end = read.begin});
    raw_.Copy(text.substr(read.begin, read.size()), read.begin);
  }
  if (raw_.empty()) return;
  MappedText& result = Next();
  Reverse(raw_, result);
  made_[count_++] = {.view = View::kDecoded,
                     .text = &result,
                     .order = Made::Order::kMirrored,
                     .parts = turned_.PartsOf(Turn::kReversed)};
}

}  // namespace gatehouse::inspect::text
