#include "inspect/text/fold.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "codec/text/utf8.h"
#include "inspect/text/lookalikes.h"

namespace gatehouse::inspect::text {

namespace {

using codec::text::CodePoint;
using codec::text::DecodeAt;
using Range = std::pair<char32_t, char32_t>;

constexpr char32_t kPlanes = 0x20000;  // that have entries
constexpr unsigned kActionBits = 3;
constexpr std::uint16_t kTellingBit = 1U << kActionBits;
constexpr unsigned kNumberShift = kActionBits + 1;

// Invisible, or it only tells how others are shown.
constexpr auto kInvisible = std::to_array<Range>({
    {0x00AD, 0x00AD},
    {0x034F, 0x034F},
    {0x061C, 0x061C},
    {0x115F, 0x1160},
    {0x17B4, 0x17B5},
    {0x180B, 0x180F},
    {0x200B, 0x200F},
    {0x202A, 0x202E},
    {0x2060, 0x206F},
    {0x3164, 0x3164},
    {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},
    {0xFFF9, 0xFFFB},
    {0x0080, 0x0084},
    {0x0086, 0x009F},
    {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A},
});
constexpr Range kTags = {0xE0000, 0xE0FFF};
// Marks that go on any letter; those that belong to one script are part of its spelling.
constexpr auto kMarks = std::to_array<Range>({
    {0x0300, 0x036F},
    {0x0483, 0x0489},
    {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},
    {0x20D0, 0x20FF},
    {0xFE20, 0xFE2F},
});
// Capitals from A to Z that Unicode does not decompose: negative circled, negative squared, of flags.
constexpr auto kCapitals = std::to_array<char32_t>({0x1F150, 0x1F170, 0x1F1E6});
constexpr auto kKeptWhole = std::to_array<Range>({{0x3041, 0x30FF}, {0x3400, 0x9FFF}, {0xAC00, 0xD7FF}});

template <std::size_t N>
constexpr bool IsIn(const std::array<Range, N>& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [c](const Range& range) { return range.first <= c && c <= range.second; });
}

constexpr bool IsLetterOrDigit(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

// By character: the one of ASCII that it looks like, or 0.
std::vector<char> LooksOfAll() {
  std::vector<char> looks(kPlanes);
  for (const Lookalikes& row : kLookalikes) {
    for (const char32_t c : row.of) looks[c] = row.ascii;
  }
  return looks;
}

// The value of a digit of any script but ASCII, as a character, or 0.
char DigitOf(char32_t c) {
  for (const char32_t zero : kZeros) {
    if (zero <= c && c <= zero + 9) return static_cast<char>('0' + (c - zero));
  }
  return 0;
}

char CapitalOf(char32_t c) {
  for (const char32_t a : kCapitals) {
    if (a <= c && c < a + 26) return static_cast<char>('A' + (c - a));
  }
  return 0;
}

bool IsCased(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT;
}

}  // namespace

const Folding& Folding::Table() {
  static const Folding table;
  return table;
}

Folding::Folding() : entries_(kPlanes) {
  const std::vector<char> looks = LooksOfAll();
  for (char32_t c = 0x80; c < kPlanes; ++c) {
    if (c < 0xD800 || c > 0xDFFF) entries_[c] = Make(c, looks);
  }
  for (const char32_t c : kOrdinary) entries_[c] &= static_cast<Entry>(~kTellingBit);
}

Folding::Entry Folding::Pack(Action action, std::string by) {
  const auto found = std::ranges::find(replacements_, by);
  const auto number = static_cast<std::size_t>(found - replacements_.begin());
  if (found == replacements_.end()) replacements_.push_back(std::move(by));
  GH_CHECK(number < (std::size_t{1} << (16 - kNumberShift)));
  const bool telling = action != Action::kKeep && action != Action::kKeepLetter;
  return static_cast<Entry>((number << kNumberShift) | (telling ? kTellingBit : 0U) | static_cast<Entry>(action));
}

Folding::Entry Folding::Make(char32_t c, std::span<const char> looks) {
  if (IsIn(kInvisible, c) || IsIn(kMarks, c)) return Pack(Action::kStrip, "");
  if (IsIn(kKeptWhole, c)) return 0;
  if (const char digit = DigitOf(c)) return Pack(Action::kReplace, {digit});
  if (const char capital = CapitalOf(c)) return Pack(Action::kReplace, {capital});
  if (const char ascii = looks[c]) {
    return Pack(IsLetterOrDigit(ascii) ? Action::kReplaceLetter : Action::kReplace, {ascii});
  }
  return Decompose(c, looks);
}

// NFKD, and what its parts look like.
Folding::Entry Folding::Decompose(char32_t c, std::span<const char> looks) {
  std::array<utf8proc_int32_t, 32> parts;
  int boundary = 0;
  const auto count =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), parts.size(),
                              static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT), &boundary);
  std::string by;
  Action action = Action::kReplace;
  enum { kNoAscii, kSomeAscii } found = kNoAscii;
  for (utf8proc_ssize_t at = 0; at < count && std::cmp_less(at, parts.size()); ++at) {
    const auto part = static_cast<char32_t>(parts[static_cast<std::size_t>(at)]);
    if (IsIn(kMarks, part) || IsIn(kInvisible, part)) continue;
    const char ascii = part < 0x80 ? static_cast<char>(part) : (part < kPlanes ? looks[part] : char{0});
    if (part >= 0x80 && IsLetterOrDigit(ascii)) action = Action::kReplaceLetter;
    if (ascii != 0) found = kSomeAscii;
    codec::text::AppendCodePoint(by, ascii != 0 ? static_cast<unsigned char>(ascii) : part);
  }
  if (found == kSomeAscii) return Pack(action, std::move(by));
  return Pack(IsCased(c) ? Action::kKeepLetter : Action::kKeep, "");
}

