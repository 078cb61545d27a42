#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "features/oversight/review_book.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::oversight {

// Is told what becomes of reviews: for the record, and to tell people.
class ReviewWitness {
 public:
  virtual ~ReviewWitness() = default;
  virtual void NoteOpened(const Review& review) = 0;
  // It should have been looked at, and nobody will: why, in a word.
  virtual void NoteMissed(const Review& review, std::string_view why) = 0;
  virtual void NoteVerdict(const Review& review, const Verdict& verdict) = 0;
  virtual void NoteOverdue(const Review& review) = 0;
};

// The reviews of one process: takes them from the loops, has them written down and told, and says of those whose time
// is over that it is. Belongs to the main loop, but for what says otherwise.
class ReviewQueue {
 public:
  // How many may wait in memory to be written down. More are missed.
  static constexpr std::size_t kMostUnwritten = 10'000;

  // All outlive it.
  struct Parts {
    net::Loop& loop;
    store::Database& database;
    ReviewWitness& witness;
  };
  explicit ReviewQueue(Parts parts) : parts_(parts), book_(parts.database) {}
  ReviewQueue(const ReviewQueue&) = delete;
  ReviewQueue& operator=(const ReviewQueue&) = delete;
  ~ReviewQueue() = default;

  ReviewBook& book() { return book_; }  // thread-safe
  // How many may wait for people, of all gateways of the database. More are missed.
  void SetMostWaiting(std::int64_t most) { most_waiting_ = most; }

  // An exchange that people should look at. On any loop.
  void Add(Review review);

  using Call = ReviewBook::Call;
  // ReviewBook::Judge() and Insert(), and told.
  net::Task<base::Result<Review>> Judge(Call call, std::int64_t id, Verdict verdict);
  net::Task<base::Status> Open(Call call, Review review);

  // Writes down what came, and looks for what is due, for ever. The log outlives it.
  net::Task<> Follow(base::Duration interval, const base::Log& log);
  // The same, once.
  net::Task<base::Status> Look(net::Deadline deadline);

  // As of the last look.
  const ReviewBook::Standing& standing() const { return standing_; }

 private:
  net::Task<base::Status> WriteDown(Call call);
  net::Task<base::Status> TellDue(Call call);
  void PutBack(std::vector<Review> reviews);
  std::int64_t NowMs() const;

  const Parts parts_;
  ReviewBook book_;
  std::int64_t most_waiting_ = 10'000;
  ReviewBook::Standing standing_;
  std::mutex mutex_;
  std::vector<Review> unwritten_;  // guarded by mutex_
  std::vector<Review> unwanted_;   // guarded by mutex_: there was no room for them; as many again at most
};

}  // namespace gatehouse::features::oversight
