#include "pipeline/attempt_gate.h"

namespace gatehouse::pipeline {

void AttemptGates::Add(AttemptGate& gate) {
  AttemptGate** last = &first_;
  while (*last != nullptr) last = &(*last)->inner_;
  *last = &gate;
}

base::Status AttemptGates::Begin(std::string_view provider, std::string_view model) {
  for (AttemptGate* gate = first_; gate != nullptr; gate = gate->inner_) {
    base::Status status = gate->Begin(provider, model);
    if (status.ok()) continue;
    Tell(first_, gate, status.error());
    return status;
  }
  return base::Ok();
}

void AttemptGates::Failed(const base::Error& error) { Tell(first_, nullptr, error); }

void AttemptGates::Tell(AttemptGate* gate, const AttemptGate* end, const base::Error& error) {
  if (gate == end) return;
  Tell(gate->inner_, end, error);
  gate->Failed(error);
}

bool MayHaveBeenServed(const base::Error& error) {
  if (error.upstream_status != 0) return false;  // it said itself that it failed
  return error.code == base::ErrorCode::kTimeout || error.code == base::ErrorCode::kBadUpstream;
}

}  // namespace gatehouse::pipeline
