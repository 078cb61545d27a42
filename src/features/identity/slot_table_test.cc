#include "features/identity/slot_table.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/random.h"
#include "features/identity/name_pool.h"

namespace gatehouse::features::identity {
namespace {

// Against a map, with hashes that clash a great deal.
TEST(SlotTable, FindsWhatWasPutAndNotWhatWasErased) {
  base::Random random(7);
  std::vector<std::uint64_t> key_of(500);
  for (std::size_t i = 0; i < key_of.size(); ++i) key_of[i] = i;
  const auto hash_of = [&](std::uint32_t slot) { return key_of[slot] % 37; };
  SlotTable table;
  std::map<std::uint64_t, std::uint32_t> model;
  for (int step = 0; step < 60'000; ++step) {
    const auto slot = static_cast<std::uint32_t>(random.Below(key_of.size()));
    if (model.contains(slot)) {
      table.Erase(slot, hash_of);
      model.erase(slot);
    } else {
      table.Insert(slot, hash_of);
      model.emplace(slot, slot);
    }
    const std::uint64_t asked = random.Below(key_of.size());
    const auto found = table.Find(asked % 37, [&](std::uint32_t one) { return key_of[one] == asked; });
    ASSERT_EQ(found, model.contains(asked) ? static_cast<std::uint32_t>(asked) : SlotTable::kNone) << step;
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(NamePool, KeepsEachNameOnce) {
  NamePool pool;
  const auto a = pool.Put("a");
  const auto longest = pool.Put(std::string(255, 'x'));
  for (int i = 0; i < 1000; ++i) pool.Put("name" + std::to_string(i));
  EXPECT_EQ(pool.Put("a"), a);
  EXPECT_EQ(pool.At(longest), std::string(255, 'x'));
  EXPECT_EQ(pool.At(pool.Find("name999")), "name999");
  EXPECT_EQ(pool.Find("name1000"), SlotTable::kNone);
}

}  // namespace
}  // namespace gatehouse::features::identity
