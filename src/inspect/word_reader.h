#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inspect/byte_block.h"

namespace gatehouse::inspect {

// The words of a text, what is between white space, asked about 64 bytes at a time. The text outlives it.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  std::string_view text() const { return text_; }

  // Sees text[begin, begin + 64).
  void Load(std::size_t begin) {
    const ByteBlock block(text_, begin);
    begin_ = begin;
    size_ = std::min(ByteBlock::kSize, text_.size() - begin);
    space_ = block.Find(ByteBlock::IsSpace);
    number_ = block.Find([](auto b) { return ByteBlock::IsDigit(b) | ByteBlock::IsHigh(b); });
    wide_ = block.Find([](auto b) { return b - 0xE3 <= 0xE9 - 0xE3; });
    letter_ = block.Find(ByteBlock::IsLetter);
    capital_ = block.Find(ByteBlock::IsCapital);
    line_ = block.Find([](auto b) { return (b == '\n') | (b == '\r'); });
    FindClosed();
  }

  // The first white space at or behind `at`, or the end of the text or `limit`.
  std::size_t EndOfWord(std::size_t at, std::size_t limit) {
    limit = std::min(limit, text_.size());
    for (std::size_t from = at; from < limit; from = begin_ + size_) {
      if (!SeesTo(from)) Load(from);
      if (const std::uint64_t spaces = space_ >> (from - begin_)) {
        return std::min(limit, from + static_cast<std::size_t>(std::countr_zero(spaces)));
      }
    }
    return limit;
  }

  // Whether text[begin, end), which is not empty and without white space, may go on in the next word (see seam.h).
  bool IsOpen(std::size_t begin, std::size_t end) const {
    if (end - begin == 1 || IsIntroducer(text_[end - 1])) return true;
    if (!Sees(begin, end)) return IsOpenLong(begin, end);
    const std::uint64_t word = Range(begin, end);
    const std::uint64_t letters = letter_ & word;
    if ((number_ & word) != 0 || (letters & (0 - letters) & capital_) != 0) return true;
    return end - begin <= kLongestParticle && IsParticle(begin, end);
  }

  // The end of the first word from `begin` on, where one begins, that is not open, if it is seen, and neither
  // ideographs nor a line's end before or behind it; else npos, which says nothing.
  std::size_t EndOfClosed(std::size_t begin) const {
    if (begin - begin_ >= size_) return std::string_view::npos;
    const std::uint64_t others = (line_ | wide_) >> (begin - begin_);
    for (std::uint64_t ends = closed_ >> (begin - begin_); ends != 0; ends &= ends - 1) {
      if ((others & (ends ^ (ends - 1))) != 0) break;
      const std::size_t end = begin + static_cast<std::size_t>(std::countr_zero(ends));
      if (!IsOpenByBytes(end)) return end;
    }
    return std::string_view::npos;
  }

  // The end of the last such word that is seen before `before`, whatever is behind it; npos where there is none.
  std::size_t EndOfClosedBefore(std::size_t before) const {
    if (before <= begin_ || before > begin_ + size_) return std::string_view::npos;
    for (std::uint64_t ends = closed_ & Range(begin_, before); ends != 0;) {
      const std::size_t end = LastOf(ends);
      if (!IsOpenByBytes(end)) return end;
      ends ^= std::uint64_t{1} << (end - begin_);
    }
    return std::string_view::npos;
  }

  struct Word {
    std::size_t end = 0;
    enum class Form : std::uint8_t { kUnseen, kEmpty, kClosed, kOpen } form = Form::kUnseen;
  };
  // The word that begins at `begin`, if it is seen whole and cannot have ideographs; empty at white space.
  Word Seen(std::size_t begin) const {
    if (begin - begin_ >= size_) return {};
    const std::uint64_t spaces = space_ >> (begin - begin_);
    if (spaces == 0) return {};
    if ((spaces & 1U) != 0) return {.end = begin, .form = Word::Form::kEmpty};
    const std::size_t end = begin + static_cast<std::size_t>(std::countr_zero(spaces));
    const std::uint64_t word = (spaces & (0 - spaces)) - 1;
    if ((wide_ >> (begin - begin_) & word) != 0) return {};
    const std::uint64_t letters = letter_ >> (begin - begin_) & word;
    const std::uint64_t telling = number_ | (capital_ & ((letters & (0 - letters)) << (begin - begin_)));
    const bool is_open = (telling >> (begin - begin_) & word) != 0 || end - begin == 1 ||
                         IsIntroducer(text_[end - 1]) || (end - begin <= kLongestParticle && IsParticle(begin, end));
    return {.end = end, .form = is_open ? Word::Form::kOpen : Word::Form::kClosed};
  }

