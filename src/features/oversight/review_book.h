#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "features/oversight/review.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::oversight {

// Reviews in the database: all gateways of it have the same ones. Every change is made to the version that was read.
// Thread-safe; `database` outlives it and the tasks it gave out, which belong to the loop that they are given.
class ReviewBook {
 public:
  explicit ReviewBook(store::Database& database) : database_(database) {}

  // One call: on which loop, and how long it may take.
  struct Call {
    net::Loop& loop;
    net::Deadline deadline;
  };

  // Writes them all, or none. What is there already stays as it is, so that they may be written again where it is not
  // known whether they were.
  net::Task<base::Status> Insert(Call call, const std::vector<Review>& fresh);
  // See Apply(). kNotFound from kClient where there is none.
  net::Task<base::Result<Review>> Judge(Call call, std::int64_t id, Verdict verdict);
  // Says that its time is over. kConflict where somebody else has done so, or it is done.
  net::Task<base::Result<Review>> MarkOverdue(Call call, Review review, std::int64_t now_ms);
  net::Task<base::Result<Review>> Show(Call call, std::int64_t id);

  struct Query {
    std::optional<Review::State> state;
    std::string rule;                        // "": of any
    std::optional<pipeline::NodeId> within;  // only of this node, or of what is below it
    std::int64_t since_ms = 0;               // created from then on
    std::int64_t before_ms = 0;              // 0: from the newest on
    std::int64_t at_most = 100;
  };
  // Newest first.
  net::Task<base::Result<std::vector<Review>>> List(Call call, Query query);
  // Those that nobody has said are overdue; oldest first.
  net::Task<base::Result<std::vector<Review>>> Due(Call call, std::int64_t now_ms, std::int64_t at_most);
  // How many wait, and of how many of them the time is over.
  struct Standing {
    std::int64_t waiting = 0;
    std::int64_t overdue = 0;
  };
  net::Task<base::Result<Standing>> Count(Call call);
  // Forgets what is done since before that time.
  net::Task<base::Status> Forget(Call call, std::int64_t before_ms);

 private:
  net::Task<base::Result<std::vector<Review>>> Read(Call call, store::Statement statement);
  net::Task<base::Status> Write(Call call, std::vector<store::Statement> unit);

  store::Database& database_;
};

}  // namespace gatehouse::features::oversight
