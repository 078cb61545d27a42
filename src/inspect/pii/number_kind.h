#pragma once

#include <span>
#include <string_view>

namespace gatehouse::inspect::pii {

// A kind of number that people, companies or things are known by.
//
// Confidence rests on how it is written and on what is said before it: a number in one run of digits may be anything
// (`solid`), one in the groups of its kind less so (`grouped`), one after words of its kind is it (`in_context`).
struct NumberKind {
  std::string_view entity;
  // What it looks like, forms with a | between them: 9 a digit, A a capital, X either, ~ a space, hyphen or dot, the
  // same one throughout; anything else is itself.
  std::string_view forms;
  bool (*holds)(std::string_view number);  // of the number without its separators; null where the form is all there is
  float solid;
  float grouped;
  float in_context;
  std::string_view words;  // that speak of it, in all languages
};

std::span<const NumberKind> NumberKinds();

}  // namespace gatehouse::inspect::pii
