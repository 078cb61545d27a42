#include "features/common/caller_map.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace gatehouse::features::common {
namespace {

std::shared_ptr<const pipeline::Principal> Caller() { return std::make_shared<const pipeline::Principal>(); }

TEST(CallerMap, TellsCallersAndModelsApart) {
  CallerMap<int> map;
  const auto one = Caller();
  const auto other = Caller();
  EXPECT_EQ(map.Find(one.get(), "a"), nullptr);
  map.Add(one, "a", 1);
  map.Add(one, "b", 2);
  map.Add(other, "a", 3);
  EXPECT_EQ(*map.Find(one.get(), "a"), 1);
  EXPECT_EQ(*map.Find(one.get(), "b"), 2);
  EXPECT_EQ(*map.Find(other.get(), "a"), 3);
  EXPECT_EQ(map.Find(other.get(), "b"), nullptr);
}

TEST(CallerMap, KeepsTheNameAndThePrincipal) {
  CallerMap<int> map;
  auto caller = Caller();
  const std::weak_ptr<const pipeline::Principal> watched = caller;
  const pipeline::Principal* const address = caller.get();
  {
    const std::string model(40, 'm');
    map.Add(std::move(caller), model, 1);
  }
  EXPECT_FALSE(watched.expired()) << "another principal could get its address";
  EXPECT_EQ(*map.Find(address, std::string(40, 'm')), 1);
}

TEST(CallerMap, IsBounded) {
  CallerMap<std::size_t> map;
  const auto caller = Caller();
  for (std::size_t i = 0; i <= CallerMap<std::size_t>::kMost; ++i) map.Add(caller, std::to_string(i), i);
  EXPECT_EQ(map.Find(caller.get(), "0"), nullptr) << "it began anew";
  EXPECT_EQ(*map.Find(caller.get(), std::to_string(CallerMap<std::size_t>::kMost)), CallerMap<std::size_t>::kMost);
}

TEST(CallerMap, DoesNotKeepEndlessNames) {
  CallerMap<int> map;
  const auto caller = Caller();
  const std::string endless(CallerMap<int>::kMostModelBytes + 1, 'm');
  EXPECT_EQ(map.Add(caller, endless, 7), 7);
  EXPECT_EQ(map.Find(caller.get(), endless), nullptr);
  EXPECT_EQ(map.Add(caller, endless + "m", 8), 8);
}

}  // namespace
}  // namespace gatehouse::features::common
