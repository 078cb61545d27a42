#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "case.h"

// One test per input file.
namespace gatehouse::golden {
namespace {

constexpr std::string_view kPrefix = "pitfall_";

class GoldenTest : public testing::Test {
 public:
  using Run = void (*)(const Case& golden_case);
  GoldenTest(Case golden_case, Run run) : case_(std::move(golden_case)), run_(run) {}
  void TestBody() override { run_(case_); }

 private:
  Case case_;
  Run run_;
};

void Register(const char* kind, GoldenTest::Run run) {
  for (const Case& golden_case : FindCases(kind)) {
    const std::string name = std::string(ToString(golden_case.origin)) + "/" + golden_case.name;
    testing::RegisterTest(kind, name.c_str(), nullptr, nullptr, golden_case.input.c_str(), 0,
                          [golden_case, run]() -> GoldenTest* { return new GoldenTest(golden_case, run); });
  }
}

struct Kind {
  const char* name;
  GoldenTest::Run run;
};
constexpr Kind kKinds[] = {
    {"requests", RunRequestCase},
    {"streams", RunStreamCase},
    {"embedding_requests", RunEmbeddingRequestCase},
    {"embedding_answers", RunEmbeddingAnswerCase},
};

// A harness that found nothing would pass.
TEST(GoldenFiles, AreThere) {
  for (const Kind& kind : kKinds) EXPECT_FALSE(FindCases(kind.name).empty()) << kind.name;
}

// The mistakes that gateways are known for are numbered; each has at least one case, "pitfall_07_...".
TEST(GoldenFiles, CoverEveryPitfall) {
  constexpr std::size_t kPitfalls = 22;
  std::set<std::string> numbers;
  for (const Kind& kind : kKinds) {
    for (const Case& golden_case : FindCases(kind.name)) numbers.insert(golden_case.name.substr(0, kPrefix.size() + 2));
  }
  for (std::size_t i = 1; i <= kPitfalls; ++i) {
    const std::string number = std::string(kPrefix).append(i < 10 ? "0" : "").append(std::to_string(i));
    EXPECT_TRUE(numbers.contains(number)) << "no golden case has a name that begins with " << number << "_";
  }
}

}  // namespace
}  // namespace gatehouse::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const auto& kind : gatehouse::golden::kKinds) gatehouse::golden::Register(kind.name, kind.run);
  return RUN_ALL_TESTS();
}