Folding::Fold Folding::Of(char32_t c) const {
  if (c >= kPlanes) {
    if (c < kTags.first || c > kTags.second) return {};
    return {.action = Action::kStrip, .use = Fold::Use::kTelling, .by = {}};
  }
  const Entry entry = entries_[c];
  const auto action = static_cast<Action>(entry & ((1U << kActionBits) - 1));
  if (action == Action::kKeep || action == Action::kKeepLetter) return {.action = action, .by = {}};
  return {.action = action,
          .use = (entry & kTellingBit) != 0 ? Fold::Use::kTelling : Fold::Use::kOrdinary,
          .by = replacements_[entry >> kNumberShift]};
}

bool NeedsFolding(std::string_view text) {
  const Folding& table = Folding::Table();
  for (std::size_t at = codec::text::AsciiPrefix(text); at < text.size();) {
    const CodePoint point = DecodeAt(text, at);
    if (point.length == 0) return true;
    const Folding::Fold fold = table.Of(point.value);
    // What joins pictures and parts words at a line's end is ordinary, but not behind a letter or a digit.
    const bool within = fold.action == Folding::Action::kStrip && at > 0 && IsLetterOrDigit(text[at - 1]);
    if (within || fold.use == Folding::Fold::Use::kTelling) return true;
    at += point.length;
    if (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) {
      at += codec::text::AsciiPrefix(text.substr(at));
    }
  }
  return false;
}

namespace {

// One text while it is folded.
class Folder {
 public:
  Folder(const MappedText& source, MappedText& result, std::size_t limit)
      : text_(source.text()), rewriting_(source, result, limit) {}

  Extent Run() {
    std::size_t at = 0;
    while (at < text_.size() && !rewriting_.full()) {
      at += codec::text::AsciiPrefix(text_.substr(at));
      while (at < text_.size() && static_cast<unsigned char>(text_[at]) >= 0x80) at = Character(at);
    }
    rewriting_.Keep(kept_, text_.size());
    return rewriting_.full() ? Extent::kPart : Extent::kWhole;
  }

 private:
  std::size_t Character(std::size_t at) {
    const CodePoint point = DecodeAt(text_, at);
    if (point.length == 0) {
      std::size_t end = at + 1;
      while (end < text_.size() && DecodeAt(text_, end).length == 0) ++end;
      Put({.begin = at, .end = end}, codec::text::kReplacement);
      return end;
    }
    const std::size_t end = at + point.length;
    const Folding::Fold fold = table_.Of(point.value);
    const bool replaced = fold.action == Folding::Action::kReplace ||
                          (fold.action == Folding::Action::kReplaceLetter && BecomesAscii(at));
    if (replaced) {
      Put({.begin = at, .end = end}, fold.by);
    } else if (fold.action == Folding::Action::kStrip) {
      rewriting_.Keep(kept_, at);
      kept_ = end;
    }
    return end;
  }

  void Put(Span part, std::string_view by) {
    rewriting_.Keep(kept_, part.begin);
    rewriting_.Replace(part, by);
    kept_ = part.end;
  }

  // Whether all letters of the word that goes on at `at` have a form in ASCII.
  bool BecomesAscii(std::size_t at) {
    if (at < word_end_) return word_ == Word::kAscii;
    word_ = Word::kAscii;
    while (at < text_.size()) {
      if (static_cast<unsigned char>(text_[at]) < 0x80) {
        if (!IsLetterOrDigit(text_[at])) break;
        ++at;
        continue;
      }
      const CodePoint point = DecodeAt(text_, at);
      const Folding::Action action = table_.Of(point.value).action;
      if (point.length == 0 || action == Folding::Action::kKeep) break;
      if (action == Folding::Action::kKeepLetter) word_ = Word::kOther;
      at += point.length;
    }
    word_end_ = at;
    return word_ == Word::kAscii;
  }

  const Folding& table_ = Folding::Table();
  std::string_view text_;
  Rewriting rewriting_;
  std::size_t kept_ = 0;      // all before was kept or replaced
  std::size_t word_end_ = 0;  // of the word that was looked at last
  enum class Word : std::uint8_t { kAscii, kOther } word_ = Word::kAscii;
};

}  // namespace

Extent Fold(const MappedText& source, MappedText& result, std::size_t limit) {
  return Folder(source, result, limit).Run();
}

}  // namespace gatehouse::inspect::text
