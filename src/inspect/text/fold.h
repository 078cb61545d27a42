#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/text/mapped_text.h"

namespace gatehouse::inspect::text {

// What each character becomes when a text is read as plain ASCII wherever it can be: compatibility forms by Unicode's
// decomposition (NFKD), look-alikes by what they look like, digits of all scripts as 0 to 9; combining marks and what
// is invisible go. Everything else stays. Built once, shared by all threads.
class Folding {
 public:
  enum class Action : std::uint8_t {
    kKeep,
    kKeepLetter,  // of a script with capitals: a word with one of these is a word of that script
    kStrip,
    kReplace,
    kReplaceLetter,  // only looks like ASCII
  };
  struct Fold {
    Action action = Action::kKeep;
    enum class Use : std::uint8_t { kOrdinary, kTelling } use = Use::kOrdinary;  // whether a reason to fold a text
    std::string_view by;
  };

  static const Folding& Table();
  Fold Of(char32_t c) const;

 private:
  using Entry = std::uint16_t;
  Folding();
  Entry Make(char32_t c, std::span<const char> looks);
  Entry Pack(Action action, std::string by);
  Entry Decompose(char32_t c, std::span<const char> looks);

  std::vector<Entry> entries_;  // of the first two planes
  std::vector<std::string> replacements_;
};

// Whether folding would change more than the ordinary signs of prose, and whether all of it is valid UTF-8.
bool NeedsFolding(std::string_view text);

// Makes `result` the folded `source`; bytes in a row that are no UTF-8 become one U+FFFD. The letters of a word are
// only taken for what they look like when that makes all of the word ASCII. kPart where the result would be longer than
// `limit`: what is beyond is left out.
Extent Fold(const MappedText& source, MappedText& result, std::size_t limit);

}  // namespace gatehouse::inspect::text
