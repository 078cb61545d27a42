#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "pipeline/exchange.h"

namespace gatehouse::pipeline {

class Stage;
using Stages = std::vector<std::unique_ptr<const Stage>>;

// The rest of the pipeline. Callable once; a stage that does not call it ends the exchange.
class Next {
 public:
  explicit Next(std::span<const std::unique_ptr<const Stage>> rest) : rest_(rest) {}
  Next(Next&&) = default;
  Next& operator=(Next&&) = delete;
  Next(const Next&) = delete;
  Next& operator=(const Next&) = delete;
  ~Next() = default;

  net::Task<base::Result<Reply>> operator()(Exchange& exchange) &&;

 private:
  std::span<const std::unique_ptr<const Stage>> rest_;
};

// One policy step: looks at the exchange, calls `next` or refuses, and may wrap what comes back. Immutable once built;
// what varies per request lives in the Exchange. Stages of one pipeline belong to one loop.
class Stage {
 public:
  virtual ~Stage() = default;

  virtual std::string_view Name() const = 0;
  // `exchange` outlives the task and the reply.
  virtual net::Task<base::Result<Reply>> Handle(Exchange& exchange, Next next) const = 0;
};

// Stages in order, outermost first; the last one calls the upstream and never calls its `next`.
class Pipeline {
 public:
  explicit Pipeline(Stages stages) : stages_(std::move(stages)) {}

  net::Task<base::Result<Reply>> Run(Exchange& exchange) const { return Next(stages_)(exchange); }
  const Stages& stages() const { return stages_; }

 private:
  Stages stages_;
};

}  // namespace gatehouse::pipeline
