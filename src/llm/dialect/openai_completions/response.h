#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "llm/dialect.h"

namespace gatehouse::llm::dialect::openai_completions {

// Events as chunks of a text completion. Reasoning and tool calls have no place in it and are left out.
class Encoder final : public ResponseEncoder {
 public:
  explicit Encoder(const AnswerContext& context);

  void Encode(const Event& event, std::string& out) override;
  void Finish(std::string& out) override;
  void Fail(const base::Error& error, std::string_view request_id, std::string& out) override;

 private:
  void SetPrefix();
  // One chunk; `logprobs` and `finish` are JSON.
  void WriteChunk(std::uint32_t choice, std::string_view text, std::string_view logprobs, std::string_view finish,
                  std::string& out) const;

  AnswerContext context_;
  Started started_;
  std::string prefix_;
  Usage usage_;
};

std::string EncodeWhole(const Answer& answer, const AnswerContext& context);

// The token entries of a chat's logprobs as this API has them: {"tokens","token_logprobs","top_logprobs",
// "text_offset"}; its own as they are; "null" for those of other dialects.
std::string LogprobsOf(DialectId origin, std::string_view entries);

}  // namespace gatehouse::llm::dialect::openai_completions
