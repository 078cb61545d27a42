#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/document.h"
#include "llm/dialect.h"
#include "llm/dialect/openai_chat/choice_decoder.h"

namespace gatehouse::llm::dialect::openai_chat {

// Chat completion chunks, or a whole chat completion, as events. Finish reasons are held until the stream's end:
// servers send them before the usage, on every chunk, or never.
class Decoder final : public ResponseDecoder {
 public:
  explicit Decoder(std::string_view exchange) : call_seed_(exchange) {}

  base::Status Decode(std::string_view event, std::string_view data, Detail detail,
                      std::vector<Event>& events) override;
  base::Status Finish(Detail detail, std::vector<Event>& events) override;
  base::Status DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) override;
  codec::json::Document TakeDocument() override { return std::move(document_); }

 private:
  struct Chunk;

  base::Status DecodeChunk(codec::json::Value root, Detail detail, std::vector<Event>& events);
  base::Status DecodeChoices(codec::json::Value choices, Detail detail, std::vector<Event>& events);
  void NoteStart(codec::json::Value root, const Chunk& chunk, Detail detail, std::vector<Event>& events);
  void NoteUsage(const Chunk& chunk, std::vector<Event>& events);
  base::Result<ChoiceDecoder*> ChoiceAt(codec::json::Value choice);
  base::Status Close(Detail detail, std::vector<Event>& events);

  codec::json::Document document_;
  std::vector<ChoiceDecoder> choices_;
  std::string call_seed_;      // of ids of calls that have none
  std::string prompt_filter_;  // came before the answer's id
  Usage usage_;
  enum class State : std::uint8_t { kBefore, kStarted, kDone } state_ = State::kBefore;
};

}  // namespace gatehouse::llm::dialect::openai_chat
