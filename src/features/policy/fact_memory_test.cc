#include "features/policy/fact_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "codec/cel/collection.h"

namespace gatehouse::features::policy {
namespace {

using codec::cel::Value;

class Facts final : public codec::cel::Activation {
 public:
  Value Get(std::uint32_t slot) const override { return values.at(slot); }
  std::array<Value, 4> values = {Value::Absent(), Value::Absent(), Value::Absent(), Value::Absent()};
};

constexpr FactMemory::Mask kFirst = 1;
constexpr FactMemory::Mask kThird = 4;

TEST(FactMemory, TellsWhatHasChanged) {
  FactMemory memory;
  memory.Watch(kFirst | kThird);
  Facts facts;
  facts.values[0] = Value::Int(3);
  EXPECT_EQ(memory.Renew(facts), kFirst | kThird) << "nothing was seen before";
  EXPECT_EQ(memory.Renew(facts), 0U);
  facts.values[0] = Value::Int(4);
  facts.values[1] = Value::Int(1);  // which nobody watches
  EXPECT_EQ(memory.Renew(facts), kFirst);
  facts.values[2] = Value::Bool(false);
  EXPECT_EQ(memory.Renew(facts), kThird);
  facts.values[2] = Value::Absent();
  EXPECT_EQ(memory.Renew(facts), kThird);
  EXPECT_EQ(memory.Renew(facts), 0U);
}

TEST(FactMemory, TellsKindsApart) {
  FactMemory memory;
  memory.Watch(kFirst);
  Facts facts;
  facts.values[0] = Value::Int(1);
  memory.Renew(facts);
  facts.values[0] = Value::Bool(true);
  EXPECT_EQ(memory.Renew(facts), kFirst);
  facts.values[0] = Value::Uint(1);
  EXPECT_EQ(memory.Renew(facts), kFirst);
}

TEST(FactMemory, KeepsTextsOfItsOwn) {
  FactMemory memory;
  memory.Watch(kFirst);
  Facts facts;
  std::string text = "monday";
  facts.values[0] = Value::String(text);
  memory.Renew(facts);
  text = "friday";  // where the other was
  EXPECT_EQ(memory.Renew(facts), kFirst);
  EXPECT_EQ(memory.Renew(facts), 0U);
  facts.values[0] = Value::String("");
  EXPECT_EQ(memory.Renew(facts), kFirst);
  facts.values[0] = Value::Absent();
  EXPECT_EQ(memory.Renew(facts), kFirst);
}

TEST(FactMemory, DoesNotCompareWhatIsLarge) {
  FactMemory memory;
  memory.Watch(kFirst | kThird);
  Facts facts;
  const std::string text(FactMemory::kMostText + 1, 'a');
  const codec::cel::ArrayList list{{}};
  facts.values[0] = Value::String(text);
  facts.values[2] = Value::List(&list);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(memory.Renew(facts), kFirst | kThird);
  facts.values[0] = Value::Time({.seconds = 1, .nanos = 0});
  EXPECT_EQ(memory.Renew(facts), kFirst | kThird);
  EXPECT_EQ(memory.Renew(facts), kFirst | kThird);
  facts.values[0] = Value::String("short");
  EXPECT_EQ(memory.Renew(facts), kFirst | kThird);
  EXPECT_EQ(memory.Renew(facts), kThird);
}

}  // namespace
}  // namespace gatehouse::features::policy
