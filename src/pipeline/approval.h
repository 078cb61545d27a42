#pragma once

#include <bitset>
#include <string>

#include "base/result.h"
#include "net/task.h"
#include "pipeline/decision.h"
#include "pipeline/exchange.h"

// Where those who decide that people are to be asked meet those who ask them.
namespace gatehouse::pipeline {

// What people are asked about an exchange, beside the exchange itself.
struct ApprovalQuestion {
  Phase phase = Phase::kRequest;
  std::string rule;     // that wants it, by its id
  std::string message;  // of the rule, for whoever asks and whoever decides
};

// Asks people. Of one loop.
class ApprovalDesk {
 public:
  virtual ~ApprovalDesk() = default;
  // Ok: people said that this exchange may go on, this once. An error is for the client: it was denied, or nobody has
  // decided yet. May wait for as long as the settings say; dropping it withdraws the question.
  virtual net::Task<base::Status> Ask(Exchange& exchange, ApprovalQuestion question) = 0;
};

// Attached to an exchange that people let go on: in which phases.
struct Approved {
  static constexpr std::size_t kPhases = static_cast<std::size_t>(Phase::kHandoff) + 1;
  std::bitset<kPhases> phases;
};
// Whether people were asked about that phase of the exchange, and said yes.
inline bool IsApproved(const Exchange& exchange, Phase phase) {
  const auto* approved = exchange.Find<Approved>();
  return approved != nullptr && approved->phases.test(static_cast<std::size_t>(phase));
}

// Attached to an exchange that was refused because people have to be asked first, by whoever refused it.
struct Challenged {
  ApprovalQuestion question;
};

// Attached to an exchange whose client is to come again when people have decided.
struct ApprovalPending {
  std::string id;  // "apr_17"
};

}  // namespace gatehouse::pipeline
