#include <gtest/gtest.h>

#include <string>

#include "case.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "render.h"

// A client's request, decoded and encoded for every provider's dialect: body and losses.
namespace gatehouse::golden {
namespace {

// What stands outside the body is derived from the case's name: "_stream" where the verb decides (Gemini, Bedrock),
// "_v20261021" for the second version of the Anthropic API, "_vendor_models" for models whose own rules hold,
// "_takes_reasoning" for an OpenAI-like target that wants earlier reasoning back.
llm::RequestPath PathOf(const Case& golden_case) {
  const bool in_path = golden_case.origin == llm::DialectId::kGemini || golden_case.origin == llm::DialectId::kBedrock;
  const bool stream = golden_case.name.find("_stream") != std::string::npos;
  const bool newer = golden_case.name.find("_v20261021") != std::string::npos;
  return {.model = in_path ? "client-model" : "",
          .delivery = stream ? llm::Delivery::kStream : llm::Delivery::kWhole,
          .version = newer ? "2026-10-21" : ""};
}

std::string WithLosses(const llm::EncodedRequest& encoded) {
  std::string text;
  codec::json::Writer writer(text);
  writer.BeginObject().RawField("body", encoded.body);
  WriteLosses(writer, encoded.losses);
  writer.EndObject();
  return Pretty(text);
}

llm::EncodeOptions OptionsFor(const Case& golden_case, llm::DialectId target) {
  llm::EncodeOptions options{.model = "target-model", .default_max_output_tokens = 4096};
  if (golden_case.name.ends_with("_takes_reasoning")) options.reasoning_field = "reasoning_content";
  if (!golden_case.name.ends_with("_vendor_models")) return options;
  switch (target) {
    case llm::DialectId::kAnthropic:
      options.model = "claude-opus-4-7";
      options.version = "2026-10-21";
      break;
    case llm::DialectId::kBedrock: options.model = "us.anthropic.claude-sonnet-4-5-v1:0"; break;
    case llm::DialectId::kGemini: options.model = "gemini-2.5-flash"; break;
    default: options.model = "gpt-5.6"; break;
  }
  return options;
}

void EncodeTo(const Case& golden_case, const llm::ChatRequest& request, const llm::ChatDialect& target) {
  const std::string what = std::string(ToString(target.id())) + ".request.json";
  const auto encoded = target.EncodeRequest(request, OptionsFor(golden_case, target.id()));
  if (!encoded.ok()) {
    ExpectGolden(golden_case, what, Pretty(target.EncodeError(encoded.error(), "").body));
    return;
  }
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(encoded.value().body).ok()) << ToString(target.id()) << ": " << encoded.value().body;
  ExpectGolden(golden_case, what, WithLosses(encoded.value()));
}

// What a dialect says of its own request, it reads back as the same.
void ExpectTheSameAgain(const Case& golden_case, const llm::ChatRequest& request, const llm::ChatDialect& dialect) {
  const llm::EncodeOptions options = OptionsFor(golden_case, dialect.id());
  const auto once = dialect.EncodeRequest(request, options);
  if (!once.ok()) return;
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(once.value().body).ok());
  const auto again = dialect.DecodeRequest(document.root(), PathOf(golden_case));
  ASSERT_TRUE(again.ok()) << again.error().public_message;
  const auto twice = dialect.EncodeRequest(again.value(), options);
  ASSERT_TRUE(twice.ok()) << twice.error().public_message;
  EXPECT_EQ(twice.value().body, once.value().body);
}

}  // namespace

void RunRequestCase(const Case& golden_case) {
  const std::string body = ReadFile(golden_case.input);
  const llm::ChatDialect* origin = llm::FindChatDialect(golden_case.origin);
  ASSERT_NE(origin, nullptr) << "no dialect for " << golden_case.input;
  codec::json::Document document;
  const auto parsed = document.Parse(body);
  ASSERT_TRUE(parsed.ok()) << golden_case.input << ": " << parsed.error().public_message;
  const auto request = origin->DecodeRequest(document.root(), PathOf(golden_case));
  if (!request.ok()) {
    ExpectGolden(golden_case, "error.json", Pretty(origin->EncodeError(request.error(), "").body));
    return;
  }
  ExpectTheSameAgain(golden_case, request.value(), *origin);
  for (const llm::DialectId id : kAllDialects) {
    const llm::ChatDialect* target = llm::FindChatDialect(id);
    if (target != nullptr) EncodeTo(golden_case, request.value(), *target);
  }
}

}  // namespace gatehouse::golden