  // Whether it may have ideographs or kana.
  bool MayHaveWide(std::size_t begin, std::size_t end) const {
    return !Sees(begin, end) || (wide_ & Range(begin, end)) != 0;
  }

  // Whether text[at] is seen to be white space, and where the white space ends that begins at `at`.
  bool IsSpaceSeen(std::size_t at) const { return at - begin_ < size_ && (space_ >> (at - begin_) & 1U) != 0; }
  std::size_t EndOfSpace(std::size_t at) const {
    while (at < text_.size() && ByteBlock::IsSpaceByte(text_[at])) ++at;
    return at;
  }

  // Where the word begins that ends at `end`, and where the white space begins that does; `first` at least.
  std::size_t BeginOfWord(std::size_t end, std::size_t first) const;
  std::size_t BeginOfSpace(std::size_t end, std::size_t first) const;

 private:
  static constexpr std::size_t kLongestParticle = 5;

  // Signs with which a word goes on in the next one, whatever it is.
  static constexpr auto kIsIntroducer = [] {
    std::array<bool, 256> is{};
    for (const char c : std::string_view(":=-+(/\"'`")) is[static_cast<unsigned char>(c)] = true;
    return is;
  }();
  static bool IsIntroducer(char c) { return kIsIntroducer[static_cast<unsigned char>(c)]; }
  bool IsParticle(std::size_t begin, std::size_t end) const;
  bool IsOpenLong(std::size_t begin, std::size_t end) const;

  // Finds where words end that are seen whole and not open but for what their bytes themselves say. A sum carries from
  // any byte of a word to behind its end.
  void FindClosed() {
    const std::uint64_t word = ~space_ & BitRange(0, size_);
    const std::uint64_t before = begin_ > 0 && !ByteBlock::IsSpaceByte(text_[begin_ - 1]) ? 1 : 0;
    const std::uint64_t begins = word & ~(word << 1U | before);
    const std::uint64_t ends = space_ & word << 1U;
    const std::uint64_t signs = word & ~letter_;
    const std::uint64_t names = (begins + signs) & ~signs & capital_;  // the first letter of a word is one
    const std::uint64_t cut_off = word & before;
    closed_ = ends & ~(word + (word & number_)) & ~(word + names) & ~(word + cut_off) & ~(begins << 1U);
  }

  // Of a word that ends at `end` and is seen whole: whether its last byte, or it being a particle, makes it open.
  bool IsOpenByBytes(std::size_t end) const {
    if (IsIntroducer(text_[end - 1])) return true;
    const std::uint64_t spaces = space_ & Range(begin_, end);
    const std::size_t begin = spaces == 0 ? begin_ : LastOf(spaces) + 1;
    return end - begin <= kLongestParticle && IsParticle(begin, end);
  }
  std::size_t LastOf(std::uint64_t bits) const {
    return begin_ + ByteBlock::kSize - 1 - static_cast<std::size_t>(std::countl_zero(bits));
  }

  // Whether text_[at] is among what is seen, and a space behind it, or the text's end.
  bool SeesTo(std::size_t at) const {
    if (at < begin_ || at >= begin_ + size_) return false;
    return (space_ >> (at - begin_)) != 0 || begin_ + size_ == text_.size();
  }
  bool Sees(std::size_t begin, std::size_t end) const { return begin >= begin_ && end <= begin_ + size_; }
  std::uint64_t Range(std::size_t begin, std::size_t end) const { return BitRange(begin - begin_, end - begin_); }

  std::string_view text_;
  std::size_t begin_ = 0;  // of what is seen
  std::size_t size_ = 0;
  std::uint64_t space_ = 0;
  std::uint64_t number_ = 0;  // digits, and bytes above 0x7F
  std::uint64_t wide_ = 0;    // first bytes of ideographs and kana
  std::uint64_t letter_ = 0;
  std::uint64_t capital_ = 0;
  std::uint64_t line_ = 0;    // line feeds and carriage returns
  std::uint64_t closed_ = 0;  // see FindClosed()
};

}  // namespace gatehouse::inspect
