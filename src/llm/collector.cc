#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "llm/event.h"

namespace gatehouse::llm {
namespace {

constexpr std::size_t kMaxChoices = 1024;
constexpr std::size_t kMaxBlocks = 65'536;

// The citations of a block are one array, whether the origin sent them as arrays or one by one.
void AppendCitation(JsonText& all, std::string_view json) {
  AppendElements(all, json.starts_with('[') ? std::string(json) : std::string("[").append(json).append("]"));
}

template <class T>
T& As(Block& block) {
  return std::get<T>(block);
}

}  // namespace

void AppendElements(JsonText& array, std::string_view more) {
  if (array.size() <= 2) {
    array = more;
  } else if (more.size() > 2) {
    array.pop_back();
    array.append(",").append(more.substr(1));
  }
}

Choice& Collector::ChoiceAt(std::uint32_t index) {
  const std::size_t bounded = std::min<std::size_t>(index, kMaxChoices - 1);
  if (answer_.choices.size() <= bounded) answer_.choices.resize(bounded + 1);
  return answer_.choices[bounded];
}

// The block at that number; `fresh` where there is none yet, or one of another kind.
Block& Collector::BlockAt(std::uint32_t choice, std::uint32_t block, Block fresh) {
  auto& blocks = ChoiceAt(choice).blocks;
  const std::size_t bounded = std::min<std::size_t>(block, kMaxBlocks - 1);
  while (blocks.size() < bounded) blocks.emplace_back(TextBlock{});
  if (blocks.size() == bounded) {
    blocks.push_back(std::move(fresh));
  } else if (blocks[bounded].index() != fresh.index()) {
    blocks[bounded] = std::move(fresh);
  }
  return blocks[bounded];
}

void Collector::Add(const Event& event) {
  struct Visitor {
    Collector& self;

    void operator()(const Started& e) { self.answer_.started = e; }
    void operator()(const TextDelta& e) {
      auto& text = As<TextBlock>(self.BlockAt(e.choice, e.block, TextBlock{}));
      text.text += e.text;
      if (!e.signature.empty()) text.signature = e.signature;
    }
    void operator()(const RefusalDelta& e) {
      As<RefusalBlock>(self.BlockAt(e.choice, e.block, RefusalBlock{})).text += e.text;
    }
    void operator()(const ReasoningDelta& e) {
      As<ReasoningBlock>(self.BlockAt(e.choice, e.block, ReasoningBlock{})).text += e.text;
    }
    void operator()(const ReasoningSeal& e) {
      auto& block = As<ReasoningBlock>(self.BlockAt(e.choice, e.block, ReasoningBlock{}));
      block.signature += e.signature;
      block.redacted += e.redacted;
      if (!e.id.empty()) block.id = e.id;
      block.origin = e.origin;
    }
    void operator()(const ToolCallStarted& e) {
      auto& call = As<ToolCallBlock>(self.BlockAt(e.choice, e.block, ToolCallBlock{}));
      call.id = e.id;
      call.name = e.name;
      call.kind = e.kind;
      call.signature = e.signature;
    }
    void operator()(const ToolCallDelta& e) {
      As<ToolCallBlock>(self.BlockAt(e.choice, e.block, ToolCallBlock{})).arguments += e.arguments;
    }
    void operator()(const BlockFinished&) {}
    void operator()(const Annotated& e) {
      auto& text = As<TextBlock>(self.BlockAt(e.choice, e.block, TextBlock{}));
      text.citations_origin = e.origin;
      AppendCitation(text.citations, e.json);
      text.urls.insert(text.urls.end(), e.urls.begin(), e.urls.end());
    }
    void operator()(const LogprobsReported& e) {
      Choice& choice = self.ChoiceAt(e.choice);
      choice.logprobs_origin = e.origin;
      AppendElements(e.of == LogprobsReported::Of::kText ? choice.logprobs : choice.refusal_logprobs, e.json);
    }
    void operator()(const UsageReported& e) { self.answer_.usage = e.usage; }
    void operator()(const ChoiceFinished& e) {
      Choice& choice = self.ChoiceAt(e.choice);
      choice.reason = e.reason;
      choice.stop_sequence = e.stop_sequence;
      choice.detail = e.detail;
      choice.finished = true;
    }
    void operator()(const ImageAdded& e) { As<ImageBlock>(self.BlockAt(e.choice, e.block, e.image)) = e.image; }
    void operator()(const OpaqueBlockAdded& e) {
      As<OpaqueBlock>(self.BlockAt(e.choice, e.block, e.content)) = e.content;
    }
    void operator()(const OpaqueEvent& e) { self.answer_.opaque.push_back(e); }
  };
  std::visit(Visitor{*this}, event);
}

Answer Collector::Take() && { return std::move(answer_); }

}  // namespace gatehouse::llm
