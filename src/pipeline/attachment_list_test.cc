#include "pipeline/attachment_list.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gatehouse::pipeline {
namespace {

// Writes its name down when it goes.
template <int kNumber>
class Leaves {
 public:
  explicit Leaves(std::vector<int>& gone) : gone_(&gone) {}
  Leaves(Leaves&& other) noexcept : gone_(std::exchange(other.gone_, nullptr)) {}
  Leaves& operator=(Leaves&& other) noexcept {
    std::swap(gone_, other.gone_);
    return *this;
  }
  ~Leaves() {
    if (gone_ != nullptr) gone_->push_back(kNumber);
  }

 private:
  std::vector<int>* gone_;
};

struct Large {
  std::array<char, 4096> bytes{};
};

TEST(AttachmentList, FindsByType) {
  AttachmentList list;
  EXPECT_EQ(list.Find<int>(), nullptr);
  list.Set(7);
  list.Set(std::string("a text that is too long to lie in a string itself"));
  list.Set(std::make_shared<int>(3));
  ASSERT_NE(list.Find<int>(), nullptr);
  EXPECT_EQ(*list.Find<int>(), 7);
  EXPECT_EQ(std::as_const(list).Find<std::string>()->size(), 49U);
  EXPECT_EQ(**list.Find<std::shared_ptr<int>>(), 3);
  EXPECT_EQ(list.Find<long>(), nullptr);
}

TEST(AttachmentList, KeepsOneOfEach) {
  AttachmentList list;
  int& first = list.Set(1);
  int& second = list.Set(2);
  EXPECT_EQ(&first, &second);
  EXPECT_EQ(first, 2);
}

// Knows where it lies, so that it stays there.
struct Fixed {
  explicit Fixed(int of) : number(of), self(this) {}
  Fixed(const Fixed&) = delete;
  Fixed& operator=(const Fixed&) = delete;
  int number;
  Fixed* self;
};

TEST(AttachmentList, MakesWhatIsNotMovedInItself) {
  AttachmentList list;
  EXPECT_EQ(list.Emplace<Fixed>(5).number, 5);
  list.Set(Large{});
  EXPECT_EQ(list.Find<Fixed>()->self, list.Find<Fixed>());
}

TEST(AttachmentList, TakesMoreThanItHasRoomFor) {
  AttachmentList list;
  list.Set(Large{}).bytes.back() = 'x';
  list.Set(std::string(100, 'a'));
  list.Set(Large{}).bytes.front() = 'y';  // the same one, with other terms
  EXPECT_EQ(list.Find<Large>()->bytes.front(), 'y');
  EXPECT_EQ(list.Find<Large>()->bytes.back(), '\0');
  EXPECT_EQ(list.Find<std::string>()->size(), 100U);
}

TEST(AttachmentList, DestroysInTheOrderOfArrival) {
  std::vector<int> gone;
  {
    AttachmentList list;
    list.Set(Leaves<1>(gone));
    list.Set(Leaves<2>(gone));
    list.Set(Large{});
    list.Set(Leaves<3>(gone));
    EXPECT_TRUE(gone.empty());
    list.Set(Leaves<2>(gone));
    EXPECT_EQ(gone, std::vector{2});
  }
  EXPECT_EQ(gone, (std::vector{2, 1, 2, 3}));
}

}  // namespace
}  // namespace gatehouse::pipeline
