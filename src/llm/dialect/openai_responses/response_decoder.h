#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json/document.h"
#include "llm/dialect.h"

namespace gatehouse::llm::dialect::openai_responses {

// Answers of the Responses API, whole and streamed (providers.md, 1.2).
class ResponsesDecoder final : public ResponseDecoder {
 public:
  explicit ResponsesDecoder(std::string_view exchange) : exchange_(exchange) {}

  base::Status Decode(std::string_view event, std::string_view data, Detail detail,
                      std::vector<Event>& events) override;
  base::Status Finish(Detail detail, std::vector<Event>& events) override;
  base::Status DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) override;
  codec::json::Document TakeDocument() override { return std::move(document_); }

 private:
  // An item of the output, by its output_index.
  struct Item {
    enum class State : std::uint8_t { kOpen, kDone } state = State::kOpen;
    std::map<std::int64_t, std::uint32_t> blocks;  // by content_index; 0 for items that are one block
    enum class Text : std::uint8_t { kNone, kStreamed } text = Text::kNone;
    std::int64_t summary = 0;  // index of the part of the summary that came last
  };
  using Handler = void (ResponsesDecoder::*)(codec::json::Value root, std::vector<Event>& events);
  struct EventKind {
    std::string_view type;
    Handler handle;
  };
  static const EventKind kKinds[];

  void OnItemAdded(codec::json::Value root, std::vector<Event>& events);
  void OnItemDone(codec::json::Value root, std::vector<Event>& events);
  void OnText(codec::json::Value root, std::vector<Event>& events);
  void OnRefusal(codec::json::Value root, std::vector<Event>& events);
  void OnAnnotation(codec::json::Value root, std::vector<Event>& events);
  void OnArguments(codec::json::Value root, std::vector<Event>& events);
  void OnReasoning(codec::json::Value root, std::vector<Event>& events);
  base::Status OnTerminal(codec::json::Value response, Detail detail, std::vector<Event>& events);

  Item& ItemOf(codec::json::Value root);
  std::uint32_t BlockOf(Item& item, std::int64_t content_index);
  void FinishItem(codec::json::Value json, Item& item, std::vector<Event>& events);
  void FinishMessage(codec::json::Value json, Item& item, std::vector<Event>& events);
  void FinishCall(codec::json::Value json, Item& item, std::vector<Event>& events);
  void FinishReasoning(codec::json::Value json, Item& item, std::vector<Event>& events);
  void StartCall(codec::json::Value json, Item& item, std::vector<Event>& events);
  void Start(codec::json::Value response, std::vector<Event>& events);

  codec::json::Document document_;
  std::map<std::int64_t, Item> items_;
  std::string exchange_;
  std::string id_;
  std::uint32_t next_block_ = 0;
  std::uint32_t calls_ = 0;
  enum class State : std::uint8_t { kBegin, kRunning, kEnded } state_ = State::kBegin;
};

}  // namespace gatehouse::llm::dialect::openai_responses
