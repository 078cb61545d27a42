#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "llm/chat.h"
#include "llm/token/counter.h"
#include "llm/token/estimate.h"
#include "llm/token/family.h"
#include "llm/token/table.h"
#include "pipeline/stage.h"

namespace gatehouse::features::token_count {

// The vocabularies on this machine, shared by the loops. Null where a file is missing.
struct TokenTables {
  std::shared_ptr<const llm::token::Table> o200k;
  std::shared_ptr<const llm::token::Table> cl100k;
};

// Maps the tables in `folder`. Milliseconds of work: at start, not on a loop.
TokenTables LoadTables(const std::string& folder);

// Counts prompts without asking a provider. Belongs to one loop, because the counters keep scratch memory.
class LocalCounter {
 public:
  // A prompt longer than this is estimated by its length: counting it would hold up the loop for too long.
  static constexpr std::size_t kMaxCountedBytes = 256U << 10U;

  explicit LocalCounter(const TokenTables& tables);

  llm::token::Estimate Count(const llm::ChatRequest& request, std::string_view model);

 private:
  llm::token::Counter* CounterFor(llm::token::Pattern pattern);

  std::unique_ptr<llm::token::Counter> o200k_;
  std::unique_ptr<llm::token::Counter> cl100k_;
};

// Answers a token count itself when no target of the model offers one, and says that it did.
class LocalCountStage final : public pipeline::Stage {
 public:
  explicit LocalCountStage(const TokenTables& tables) : counter_(tables) {}

  std::string_view Name() const override { return "local_count"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;

 private:
  net::Task<base::Result<pipeline::Reply>> CountIfNobodyDoes(pipeline::Exchange& exchange, pipeline::Next next) const;

  mutable LocalCounter counter_;  // a cache; stages of one pipeline belong to one loop
};

}  // namespace gatehouse::features::token_count
