#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "llm/dialect/anthropic/words.h"
#include "llm/dialect/common/answer_loss.h"
#include "llm/dialect/common/block_sequencer.h"
#include "llm/event.h"

namespace gatehouse::llm::dialect::anthropic {

// Events as a stream of the Messages API (providers.md, "Stream transcoder state machine").
//
// Its blocks never overlap. The stop reason waits for Finish, because the usage beside it may come last.
class MessageEncoder final : public ResponseEncoder, private common::BlockSink {
 public:
  explicit MessageEncoder(const AnswerContext& context) : context_(context) {}

  void Encode(const Event& event, std::string& out) override;
  void Finish(std::string& out) override;
  void Fail(const base::Error& error, std::string_view request_id, std::string& out) override;

 private:
  void OnBlockEvent(const Event& event) override;

  void Write(const TextDelta& event) { WriteText(event.text); }
  void Write(const RefusalDelta& event) { WriteText(event.text); }
  void Write(const ReasoningDelta& event);
  void Write(const ReasoningSeal& event);
  void Write(const ToolCallStarted& event);
  void Write(const ToolCallDelta& event);
  void Write(const BlockFinished& event);
  void Write(const ImageAdded&) { common::LoseOfAnswer(context_, kTarget, common::kImage); }
  void Write(const OpaqueBlockAdded& event);
  void Write(const Annotated& event);
  template <class E>
  void Write(const E&) {}  // not part of a block

  // Opens the block unless it is open. A block of one kind never becomes one of another.
  void Ensure(std::string_view content_block);
  void WriteText(std::string_view text);
  void WriteDelta(std::string_view type, std::string_view key, std::string_view text);
  void WriteCitation(std::string_view citation);
  void WriteUrls(const Annotated& event);
  void StopBlock();
  void Begin();
  void End();
  Usage UsageNow() const;
  void Frame(std::string_view event);

  AnswerContext context_;
  Started started_;
  Usage usage_;
  std::optional<ChoiceFinished> finished_;
  common::BlockSequencer sequencer_;
  enum class Block : std::uint8_t { kNone, kOpen } block_ = Block::kNone;
  std::string signature_;  // of the open block of thinking: sent right before it stops
  std::uint32_t next_index_ = 0;
  std::size_t calls_ = 0;
  std::string json_;            // of the frame being written
  std::string* out_ = nullptr;  // of the call in progress
  enum class State : std::uint8_t { kBegin, kMessage, kFailed } state_ = State::kBegin;
};

}  // namespace gatehouse::llm::dialect::anthropic
