#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "llm/event.h"

// The object `response` and the items of its `output`.
namespace gatehouse::llm::dialect::openai_responses {

struct OutputPart {
  enum class Kind : std::uint8_t { kText, kRefusal } kind = Kind::kText;
  std::string text;
  std::vector<JsonText> annotations = {};  // objects of this dialect
  JsonText logprobs = "[]";
};

struct OutputItem {
  enum class Kind : std::uint8_t { kMessage, kFunctionCall, kCustomCall, kReasoning, kOpaque } kind = Kind::kMessage;
  std::string id;
  enum class Status : std::uint8_t { kInProgress, kCompleted, kIncomplete } status = Status::kInProgress;
  std::vector<OutputPart> parts = {};  // kMessage
  std::string call_id = {};
  std::string name = {};
  std::string text = {};   // arguments, input or summary
  std::string seal = {};   // kReasoning: encrypted_content
  JsonText original = {};  // kOpaque
};

void WritePart(codec::json::Writer& writer, const OutputPart& part);
void WriteItem(codec::json::Writer& writer, const OutputItem& item);

// A citation as an annotation of the part with that text.
JsonText AnnotationOf(const UrlCitation& citation, std::string_view text);

// What is known of an answer at some moment.
struct ResponseState {
  const AnswerContext* context = nullptr;
  const Started* started = nullptr;
  std::string_view status = "in_progress";
  const std::vector<OutputItem>* output = nullptr;  // null: none yet
  std::string_view incomplete_reason = {};
  const base::Error* error = nullptr;
  std::string_view request_id = {};
  const Usage* usage = nullptr;
};

// The whole object: the answer, and what its request asked for.
void WriteResponse(codec::json::Writer& writer, const ResponseState& state);

}  // namespace gatehouse::llm::dialect::openai_responses
