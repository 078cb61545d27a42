#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "llm/event.h"

namespace gatehouse::llm::dialect::anthropic {

// Events as a stream of the Messages API (providers.md, "Stream transcoder state machine").
//
// Its blocks never overlap. While a tool call is open, what belongs to other blocks is held and follows in the order of
// first appearance; text and thinking simply give way, and go on in a new block. The stop reason waits for Finish,
// because the usage beside it may come last.
class MessageEncoder final : public ResponseEncoder {
 public:
  explicit MessageEncoder(const AnswerContext& context) : context_(context) {}

  void Encode(const Event& event, std::string& out) override;
  void Finish(std::string& out) override;
  void Fail(const base::Error& error, std::string_view request_id, std::string& out) override;

 private:
  enum class Kind : std::uint8_t { kText, kThinking, kToolUse, kOpaque };
  struct OpenBlock {
    std::uint32_t number;  // of the neutral block
    Kind kind;
    std::string signature = {};  // kThinking: sent right before the block stops
  };
  struct HeldBlock {
    std::uint32_t number;
    std::vector<Event> events;
  };

  // One event of a block: written, or held while a tool call is open.
  template <class E>
  void Place(const E& event, std::string& out);
  HeldBlock* FindHeld(std::uint32_t number);
  void Hold(HeldBlock& held, const Event& event, std::string& out);
  void ReleaseHeld(std::string& out);

  void Write(const TextDelta& event, std::string& out);
  void Write(const RefusalDelta& event, std::string& out);
  void Write(const ReasoningDelta& event, std::string& out);
  void Write(const ReasoningSeal& event, std::string& out);
  void Write(const ToolCallStarted& event, std::string& out);
  void Write(const ToolCallDelta& event, std::string& out);
  void Write(const BlockFinished& event, std::string& out);
  void Write(const OpaqueBlockAdded& event, std::string& out);
  void Write(const Annotated& event, std::string& out);
  template <class E>
  void Write(const E&, std::string&) {}  // not part of a block

  void EnsureBlock(std::uint32_t number, Kind kind, std::string_view content_block, std::string& out);
  void WriteText(std::uint32_t number, std::string_view text, std::string& out);
  void WriteDelta(std::string_view type, std::string_view key, std::string_view text, std::string& out);
  void WriteCitation(std::string_view citation, std::string& out);
  void StartBlock(std::string_view content_block, std::string& out);
  void StopBlock(std::string& out);
  void CloseBlock(std::string& out);
  void Begin(std::string& out);
  void End(std::string& out);
  Usage UsageNow() const;
  void Frame(std::string_view event, std::string& out);

  AnswerContext context_;
  Started started_;
  Usage usage_;
  std::optional<ChoiceFinished> finished_;
  std::optional<OpenBlock> open_;
  std::vector<HeldBlock> held_;
  std::size_t held_bytes_ = 0;
  std::uint32_t next_index_ = 0;
  std::size_t calls_ = 0;
  std::string json_;  // of the frame being written
  enum class State : std::uint8_t { kBegin, kMessage, kFailed } state_ = State::kBegin;
};

}  // namespace gatehouse::llm::dialect::anthropic
