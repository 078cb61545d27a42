#include "features/token_count/local_count.h"

#include <utility>
#include <variant>

#include "llm/token/table_file.h"

namespace gatehouse::features::token_count {
namespace {

using llm::token::PromptCounter;

constexpr std::uint64_t kTokensOfImage = 800;      // between the vendors' figures for a picture of medium size
constexpr std::uint64_t kTokensOfDocument = 2000;  // a page or two of PDF
constexpr std::size_t kBytesPerToken = 3;          // on the high side: a budget is a wall

std::string_view RoleName(llm::Role role) {
  switch (role) {
    case llm::Role::kSystem: return "system";
    case llm::Role::kDeveloper: return "developer";
    case llm::Role::kUser: return "user";
    case llm::Role::kAssistant: return "assistant";
  }
  return "user";
}

// Visits what of a message costs tokens. `Sink` has AddText and AddOther.
template <class Sink>
struct BlockVisitor {
  Sink& sink;
  void operator()(const llm::TextBlock& block) const { sink.AddText(block.text); }
  void operator()(const llm::RefusalBlock& block) const { sink.AddText(block.text); }
  void operator()(const llm::ReasoningBlock& block) const { sink.AddText(block.text); }
  void operator()(const llm::ImageBlock&) const { sink.AddOther(kTokensOfImage); }
  void operator()(const llm::AudioBlock&) const { sink.AddOther(kTokensOfImage); }
  void operator()(const llm::OpaqueBlock& block) const { sink.AddText(block.json); }
  void operator()(const llm::DocumentBlock& block) const {
    if (const auto* text = std::get_if<std::string>(&block.source)) {
      sink.AddText(*text);
    } else {
      sink.AddOther(kTokensOfDocument);
    }
  }
  void operator()(const llm::ToolCallBlock& block) const {
    sink.AddText(block.name);
    sink.AddText(block.arguments);
  }
  void operator()(const llm::ToolResultBlock& block) const {
    sink.AddText(block.structured);
    for (const auto& part : block.content) std::visit(*this, part);
  }
};

struct Length {
  std::size_t bytes = 0;
  std::uint64_t other = 0;
  void AddText(std::string_view text) { bytes += text.size(); }
  void AddOther(std::uint64_t tokens) { other += tokens; }
};

Length LengthOf(const llm::ChatRequest& request) {
  Length length;
  for (const auto& message : request.messages) {
    for (const auto& block : message.blocks) std::visit(BlockVisitor<Length>{length}, block);
  }
  for (const auto& tool : request.tools) length.AddText(tool.description + tool.parameters);
  return length;
}

bool NobodyCounts(const base::Result<pipeline::Reply>& reply) {
  return !reply.ok() && reply.error().code == base::ErrorCode::kUnsupported;
}

}  // namespace

TokenTables LoadTables(const std::string& folder) {
  const auto load = [&folder](llm::token::Pattern pattern) -> std::shared_ptr<const llm::token::Table> {
    auto table = llm::token::LoadTable(folder + "/" + std::string(llm::token::TableFileName(pattern)));
    return table.ok() ? std::move(table).value() : nullptr;
  };
  return {.o200k = load(llm::token::Pattern::kO200k), .cl100k = load(llm::token::Pattern::kCl100k)};
}

LocalCounter::LocalCounter(const TokenTables& tables) {
  if (tables.o200k) o200k_ = std::make_unique<llm::token::Counter>(tables.o200k, llm::token::Pattern::kO200k);
  if (tables.cl100k) cl100k_ = std::make_unique<llm::token::Counter>(tables.cl100k, llm::token::Pattern::kCl100k);
}

llm::token::Counter* LocalCounter::CounterFor(llm::token::Pattern pattern) {
  return pattern == llm::token::Pattern::kO200k ? o200k_.get() : cl100k_.get();
}

llm::token::Estimate LocalCounter::Count(const llm::ChatRequest& request, std::string_view model) {
  const Length length = LengthOf(request);
  const llm::token::Family family = llm::token::FamilyOf(model);
  llm::token::Counter* counter = CounterFor(family.pattern);
  if (counter == nullptr || length.bytes > kMaxCountedBytes) {
    return {.tokens = length.bytes / kBytesPerToken + length.other, .certainty = llm::token::Certainty::kEstimated};
  }
  PromptCounter prompt(*counter, family);
  for (const auto& message : request.messages) {
    prompt.BeginMessage(RoleName(message.role));
    if (!message.name.empty()) prompt.AddName(message.name);
    for (const auto& block : message.blocks) std::visit(BlockVisitor<PromptCounter>{prompt}, block);
  }
  for (const auto& tool : request.tools) {
    prompt.AddSchema(tool.name + tool.description);
    if (!tool.parameters.empty()) prompt.AddSchema(tool.parameters);
  }
  return prompt.Total();
}

net::Task<base::Result<pipeline::Reply>> LocalCountStage::Handle(pipeline::Exchange& exchange,
                                                                 pipeline::Next next) const {
  if (std::holds_alternative<pipeline::CountCall>(exchange.operation))
    return CountIfNobodyDoes(exchange, std::move(next));
  return std::move(next)(exchange);
}

net::Task<base::Result<pipeline::Reply>> LocalCountStage::CountIfNobodyDoes(pipeline::Exchange& exchange,
                                                                            pipeline::Next next) const {
  auto reply = co_await std::move(next)(exchange);
  if (!NobodyCounts(reply)) co_return reply;
  const auto* call = std::get_if<pipeline::CountCall>(&exchange.operation);
  const std::string model = exchange.attempts.empty() ? exchange.model : exchange.attempts.back().model;
  const std::uint64_t tokens = counter_.Count(*call->request, model).tokens;
  co_return pipeline::Reply{.answer = pipeline::CountReply{tokens, pipeline::CountReply::Source::kLocal},
                            .headers = {}};
}

}  // namespace gatehouse::features::token_count
