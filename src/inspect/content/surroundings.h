#pragma once

#include <cstddef>
#include <string_view>

// What stands before a place tells how what stands there is meant. At most Detector::kContext bytes are looked at.
namespace gatehouse::inspect::content {

// Of one text. What was said of a place last is remembered: several phrases begin at the same one.
class Surroundings {
 public:
  explicit Surroundings(std::string_view text) : text_(text) {}

  // Whether it is quoted, in a line of code, or given as an example of what it is.
  bool IsSpokenAbout(std::size_t at) { return At(at).spoken_about; }
  // Whether nobody sees it: a comment of HTML, or an element with a style that has neither size nor colour.
  bool IsHidden(std::size_t at) { return At(at).hidden; }

 private:
  struct Place {
    std::size_t at = std::string_view::npos;
    bool spoken_about = false;
    bool hidden = false;
  };
  const Place& At(std::size_t at);

  std::string_view text_;
  Place last_;
};

// Whether a line begins there, but for blanks and signs.
bool IsLineBegin(std::string_view text, std::size_t at);

}  // namespace gatehouse::inspect::content
