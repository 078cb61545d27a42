#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/dialect/openai_chat/reasoning_details.h"
#include "llm/event.h"

namespace gatehouse::llm::dialect::openai_chat {

// Turns the deltas of one choice into numbered blocks, whatever order and shape the server sends them in. Owned by the
// decoder of its answer.
class ChoiceDecoder {
 public:
  explicit ChoiceDecoder(std::uint32_t number) : number_(number) {}

  base::Status Add(codec::json::Value choice, std::string_view call_seed, std::vector<Event>& events);
  // The `finish_reason` of a chunk alone.
  void NoteFinish(codec::json::Value choice);
  // Ends the open blocks and the choice.
  base::Status Close(Detail detail, std::vector<Event>& events);
  bool has_finish() const { return !finish_.empty(); }

 private:
  struct Call {
    std::optional<std::int64_t> index;  // the server's
    std::string id;
    std::string name;
    std::string held_arguments;  // what came before the name
    ToolKind kind = ToolKind::kFunction;
    std::uint32_t block = 0;
    enum class State : std::uint8_t { kUnnamed, kStarted } state = State::kUnnamed;
  };

  base::Status AddDelta(codec::json::Value delta, std::string_view call_seed, std::vector<Event>& events);
  void AddReasoning(codec::json::Value delta, std::vector<Event>& events);
  void AddDetail(const ReasoningDetail& detail, std::vector<Event>& events);
  void AddContent(codec::json::Value content, std::vector<Event>& events);
  void AddText(std::string_view text, std::vector<Event>& events);
  void AddReasoningText(std::string_view text, std::vector<Event>& events);
  void AddImage(codec::json::Value image, std::vector<Event>& events);
  void AddExtras(codec::json::Value choice, std::vector<Event>& events);
  base::Status AddCall(codec::json::Value entry, std::string_view call_seed, std::vector<Event>& events);
  base::Status AddLegacyCall(codec::json::Value call, std::string_view call_seed, std::vector<Event>& events);
  base::Result<Call*> FindCall(codec::json::Value entry, std::string_view name);
  void Start(Call& call, std::string_view signature, std::string_view call_seed, std::vector<Event>& events);

  std::uint32_t OpenText(std::vector<Event>& events);
  std::uint32_t OpenReasoning(std::vector<Event>& events);
  void CloseBlock(std::optional<std::uint32_t>& block, std::vector<Event>& events);
  void CloseReasoning(std::vector<Event>& events);
  void ClosePlainBlocks(std::vector<Event>& events);

  std::uint32_t number_;
  std::uint32_t next_block_ = 0;
  std::optional<std::uint32_t> text_, refusal_, reasoning_;  // the open block of each kind
  std::optional<std::uint32_t> last_text_;                   // open or not: what annotations are about
  std::string reasoning_text_;                               // of the open block: a closing detail may repeat it
  std::optional<std::int64_t> detail_index_;                 // of the open block, where details number them
  enum class Seal : std::uint8_t { kOpen, kSealed } seal_ = Seal::kOpen;
  std::vector<Call> calls_;
  std::string finish_;
};

}  // namespace gatehouse::llm::dialect::openai_chat
