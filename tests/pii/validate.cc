// usage: pii_validate < QUESTIONS
// A question is a line "NAME NUMBER"; the answer to each is a line "1", "0", or "?" where there is no such validator.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "inspect/pii/validators.h"

namespace gatehouse::tests::pii {
namespace {

using inspect::pii::Validator;
using inspect::pii::Validators;

char AnswerTo(std::string_view question) {
  const std::size_t space = std::min(question.find(' '), question.size());
  const auto found = std::ranges::find(Validators(), question.substr(0, space), &Validator::name);
  if (found == Validators().end()) return '?';
  return found->holds(question.substr(std::min(space + 1, question.size()))) ? '1' : '0';
}

int Main() {
  std::array<char, 256> line{};
  while (std::fgets(line.data(), line.size(), stdin) != nullptr) {
    std::string_view question(line.data());
    if (question.ends_with('\n')) question.remove_suffix(1);
    std::printf("%c\n", AnswerTo(question));
  }
  return 0;
}

}  // namespace
}  // namespace gatehouse::tests::pii

int main() { return gatehouse::tests::pii::Main(); }
