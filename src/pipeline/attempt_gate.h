#pragma once

#include <string_view>

#include "base/result.h"

namespace gatehouse::pipeline {

// Hears of every call to a target before it is made, and may refuse it: for a stage further out that must know about
// each. Belongs to the exchange it is set on.
class AttemptGate {
 public:
  virtual ~AttemptGate() = default;
  // An error with Retry::kOtherTarget leaves other targets to be tried.
  virtual base::Status Begin(std::string_view provider, std::string_view model) = 0;
  // How the call that was begun last failed. Not told when it is dropped, or when its answer began.
  virtual void Failed(const base::Error& error) = 0;
};

}  // namespace gatehouse::pipeline
