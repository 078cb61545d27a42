#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "llm/loss.h"
#include "net/loop.h"
#include "net/task.h"
#include "pipeline/exchange.h"

namespace gatehouse::pipeline {

enum class Capability : std::uint8_t {
  kChat,
  kStreaming,
  kTools,
  kVision,
  kDocuments,
  kAudio,
  kJsonSchema,
  kReasoning,
  kEmbeddings,
  kTokenCount,
  kRerank,
  kPassThrough,
  kCount,
};
using Capabilities = std::bitset<static_cast<std::size_t>(Capability::kCount)>;

std::string_view ToString(Capability capability);
std::optional<Capability> ParseCapability(std::string_view name);

// What a call to one target needs beside the exchange.
struct CallContext {
  std::string_view model;                                  // the provider's own name for the model
  std::optional<std::uint64_t> default_max_output_tokens;  // for dialects that require a limit
  llm::LossPolicy losses = llm::LossPolicy::kRefuse;
  net::Deadline deadline;
};

// One upstream account: endpoint, credential, dialect. Belongs to one loop, together with its connections.
class Provider {
 public:
  virtual ~Provider() = default;

  virtual std::string_view name() const = 0;
  virtual Capabilities capabilities() const = 0;
  // Sends the exchange's operation once. Does not retry, price or log: stages do that. `exchange` and what the views of
  // `context` point to outlive the task and the reply.
  virtual net::Task<base::Result<Reply>> Call(Exchange& exchange, CallContext context) = 0;
  // A cheap question that a healthy upstream answers (a model list); for active health checks.
  virtual net::Task<base::Status> Probe(net::Deadline deadline) = 0;
};

}  // namespace gatehouse::pipeline
