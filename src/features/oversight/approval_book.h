#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "features/oversight/approval.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::oversight {

// How many requests may wait for people at a time. One more is refused.
struct ApprovalBounds {
  std::int64_t pending = 1000;       // in the database
  std::int64_t pending_of_one = 20;  // of one user, application or agent
  bool operator==(const ApprovalBounds&) const = default;
};

// Requests that people are asked about, in the database: all gateways of it have the same ones. Every change is made to
// the version that was read, so that of two who decide at once one is told what the other has done. Thread-safe;
// `database` outlives it and the tasks it gave out, which belong to the loop that they are given.
class ApprovalBook {
 public:
  explicit ApprovalBook(store::Database& database) : database_(database) {}

  // One call: on which loop, and how long it may take.
  struct Call {
    net::Loop& loop;
    net::Deadline deadline;
  };

  // The request that is there for the same binding: open, or denied in the time that there was to decide. Otherwise
  // this one, from now on. kRateLimited beyond the bounds.
  enum class Found : std::uint8_t { kNew, kKnown };
  struct Submitted {
    Approval approval;
    Found found = Found::kNew;
  };
  net::Task<base::Result<Submitted>> Submit(Call call, Approval fresh, ApprovalBounds bounds);
  // See Apply(). kNotFound from kClient where there is none.
  net::Task<base::Result<Approval>> Do(Call call, std::int64_t id, Move move);
  net::Task<base::Result<Approval>> Show(Call call, std::int64_t id);

  struct Query {
    std::optional<Approval::State> state;
    std::optional<pipeline::NodeId> within;  // only of this node, or of what is below it
    std::int64_t since_ms = 0;               // created from then on
    std::int64_t before_ms = 0;              // 0: from the newest on
    std::int64_t at_most = 100;
  };
  // Newest first.
  net::Task<base::Result<std::vector<Approval>>> List(Call call, Query query);
  // Those whose time is over and that nobody has said so of.
  net::Task<base::Result<std::vector<Approval>>> Due(Call call, std::int64_t now_ms, std::int64_t at_most);
  // Those that changed after a change, in their order; and the number of the last change.
  struct Changes {
    std::vector<Approval> approvals;
    std::int64_t last = 0;
  };
  net::Task<base::Result<Changes>> Since(Call call, std::int64_t change, std::int64_t at_most);
  net::Task<base::Result<std::int64_t>> LastChange(Call call);
  // Of each state how many there are, of those created since then.
  struct Count {
    Approval::State state = Approval::State::kPending;
    std::int64_t approvals = 0;
  };
  net::Task<base::Result<std::vector<Count>>> Counts(Call call, std::int64_t since_ms);
  // Forgets what is over since before that time.
  net::Task<base::Status> Forget(Call call, std::int64_t before_ms);

 private:
  net::Task<base::Result<std::vector<Approval>>> Read(Call call, store::Statement statement);
  net::Task<base::Result<std::optional<Approval>>> Latest(Call call, std::string binding);
  net::Task<base::Status> Insert(Call call, Approval fresh, ApprovalBounds bounds);
  net::Task<base::Status> Write(Call call, Approval before, Approval after);

  store::Database& database_;
};

}  // namespace gatehouse::features::oversight
