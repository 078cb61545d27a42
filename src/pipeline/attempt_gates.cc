#include "pipeline/attempt_gates.h"

#include <memory>

#include "base/check.h"

namespace gatehouse::pipeline {

void AttemptGates::Add(Exchange& exchange, AttemptGate& gate) {
  if (exchange.attempt_gate == nullptr) {
    exchange.attempt_gate = &gate;
    return;
  }
  if (auto* several = exchange.Find<std::shared_ptr<AttemptGates>>()) {
    (*several)->Append(gate);
    return;
  }
  auto several = std::make_shared<AttemptGates>();
  several->Append(*exchange.attempt_gate);
  several->Append(gate);
  exchange.attempt_gate = several.get();
  exchange.Attach(std::move(several));
}

void AttemptGates::Append(AttemptGate& gate) {
  GH_CHECK(size_ < kMost);
  gates_.at(size_++) = &gate;
}

base::Status AttemptGates::Begin(std::string_view provider, std::string_view model) {
  for (std::size_t i = 0; i < size_; ++i) {
    base::Status status = gates_.at(i)->Begin(provider, model);
    if (status.ok()) continue;
    while (i > 0) gates_.at(--i)->Failed(status.error());
    return status;
  }
  return base::Ok();
}

void AttemptGates::Failed(const base::Error& error) {
  for (std::size_t i = size_; i > 0; --i) gates_.at(i - 1)->Failed(error);
}

bool MayHaveBeenServed(const base::Error& error) {
  if (error.upstream_status != 0) return false;  // it said itself that it failed
  return error.code == base::ErrorCode::kTimeout || error.code == base::ErrorCode::kBadUpstream;
}

}  // namespace gatehouse::pipeline
