#include <gtest/gtest.h>

#include <utility>

#include "case.h"

// One test per input file.
namespace gatehouse::golden {
namespace {

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

// A harness that found nothing would pass.
TEST(GoldenFiles, AreThere) {
  EXPECT_FALSE(FindCases("requests").empty());
  EXPECT_FALSE(FindCases("streams").empty());
}

}  // namespace
}  // namespace gatehouse::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gatehouse::golden::Register("requests", gatehouse::golden::RunRequestCase);
  gatehouse::golden::Register("streams", gatehouse::golden::RunStreamCase);
  return RUN_ALL_TESTS();
}
