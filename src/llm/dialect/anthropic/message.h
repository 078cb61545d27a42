#pragma once

#include <string>
#include <string_view>

#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "llm/event.h"

// The parts that whole and streamed answers of the Messages API share.
namespace gatehouse::llm::dialect::anthropic {

// The id of the answer: the upstream's where it is one of this dialect.
std::string MessageId(const Started& started, const AnswerContext& context);
std::string_view ModelName(const Started& started, const AnswerContext& context);

// Opens a message object up to `model`: the caller goes on with `content`.
void BeginMessage(codec::json::Writer& writer, const Started& started, const AnswerContext& context);

// stop_reason, stop_sequence and stop_details; `calls` is how many tools the answer calls. Some providers say "stop"
// although they call tools.
void WriteEnding(codec::json::Writer& writer, const ChoiceFinished& finished, std::size_t calls);

// The seal of reasoning as this dialect shows it. Only our own redacted content has a block of its own; every other
// seal stands in `signature`.
enum class SealPlace : std::uint8_t { kNone, kSignature, kRedactedBlock };
struct ShownSeal {
  SealPlace place = SealPlace::kNone;
  std::string text;
};
ShownSeal ShowSeal(DialectId origin, std::string_view id, std::string_view signature, std::string_view redacted);

// The block that carries Gemini's seal of a tool call before the call.
std::string CallSealBlock(std::string_view signature);

std::string EncodeMessage(const Answer& answer, const AnswerContext& context);

}  // namespace gatehouse::llm::dialect::anthropic
