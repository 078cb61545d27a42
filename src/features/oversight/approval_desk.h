#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "features/oversight/approval_queue.h"
#include "net/task.h"
#include "pipeline/approval.h"

namespace gatehouse::features::oversight {

// How people are asked. A value of the configuration.
struct ApprovalSettings {
  using Mode = pipeline::ApprovalTerms::Mode;
  Mode mode = Mode::kPending;
  // kKept: people are still asked when the client of a request that is held open has gone.
  enum class Gone : std::uint8_t { kWithdrawn, kKept } gone = Gone::kWithdrawn;
  base::Duration hold_timeout = std::chrono::seconds(120);  // of kBlock; then as kPending
  base::Duration keep_alive = std::chrono::seconds(15);     // how often a client that is held hears something
  base::Duration decide_within = std::chrono::minutes(15);
  base::Duration use_within = std::chrono::minutes(10);
  std::int64_t quorum = 1;  // how many people must approve
  ApprovalBounds bounds;
  bool operator==(const ApprovalSettings&) const = default;

  // The same with what a rule wants otherwise.
  ApprovalSettings With(const pipeline::ApprovalTerms& terms) const;
};

// What an approval is bound to: SHA-256 in hexadecimal digits over an object of "body", "chain", "key", "model",
// "phase", "policy" and "surface" as RFC 8785 writes it (docs/oversight.md). `policy` is the revision of the rules.
std::string BindingOf(const pipeline::Exchange& exchange, const pipeline::ApprovalQuestion& question,
                      std::string_view policy);

// Asks people about the exchanges of one loop.
class ApprovalDesk final : public pipeline::ApprovalDesk {
 public:
  // `queue` outlives it and its tasks.
  ApprovalDesk(ApprovalQueue& queue, ApprovalSettings settings, std::string policy)
      : queue_(queue), settings_(settings), policy_(std::move(policy)) {}

  net::Task<base::Status> Ask(pipeline::Exchange& exchange, pipeline::ApprovalQuestion question) override;

 private:
  Approval RequestFor(const pipeline::Exchange& exchange, const ApprovalSettings& terms,
                      pipeline::ApprovalQuestion question) const;
  net::Task<base::Result<Approval>> Hold(pipeline::Exchange& exchange, ApprovalSettings terms,
                                         ApprovalBook::Submitted submitted) const;
  // Until something happened to the approval, or it is time to look.
  static net::Task<base::Status> WaitAndKeep(ApprovalQueue::Waiter& waiter, const pipeline::Exchange& exchange,
                                             base::TimePoint until, base::Duration keep_alive);
  // What the state means to whoever asked; uses an approval up.
  net::Task<base::Status> Settle(pipeline::Exchange& exchange, Approval approval) const;

  ApprovalQueue& queue_;
  const ApprovalSettings settings_;
  const std::string policy_;
};

}  // namespace gatehouse::features::oversight
