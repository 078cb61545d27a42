#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "pipeline/decision.h"
#include "pipeline/exchange.h"

// Where those who decide that people are to be asked meet those who ask them.
namespace gatehouse::pipeline {

// How a rule wants people asked; what it leaves open is as the configuration has it for all rules.
struct ApprovalTerms {
  // What becomes of the request meanwhile. kPending: it is refused with the id of its approval, and comes again.
  enum class Mode : std::uint8_t { kPending, kBlock };
  std::optional<Mode> mode;
  std::optional<base::Duration> hold_timeout;
  std::optional<base::Duration> decide_within;
  std::optional<base::Duration> use_within;
  std::optional<std::int64_t> quorum;  // how many people must approve
  bool operator==(const ApprovalTerms&) const = default;
};

// What people are asked about an exchange, beside the exchange itself.
struct ApprovalQuestion {
  Phase phase = Phase::kRequest;
  std::string rule;     // that wants it, by its id
  std::string message;  // of the rule, for whoever asks and whoever decides
  ApprovalTerms terms;
};

// The connection of a client that waits for people: kept from being taken for dead by what is between. Of one loop.
class ClientHold {
 public:
  virtual ~ClientHold() = default;
  // Sends the client something that means nothing. The answer has begun from then on, whatever it will be. An error:
  // the client has gone.
  virtual net::Task<base::Status> KeepAlive(std::string_view why) = 0;
};

// Attached to an exchange whose client can be kept so, by who answers it; no longer to be used once a target is called.
struct Holdable {
  ClientHold* hold = nullptr;
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
