#include "llm/dialect/gemini/seal.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "codec/crypto/encoding.h"
#include "llm/dialect/common/dialect_testing.h"
#include "llm/dialect/gemini/gemini.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

constexpr std::string_view kSealed = "EqQB+opaque/bytes==";

// The parts of a stream's chunks, as a client keeps them: one after another, nothing merged.
std::string PartsOf(const std::string& stream) {
  std::string parts;
  for (std::size_t at = stream.find("\"parts\":["); at != std::string::npos; at = stream.find("\"parts\":[", at + 1)) {
    const auto begin = at + 9;
    const auto part = stream.substr(begin, stream.find("}]", begin) + 1 - begin);
    parts.append(parts.empty() ? "" : ",").append(part);
  }
  return parts;
}

TEST(GeminiSeal, OwnSignaturesStandAsTheyAre) {
  EXPECT_EQ(ThoughtSignature(DialectId::kGemini, "", kSealed, ""), kSealed);
  EXPECT_EQ(ThoughtSignature(DialectId::kAnthropic, "", "", ""), "");
  EXPECT_EQ(ReadThought("t", std::string(kSealed)).signature, kSealed);
  EXPECT_EQ(ReadThought("t", std::string(kSealed)).origin, DialectId::kGemini);
}

TEST(GeminiSeal, ForeignSealsAreBase64AndComeBackByteForByte) {
  const auto signature = ThoughtSignature(DialectId::kAnthropic, "", kSealed, "");
  EXPECT_TRUE(codec::crypto::Base64Decode(signature).has_value());
  const auto thought = ReadThought("t", signature);
  EXPECT_EQ(thought.origin, DialectId::kAnthropic);
  EXPECT_EQ(thought.signature, kSealed);
  const auto redacted = ReadThought("", ThoughtSignature(DialectId::kOpenAiResponses, "rs_1", "", kSealed));
  EXPECT_EQ(redacted.redacted, kSealed);
  EXPECT_EQ(redacted.id, "rs_1");
}

TEST(GeminiSeal, AStreamedThoughtOfAnotherFamilyReturnsAsOneBlock) {
  std::string stream;
  const auto encoder = Chat().NewEncoder({.id = "id", .model = "m"});
  encoder->Encode(ReasoningDelta{0, 0, "first "}, stream);
  encoder->Encode(ReasoningDelta{0, 0, "second"}, stream);
  encoder->Encode(ReasoningSeal{0, 0, std::string(kSealed), "", "", DialectId::kAnthropic}, stream);
  const auto request = common::testing::Decode(
      Chat(), R"({"contents":[{"role":"model","parts":[)" + PartsOf(stream) + "]}]}", {.model = "m"});
  ASSERT_TRUE(request.ok()) << request.error().public_message;
  const auto& blocks = request.value().messages[0].blocks;
  ASSERT_EQ(blocks.size(), 1U);
  const auto& thought = std::get<ReasoningBlock>(blocks[0]);
  EXPECT_EQ(thought.text, "first second");
  EXPECT_EQ(thought.signature, kSealed);
  EXPECT_EQ(thought.origin, DialectId::kAnthropic);
}

TEST(GeminiSeal, ASealedThoughtEndsThere) {
  Block sealed = ReadThought("a", std::string(kSealed));
  EXPECT_EQ(JoinThought(sealed, ReadThought("b", "")), Joined::kNo);
  Block text = TextBlock{.text = "a"};
  EXPECT_EQ(JoinThought(text, ReadThought("b", "")), Joined::kNo);
}

}  // namespace
}  // namespace gatehouse::llm::dialect::gemini
