#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/trace_context.h"
#include "llm/usage.h"
#include "net/loop.h"
#include "pipeline/attachment_list.h"
#include "pipeline/attempt_gate.h"
#include "pipeline/charge.h"
#include "pipeline/decision.h"
#include "pipeline/operation.h"
#include "pipeline/principal.h"
#include "pipeline/surface.h"

namespace gatehouse::pipeline {

// One upstream call of an exchange, for the log, the `gatehouse-attempts` header and the record.
struct Attempt {
  std::string provider;
  std::string model;
  base::Duration started_after{};  // since the exchange began
  base::Duration took{};           // until the first batch or the failure
  std::uint16_t status = 0;        // of the upstream; 0: none came
  std::string outcome;             // "ok", or the error code's name
  std::string reason;              // why this target: "priority 0", "retry after rate_limited"
};

// What the stages found out, for the log, metrics and, later, ledger and record. Figures and names only.
struct Outcome {
  llm::Usage usage;
  std::string provider;
  std::string upstream_model;
  std::string finish_reason;
  base::Duration time_to_first_event{};
  std::uint64_t events = 0;
};

// One governed action, from the moment its request is understood to the last byte of its answer. Owned by the ingress,
// lives and dies on one loop; a stage that has to see a call through when the client has gone keeps it. Stages change
// it in order; what one feature keeps for itself is attached by type.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(net::Loop& owner, base::Random& generator, Surface kind, Operation&& what)
      : loop(owner), random(generator), surface(kind), operation(std::move(what)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  net::Loop& loop;       // outlives the exchange
  base::Random& random;  // the loop's; outlives the exchange
  std::string id;
  base::TraceContext trace{};
  const Surface surface;
  Operation operation;
  std::string model;                           // the public name asked for
  std::string session;                         // what sticky routing hashes: a session header, or the end user
  std::shared_ptr<const Principal> principal;  // set before the first stage
  base::TimePoint started{};
  net::Deadline deadline;

  std::vector<HeaderField> request_headers;  // of the client, by allow-list, for an upstream of the same dialect

  std::shared_ptr<const void> pinned;  // what serves it: configuration, stages, providers
  AttemptGates gates;                  // of stages
  std::vector<Attempt> attempts;
  std::vector<Decision> decisions;
  std::vector<std::string> warnings;  // `gatehouse-warning` headers
  Outcome outcome;
  Charge charge;

  template <class T>
  T& Attach(T state) {
    return attached_.Set(std::move(state));
  }
  // For what is not moved; at most one of its type.
  template <class T, class... Arguments>
  T& Emplace(Arguments&&... arguments) {
    return attached_.Emplace<T>(std::forward<Arguments>(arguments)...);
  }
  template <class T>
  const T* Find() const {
    return attached_.Find<T>();
  }
  template <class T>
  T* Find() {
    return attached_.Find<T>();
  }

 private:
  AttachmentList attached_;
};

}  // namespace gatehouse::pipeline
