#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "llm/dialect/common/block_sequencer.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/held_urls.h"
#include "llm/dialect/openai_responses/output.h"
#include "llm/event.h"

namespace gatehouse::llm::dialect::openai_responses {

// Events as a stream of the Responses API: the full ladder of added, delta and done for every item and part, numbered
// without a gap, and the whole answer once more in the terminal event.
class Ladder final : public ResponseEncoder, private common::BlockSink {
 public:
  explicit Ladder(const AnswerContext& context) : context_(context), custom_calls_(context.request) {}

  void Encode(const Event& event, std::string& out) override;
  void Finish(std::string& out) override;
  void Fail(const base::Error& error, std::string_view request_id, std::string& out) override;

 private:
  void Add(const Event& event, std::string& out);
  void OnBlockEvent(const Event& event) override;
  void Write(const TextDelta& event);
  void Write(const RefusalDelta& event);
  void Write(const ReasoningDelta& event);
  void Write(const ReasoningSeal& event);
  void Write(const ToolCallStarted& event);
  void Write(const ToolCallDelta& event);
  void Write(const BlockFinished& event);
  void Write(const ImageAdded& event);
  void Write(const OpaqueBlockAdded& event);
  void Add(const OpaqueEvent& event);
  void Write(const Annotated& event);
  template <class E>
  void Write(const E&) {}  // not part of a block

  OutputItem& item() { return output_.back(); }
  bool IsOpen(OutputItem::Kind kind) const;
  void OpenItem(OutputItem item, std::string_view id_prefix);
  void CloseItem(OutputItem::Status status);
  void OpenPart(OutputPart::Kind kind);
  void ClosePart();
  void AddAnnotation(JsonText annotation);
  void AddUrls();
  void OpenReasoning();
  void CloseReasoning();
  void CloseCall();
  void AddLogprobs(const LogprobsReported& event);
  // Sends what waits for the item of that id; "" for all.
  void SendProgress(std::string_view item_id);

  void Begin();
  void End();
  ResponseState StateNow() const;
  ResponseState FinalState() const;
  // One event: `members` writes what comes after the type and the number.
  template <class Members>
  void Send(std::string_view type, const Members& members);
  // The same about the open item, or about a part of it, numbered under `index_name`.
  template <class Members>
  void SendOfItem(std::string_view type, const Members& members);
  template <class Members>
  void SendOfPart(std::string_view type, std::string_view index_name, const Members& members);
  void SendResponse(std::string_view type, const ResponseState& state);

  friend std::string EncodeWhole(const Answer& answer, const AnswerContext& context);

  AnswerContext context_;
  common::CustomCalls custom_calls_;
  Started started_;
  Usage usage_;
  std::optional<ChoiceFinished> finished_;
  common::BlockSequencer sequencer_;
  std::vector<OutputItem> output_;                                                // the last may be open
  enum class Level : std::uint8_t { kNone, kItem, kPart } level_ = Level::kNone;  // what is open
  std::uint64_t sequence_ = 0;
  // What hosted tools told of their progress. Their items are known when they are done: until then it waits.
  std::vector<OpaqueEvent> progress_;
  JsonText logprobs_ = "[]";      // of a text that has not begun
  std::uint32_t text_block_ = 0;  // the text that came last
  common::HeldUrls urls_;         // told when their text is complete
  std::string json_;              // of the event being written
  std::string* out_ = nullptr;    // of the call in progress
  enum class State : std::uint8_t { kBegin, kRunning, kFailed } state_ = State::kBegin;
};

// A whole answer is the object that the ladder ends with.
std::string EncodeWhole(const Answer& answer, const AnswerContext& context);

}  // namespace gatehouse::llm::dialect::openai_responses
