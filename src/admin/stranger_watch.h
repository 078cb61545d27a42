#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "admin/admin_call.h"
#include "base/clock.h"
#include "net/loop.h"

namespace gatehouse::admin {

// Tells of calls that were not let in, so that nobody fills the record with them: of each source the first at once, and
// those that follow together, once a minute. Sources beyond a number count as one. Belongs to the loop; what was
// counted and not told when it is dropped is lost.
class StrangerWatch final : private net::Timer {
 public:
  static constexpr base::Duration kInterval = std::chrono::minutes(1);
  static constexpr std::size_t kMostSources = 100;

  // The loop outlives it. `witness` is not empty.
  StrangerWatch(net::Loop& loop, AdminWitness witness) : Timer(loop), loop_(loop), witness_(std::move(witness)) {}

  // `address` as net::PeerIdentity has it.
  void Note(std::string_view address, const AdminCall& call);
  // Tells what was counted, now.
  void Flush();

 private:
  struct Counts {
    std::uint64_t failed = 0;  // who could not show who he is
    std::uint64_t other = 0;   // who left before, or could not be asked for
  };
  void OnTimer() override;
  void Tell(std::uint64_t calls, AdminCall::Login login) const;

  net::Loop& loop_;
  const AdminWitness witness_;
  std::map<std::string, Counts, std::less<>> sources_;  // that called in this interval or the one before
};

}  // namespace gatehouse::admin
