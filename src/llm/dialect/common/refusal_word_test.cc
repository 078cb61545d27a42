#include "llm/dialect/common/refusal_word.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "llm/dialect.h"

namespace gatehouse::llm::dialect::common {
namespace {

using testing::HasSubstr;

base::Error Refused(std::string message) {
  return {.code = base::ErrorCode::kDenied, .source = base::ErrorSource::kPolicy, .public_message = std::move(message)};
}

TEST(RefusalWord, IsThatOfTheGatewaysOwnRefusals) {
  EXPECT_EQ(RefusalWord(Refused("approval_required: Ask your lead.")), "approval_required");
  EXPECT_EQ(RefusalWord(Refused("approval_expired_unused: Ask anew.")), "approval_expired_unused");
  EXPECT_EQ(RefusalWord(Refused("stopped: an operator has stopped everything.")), "stopped");
  EXPECT_EQ(RefusalWord(Refused("approval_required")), "");
  EXPECT_EQ(RefusalWord(Refused("Large models are for working hours: ask.")), "");
  base::Error upstream = Refused("stopped: says a provider");
  upstream.source = base::ErrorSource::kUpstream;
  EXPECT_EQ(RefusalWord(upstream), "") << "an upstream says nothing in our name";
}

TEST(RefusalWord, IsWhereEachDialectHasItsCode) {
  const base::Error error = Refused("approval_required: Ask.");
  const std::pair<DialectId, const char*> places[] = {
      {DialectId::kOpenAiChat, R"("type":"permission_error","param":null,"code":"approval_required")"},
      {DialectId::kOpenAiResponses, R"("code":"approval_required")"},
      {DialectId::kAnthropic, R"("type":"permission_error","message":"approval_required: Ask.",)"
                              R"("details":{"error_code":"approval_required"})"},
      {DialectId::kGemini, R"("reason":"approval_required")"},
  };
  for (const auto& [dialect, part] : places) {
    const ErrorReply reply = FindChatDialect(dialect)->EncodeError(error, "req_1");
    EXPECT_EQ(reply.status, 403);
    EXPECT_THAT(reply.body, HasSubstr(part));
  }
  const ErrorReply other = FindChatDialect(DialectId::kOpenAiChat)->EncodeError(Refused("No."), "");
  EXPECT_THAT(other.body, HasSubstr(R"("code":"permission_denied")"));
}

}  // namespace
}  // namespace gatehouse::llm::dialect::common
