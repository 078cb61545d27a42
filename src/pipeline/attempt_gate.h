#pragma once

#include <string_view>

#include "base/result.h"

namespace gatehouse::pipeline {

// Hears of every call to a target before it is made, and may refuse it: for a stage further out that must know about
// each. Belongs to the exchange it is added to.
class AttemptGate {
 public:
  virtual ~AttemptGate() = default;
  // An error with Retry::kOtherTarget leaves other targets to be tried.
  virtual base::Status Begin(std::string_view provider, std::string_view model) = 0;
  // How the call that was begun last failed. Not told when it is dropped, or when its answer began.
  virtual void Failed(const base::Error& error) = 0;

 private:
  friend class AttemptGates;
  AttemptGate* inner_ = nullptr;
};

// The gates of one exchange, in the order in which they were added: outermost first. They outlive the calls under it.
class AttemptGates {
 public:
  // REQUIRES: it is not among any yet.
  void Add(AttemptGate& gate);

  // The first refusal; the gates that had let the call pass hear that it failed.
  base::Status Begin(std::string_view provider, std::string_view model);
  // The innermost hears it first.
  void Failed(const base::Error& error);

 private:
  // Tells those from `gate` inwards, as far as `end`.
  static void Tell(AttemptGate* gate, const AttemptGate* end, const base::Error& error);

  AttemptGate* first_ = nullptr;
};

// Whether a call that failed may have been served all the same: it was sent, and nobody saw its end.
bool MayHaveBeenServed(const base::Error& error);

}  // namespace gatehouse::pipeline
