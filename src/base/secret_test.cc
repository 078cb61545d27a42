#include "base/secret.h"

#include <gtest/gtest.h>

#include <concepts>
#include <cstddef>
#include <new>
#include <ostream>

namespace gatehouse::base {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<Secret>);
static_assert(!std::equality_comparable<Secret>);
static_assert(!std::convertible_to<Secret, std::string_view>);
static_assert(!std::convertible_to<std::string, Secret>);

TEST(Secret, KeepsItsText) {
  Secret secret(std::string(100, 'k'));
  EXPECT_EQ(secret.Reveal(), std::string(100, 'k'));
  const Secret copy = secret;
  const Secret moved = std::move(secret);
  EXPECT_EQ(copy.Reveal(), moved.Reveal());
  EXPECT_TRUE(Secret().empty());
}

TEST(Secret, AShortTextIsGoneFromItsPlaceWhenItDies) {
  alignas(Secret) std::byte place[sizeof(Secret)];
  auto* const secret = new (place) Secret("sk-short");
  const char* const bytes = secret->Reveal().data();
  secret->~Secret();
  EXPECT_EQ(std::string_view(bytes, 8), std::string_view("\0\0\0\0\0\0\0\0", 8));
}

TEST(Secret, MovingLeavesNothingBehind) {
  Secret from("sk-short");
  const char* const bytes = from.Reveal().data();
  const Secret to = std::move(from);
  EXPECT_EQ(to.Reveal(), "sk-short");
  EXPECT_EQ(std::string_view(bytes, 8), std::string_view("\0\0\0\0\0\0\0\0", 8));
  Secret assigned("other-secret-text");
  assigned = to;
  EXPECT_EQ(assigned.Reveal(), "sk-short");
}

}  // namespace
}  // namespace gatehouse::base
