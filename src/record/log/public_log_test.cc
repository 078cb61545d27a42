#include <gtest/gtest.h>

#include <string>

#include "record/log/log_reader.h"
#include "record/log/verification.h"

// A log that another implementation wrote: tests/record/fixtures.
namespace gatehouse::record::log {
namespace {

constexpr const char* kKey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

std::string Folder() { return std::string(GH_SOURCE_DIR) + "/tests/record/fixtures/tessera"; }

TEST(PublicLog, Verifies) {
  PosixFiles files;
  VerifyRequest request{.folder = Folder(), .keys = {tlog::VerifierKey::Parse(kKey).value()}};
  // There is no proof that an empty log was continued, but it is the beginning of every other.
  for (int size = 0; size <= 15; ++size) {
    request.seen.push_back(files.Read(Folder() + "/checkpoint." + std::to_string(size)).value());
  }
  const auto verified = Verify(files, request);
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(verified.value().verdict, Verification::Verdict::kHolds);
  EXPECT_EQ(verified.value().head.size, 15U);
  EXPECT_EQ(verified.value().checkpoints, 16U);
}

TEST(PublicLog, HasItsEntriesAndProofs) {
  PosixFiles files;
  auto reader = LogReader::Open(files, Folder(), {tlog::VerifierKey::Parse(kKey).value()});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader.value().Entry(0).value(), "one");
  EXPECT_EQ(reader.value().Entry(14).value(), "fivten");
  EXPECT_FALSE(reader.value().Entry(15).ok());
  for (std::uint64_t index = 0; index < 15; ++index) EXPECT_TRUE(reader.value().Prove(index).ok());
}

}  // namespace
}  // namespace gatehouse::record::log
