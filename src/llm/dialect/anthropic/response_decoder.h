#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codec/json/document.h"
#include "llm/dialect.h"
#include "llm/dialect/anthropic/usage.h"

namespace gatehouse::llm::dialect::anthropic {

// Answers of the Messages API, whole and streamed (providers.md, 1.5).
class MessageDecoder final : public ResponseDecoder {
 public:
  explicit MessageDecoder(std::string_view exchange) : exchange_(exchange) {}

  base::Status Decode(std::string_view event, std::string_view data, Detail detail,
                      std::vector<Event>& events) override;
  base::Status Finish(Detail detail, std::vector<Event>& events) override;
  base::Status DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) override;
  codec::json::Document TakeDocument() override { return std::move(document_); }

 private:
  // A content block of the stream between its start and its stop.
  struct OpenBlock {
    enum class Kind : std::uint8_t { kText, kToolUse, kThinking, kOpaque } kind = Kind::kText;
    std::optional<std::uint32_t> number;  // ours: dense, given when the block first says something
    std::string signature;                // kThinking
    std::string input;                    // kToolUse: of the start, when it came there; kOpaque: the collected input
    std::string start;                    // kOpaque: the block as it started
    enum class Input : std::uint8_t { kNone, kStreamed } streamed = Input::kNone;
  };

  base::Status OnMessageStart(codec::json::Value root, std::vector<Event>& events);
  base::Status OnBlockStart(codec::json::Value root, std::vector<Event>& events);
  base::Status OnBlockDelta(codec::json::Value root, std::vector<Event>& events);
  base::Status OnBlockStop(codec::json::Value root, std::vector<Event>& events);
  base::Status OnMessageDelta(codec::json::Value root, Detail detail, std::vector<Event>& events);

  std::uint32_t NumberOf(OpenBlock& open);
  void AddText(std::string_view text, OpenBlock& open, std::vector<Event>& events);
  void AddReasoning(std::string_view text, OpenBlock& open, std::vector<Event>& events);
  void AddCitation(codec::json::Value citation, OpenBlock& open, std::vector<Event>& events);
  void AddCall(codec::json::Value block, OpenBlock& open, std::vector<Event>& events);
  void StartBlock(codec::json::Value block, OpenBlock& open, std::vector<Event>& events);
  void StopBlock(OpenBlock& open, std::vector<Event>& events);
  void AddDelta(codec::json::Value delta, OpenBlock& open, std::vector<Event>& events);
  base::Status DecodeBlocks(codec::json::Value content, std::vector<Event>& events);
  base::Status Dispatch(std::string_view type, std::string_view data, Detail detail, std::vector<Event>& events);

  codec::json::Document document_;
  std::string exchange_;
  std::string id_;
  UsageTally usage_;
  std::unordered_map<std::int64_t, OpenBlock> open_;  // by the index on the wire
  std::uint32_t next_number_ = 0;
  enum class State : std::uint8_t { kBegin, kMessage, kStopped } state_ = State::kBegin;
};

}  // namespace gatehouse::llm::dialect::anthropic
