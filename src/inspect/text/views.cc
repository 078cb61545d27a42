#include "inspect/text/views.h"

#include <algorithm>

#include "base/check.h"
#include "inspect/text/decode.h"
#include "inspect/text/fold.h"
#include "inspect/text/spaced.h"

namespace gatehouse::inspect::text {

namespace {

constexpr std::string_view kReversing = "\u202E";  // what follows is shown from right to left
constexpr std::size_t kSnap = 64;                  // how far a region's ends are moved to white space

constexpr bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
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
  reasons_ = LookAt(text, from);
  if (reasons_ != 0) {
    FindRegions(text, from);
    TakeRegions(text);
    if (!raw_.empty()) {
      const MappedText* const normal = Normalise(raw_);
      if (normal != &raw_) Add(View::kNormalised, *normal);
      ReadDisguises(*normal);
      DecodeAll(*normal);
    }
  }
  turned_.assign(turned.begin(), turned.end());
  if (Has(reasons_, Reason::kNotAscii)) {
    for (std::size_t at = text.find(kReversing, from); at != std::string_view::npos;
         at = text.find(kReversing, at + 1)) {
      turned_.push_back({.turn = Turn::kReversed, .end = at + kReversing.size()});
    }
  }
  if (turned_.empty()) return extent_;
  std::ranges::sort(turned_, {}, &Turned::end);
  MakeTurned(text, Turn::kRotated);
  MakeTurned(text, Turn::kReversed);
  return extent_;
}

// The reasons of text[from, end); characters of which folding would make nothing else are none.
Reasons Views::LookAt(std::string_view text, std::size_t from) {
  Reasons all = Look(text.substr(from), blocks_);
  if (!Has(all, Reason::kNotAscii)) return all;
  all = 0;
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    if (Has(blocks_[block], Reason::kNotAscii)) {
      std::size_t begin = from + (block * kLookBlock);
      std::size_t end = std::min(begin + kLookBlock, text.size());
      while (begin != from && begin < end && IsContinuation(text[begin])) ++begin;
      while (end < text.size() && IsContinuation(text[end])) ++end;
      const bool needed = begin < end && NeedsFolding(text.substr(begin, end - begin));
      if (!needed) blocks_[block] &= static_cast<Reasons>(~static_cast<Reasons>(Reason::kNotAscii));
    }
    all |= blocks_[block];
  }
  return all;
}

void Views::AddRegion(std::string_view text, Span around) {
  const std::size_t begin = SnapOn(text, around.begin - std::min(around.begin, kAround + kSnap));
  const std::size_t end = SnapOn(text, around.end + kAround);
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

void Views::Add(View view, const MappedText& text) {
  GH_CHECK(count_ < made_.size());
  if (text.empty()) return;
  made_[count_++] = {.view = view, .text = &text, .begin = text.Behind(begin_)};
}

// The source itself where there is nothing to do.
const MappedText* Views::Normalise(const MappedText& source) {
  const std::size_t limit = kMostGrowth * raw_.text().size() + kLookBlock;
  const MappedText* normal = &source;
  if (NeedsFolding(source.text())) {
    MappedText& folded = Next();
    if (Fold(source, folded, limit) == Extent::kPart) extent_ = Extent::kPart;
    normal = &folded;
  }
  MappedText& joined = Next();
  if (JoinSpaced(*normal, joined, limit) == Change::kSome) return &joined;
  --used_;
  return normal;
}

void Views::DecodeAll(const MappedText& source) {
  const std::size_t limit = kMostGrowth * raw_.text().size() + kLookBlock;
  const MappedText* from = &source;
  for (std::size_t depth = 0; depth < kDepth; ++depth) {
    MappedText& decoded = Next();
    if (Decode(*from, decoded, limit) == Change::kNone) {
      --used_;
      return;
    }
    from = Normalise(decoded);
    Add(View::kDecoded, *from);
  }
}

void Views::ReadDisguises(const MappedText& source) {
  const std::size_t limit = kMostGrowth * raw_.text().size() + kLookBlock;
  const auto read = [&](auto reader, const MappedText& text, View view) {
    MappedText& result = Next();
    if (reader(text, result, limit) == Change::kSome) {
      Add(view, result);
    } else {
      --used_;
    }
  };
  if (Has(reasons_, Reason::kLeet)) read(ReadLeet, source, View::kNormalised);
  if (Has(reasons_, Reason::kNotAscii)) read(ReadHidden, raw_, View::kDecoded);
  if (Has(reasons_, Reason::kMorse)) read(ReadMorse, source, View::kDecoded);
}

void Views::MakeTurned(std::string_view text, Turn turn) {
  regions_.clear();
  for (const Turned& word : turned_) {
    if (word.turn == turn) AddRegion(text, {.begin = word.end, .end = word.end});
  }
  TakeRegions(text);
  if (raw_.empty()) return;
  MappedText& result = Next();
  const std::size_t limit = raw_.text().size();
  if (turn == Turn::kRotated) {
    Rotate(raw_, result, limit);
    Add(View::kDecoded, result);
  } else {
    Reverse(raw_, result, limit);
    made_[count_++] = {.view = View::kDecoded, .text = &result, .begin = 0};
  }
}

}  // namespace gatehouse::inspect::text
