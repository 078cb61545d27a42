#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "base/result.h"

namespace gatehouse::features::common {

// Who waits for several things at once: told when the last of them has come, of the first failure. Of one loop; dropped
// with things still open, it is never told.
struct JointWait {
  std::size_t open = 0;
  base::Status status = base::Ok();
  std::move_only_function<void(base::Status)> done;

  void Finish(const base::Status& one) {
    if (!one.ok() && status.ok()) status = one;
    if (--open == 0) done(std::move(status));
  }
};

}  // namespace gatehouse::features::common
