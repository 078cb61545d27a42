#include "features/oversight/stop.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "features/oversight/word.h"

namespace gatehouse::features::oversight {
namespace {

constexpr std::array<std::string_view, 4> kWords = {"all", "node", "model", "tool"};

bool Offers(const pipeline::Exchange& exchange, std::string_view tool) {
  const auto* call = std::get_if<pipeline::ChatCall>(&exchange.operation);
  return call != nullptr &&
         std::ranges::any_of(call->request->tools, [&](const auto& one) { return one.name == tool; });
}

bool IsOf(const std::vector<pipeline::Link>& chain, pipeline::NodeId node) {
  return std::ranges::find(chain, node, &pipeline::Link::id) != chain.end();
}

bool Concerns(const Stop& stop, const pipeline::Exchange& exchange) {
  switch (stop.scope) {
    case Stop::Scope::kAll: return true;
    case Stop::Scope::kNode: return IsOf(exchange.principal->chain, stop.node);
    case Stop::Scope::kModel: return exchange.model == stop.name;
    case Stop::Scope::kTool: return Offers(exchange, stop.name);
  }
  return true;
}

std::string WhatIsStopped(const Stop& stop) {
  switch (stop.scope) {
    case Stop::Scope::kAll: return "everything";
    case Stop::Scope::kNode: return "what is done with this credential";
    case Stop::Scope::kModel: return "the model '" + stop.name + "'";
    case Stop::Scope::kTool: return "the tool '" + stop.name + "'";
  }
  return {};
}

}  // namespace

std::string_view ToString(Stop::Scope scope) { return kWords.at(static_cast<std::size_t>(scope)); }

std::optional<Stop::Scope> ScopeOf(std::string_view word) {
  const auto* const found = std::ranges::find(kWords, word);
  if (found == kWords.end()) return {};
  return static_cast<Stop::Scope>(found - kWords.begin());
}

std::optional<std::int64_t> StopIdOf(std::string_view word) { return IdBehind("stop_", word); }

const Stop* StopTable::Find(const pipeline::Exchange& exchange) const {
  for (const Stop& stop : stops_) {
    if (Concerns(stop, exchange)) return &stop;
  }
  return nullptr;
}

base::Error StoppedError(const Stop& stop) {
  return {.code = base::ErrorCode::kDenied,
          .source = base::ErrorSource::kPolicy,
          .retry = base::Retry::kNever,
          .public_message = "stopped: an operator of this gateway has stopped " + WhatIsStopped(stop) +
                            ". Do not try again by yourself; ask the operator. (" + stop.Word() + ")"};
}

}  // namespace gatehouse::features::oversight
