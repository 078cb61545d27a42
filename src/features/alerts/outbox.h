#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "features/alerts/alert.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::alerts {

// Alerts and where they are still to go, in the database: what was taken on outlives the process, and is taken on by
// one gateway only. Times are milliseconds since 1970, given by the caller. One thread; `database` and `loop` outlive
// it and the tasks it gave out.
class Outbox {
 public:
  Outbox(store::Database& database, net::Loop& loop) : database_(database), loop_(loop) {}

  // Takes an alert on for these channels, unless its event was before: whoever comes first has the right to tell it.
  enum class Taken : std::uint8_t { kNew, kKnown };
  net::Task<base::Result<Taken>> Add(Alert alert, std::vector<std::string> channels, net::Deadline deadline);
  // When an event was taken on; nullopt: never.
  net::Task<base::Result<std::optional<std::int64_t>>> ToldAt(std::string event, net::Deadline deadline);

  // A delivery to be attempted.
  struct Due {
    Alert alert;
    std::string channel;
    std::int64_t attempts = 0;  // so far
    std::int64_t next_ms = 0;   // as it was read; what Claim() goes by
  };
  net::Task<base::Result<std::vector<Due>>> DueAt(std::string channel, std::int64_t now_ms, std::int64_t at_most,
                                                  net::Deadline deadline);
  // Makes the attempt the caller's until `until_ms`, after which another gateway may take it: at least once, and as a
  // rule once.
  enum class Claimed : std::uint8_t { kYes, kElsewhere };
  net::Task<base::Result<Claimed>> Claim(Due due, std::int64_t until_ms, net::Deadline deadline);

  enum class State : std::uint8_t { kWaiting, kDelivered, kFailed };
  struct Outcome {
    State state = State::kWaiting;
    std::int64_t at_ms = 0;
    std::int64_t next_ms = 0;  // of kWaiting
    std::string said;
  };
  net::Task<base::Status> Note(Due due, Outcome outcome, net::Deadline deadline);
  // Gives up what waits for a channel and was taken on before that time, and says how many.
  net::Task<base::Result<std::uint64_t>> GiveUp(std::string channel, std::int64_t before_ms, Outcome outcome,
                                                net::Deadline deadline);
  net::Task<base::Status> Forget(std::int64_t before_ms, net::Deadline deadline);
  // Channels for which something waits, and how much.
  struct Waiting {
    std::string channel;
    std::int64_t deliveries = 0;
  };
  net::Task<base::Result<std::vector<Waiting>>> WaitingNow(net::Deadline deadline);

  // For people: newest first.
  struct Query {
    std::optional<pipeline::NodeId> within;  // only what concerns this node, or what is below it
    std::int64_t before_ms = 0;              // 0: from the newest on
    std::int64_t at_most = 100;
  };
  struct Delivery {
    std::string channel;
    std::string state;  // "waiting", "delivered", "failed"
    std::int64_t attempts = 0;
    std::int64_t next_ms = 0;
    std::int64_t changed_ms = 0;
    std::string said;
  };
  struct Told {
    Alert alert;
    std::vector<Delivery> deliveries;
  };
  net::Task<base::Result<std::vector<Told>>> List(Query query, net::Deadline deadline);

 private:
  store::Database& database_;
  net::Loop& loop_;
};

}  // namespace gatehouse::features::alerts
