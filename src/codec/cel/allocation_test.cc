#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>

#include "codec/cel/cel.h"
#include "codec/cel/collection.h"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

// The whole test binary counts; only the tests below look.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* place = std::malloc(size == 0 ? 1 : size)) return place;
  std::abort();
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t /*size*/) noexcept { std::free(place); }

namespace gatehouse::codec::cel {
namespace {

TEST(CelAllocation, CountingWorks) {
  const std::size_t before = allocations;
  auto* place = new std::array<char, 64>;
  EXPECT_GT(allocations, before);
  delete place;
}

TEST(CelAllocation, ARuleTakesNoMemory) {
  Environment environment;
  environment.Declare("principal.team", Type::String());
  environment.Declare("request.model", Type::String());
  environment.Declare("request.tags", Type::List(Type::String()));
  environment.Declare("agent", Type::Map(Type::String(), Type::Dyn()));
  const std::array tags = {Value::String("chat"), Value::String("eu")};
  const ArrayList tag_list(tags);
  const std::array pairs = {Value::String("team"), Value::String("research"), Value::String("age"), Value::Int(3)};
  const ArrayMap agent(pairs, {});
  Bindings bindings(environment);
  bindings.Set(0, Value::String("research"));
  bindings.Set(1, Value::String("gpt-4o-mini"));
  bindings.Set(2, Value::List(&tag_list));
  bindings.Set(3, Value::Map(&agent));
  for (const char* source : {
           R"(principal.team == "research" && request.model.startsWith("gpt-") && !("pii" in request.tags))",
           R"(agent.team == "research" && agent.age < 10 && has(agent.team) && !has(agent.nothing))",
           R"(request.tags.exists(tag, tag.startsWith("e")) && request.tags.all(tag, size(tag) < 20))",
           R"(request.model in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "gpt-4o-mini"])",
           R"(timestamp("2026-01-01T00:00:00Z") < timestamp("2027-01-01T00:00:00Z") && agent.age + 1 == 4)",
           R"(agent.nothing == 1 || principal.team + "!" == "research!")",
       }) {
    const auto program = Compile(source, environment, {.result = Type::Bool()});
    ASSERT_TRUE(program.ok()) << program.error().public_message;
    Scratch scratch;
    ASSERT_TRUE(program.value().Test(bindings, scratch).ok()) << source;
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) {
      const auto result = program.value().Test(bindings, scratch);
      ASSERT_TRUE(result.ok() && result.value()) << source;
    }
    EXPECT_EQ(allocations, before) << source;
  }
}

}  // namespace
}  // namespace gatehouse::codec::cel
