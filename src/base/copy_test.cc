#include "base/copy.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

namespace gatehouse::base {
namespace {

TEST(CopyShort, CopiesEachLengthAndNothingElse) {
  constexpr std::size_t kMost = 70;
  std::string text(kMost, '\0');
  std::iota(text.begin(), text.end(), '!');
  for (std::size_t size = 0; size <= kMost; ++size) {
    std::string room(kMost + 2, '~');
    const char* const end = CopyShort(&room[1], std::string(text, 0, size));
    EXPECT_EQ(end, &room[1] + size);
    EXPECT_EQ(room, "~" + text.substr(0, size) + std::string(kMost + 1 - size, '~'));
  }
}

}  // namespace
}  // namespace gatehouse::base
