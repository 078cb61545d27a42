#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/held_urls.h"

namespace gatehouse::llm::dialect::openai_chat {

// Events as chat completion chunks: the role first, tool calls numbered from 0 in order of appearance, one chunk with a
// finish reason per choice, the usage if the client asked, then [DONE].
class Encoder final : public ResponseEncoder {
 public:
  explicit Encoder(const AnswerContext& context);

  void Encode(const Event& event, std::string& out) override;
  void Finish(std::string& out) override;
  void Fail(const base::Error& error, std::string_view request_id, std::string& out) override;

 private:
  struct Call {
    std::uint32_t index = 0;
    ToolKind kind = ToolKind::kFunction;
    std::size_t argument_bytes = 0;
  };
  struct ChoiceState {
    std::map<std::uint32_t, Call> calls;                // by block
    std::map<std::uint32_t, ReasoningBlock> reasoning;  // open blocks, by block
    std::size_t details = 0;                            // entries' next index
    std::uint32_t text_block = 0;                       // the text that came last
    CharacterRange text = {};                           // where it stands in the message
    common::HeldUrls urls = {};                         // told when their text is complete
    enum class State : std::uint8_t { kNew, kOpen, kFinished } state = State::kNew;
  };

  void Add(const Started& event, std::string& out);
  void Add(const TextDelta& event, std::string& out);
  void Add(const RefusalDelta& event, std::string& out);
  void Add(const ReasoningDelta& event, std::string& out);
  void Add(const ReasoningSeal& event, std::string& out);
  void Add(const ToolCallStarted& event, std::string& out);
  void Add(const ToolCallDelta& event, std::string& out);
  void Add(const BlockFinished& event, std::string& out);
  void Add(const ImageAdded& event, std::string& out);
  void Add(const OpaqueBlockAdded& event, std::string& out);
  void Add(const Annotated& event, std::string& out);
  void Add(const LogprobsReported& event, std::string& out);
  void Add(const UsageReported& event, std::string& out);
  void Add(const ChoiceFinished& event, std::string& out);
  void Add(const OpaqueEvent& event, std::string& out);

  ChoiceState& Open(std::uint32_t choice, std::string& out);
  void SetPrefix();
  // A chunk with the delta that `write` fills in as members of an object.
  template <class Write>
  void WriteDelta(std::uint32_t choice, std::string& out, Write write);
  template <class Write>
  void WriteCall(std::uint32_t choice, const Call& call, std::string& out, Write write);
  void WriteArguments(std::uint32_t choice, const Call& call, std::string_view text, std::string& out);
  void WriteBeside(std::uint32_t choice, std::string_view member, std::string_view json, std::string& out);
  void EndChunk(std::string& out) const;
  void FlushUrls(std::uint32_t choice, ChoiceState& state, std::string& out);
  void FlushReasoning(std::uint32_t choice, ChoiceState& state, std::uint32_t block, std::string& out);

  AnswerContext context_;
  common::CustomCalls custom_calls_;
  std::string members_;  // further top-level members of every chunk: service_tier, system_fingerprint
  std::string prefix_;   // a chunk up to its choices
  Started started_;
  Usage usage_;
  std::map<std::uint32_t, ChoiceState> choices_;
};

std::string EncodeWhole(const Answer& answer, const AnswerContext& context);

// The answer's id as this dialect spells it: the upstream's where it is one, else made from the context's.
std::string AnswerId(std::string_view upstream, const AnswerContext& context);
// Citations as annotations of chat completions, an array. `text` is where the cited block stands in the message.
std::string AnnotationsOf(const std::vector<UrlCitation>& urls, const CharacterRange& text);

}  // namespace gatehouse::llm::dialect::openai_chat
