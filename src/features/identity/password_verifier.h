#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "net/loop.h"
#include "net/task.h"
#include "pipeline/principal.h"

namespace gatehouse::features::identity {

// Tells whether a password is somebody's, and who that is. Thread-safe; outlives the tasks it gives out.
class PasswordVerifier {
 public:
  virtual ~PasswordVerifier() = default;
  // `own` is the caller's loop. kUnauthenticated for a wrong name or password, in the same words and about the same
  // time for both; kDenied for an account that is disabled or has no place here; kUnavailable, with what is wrong in
  // `detail`, where nobody can tell.
  virtual net::Task<base::Result<pipeline::Principal>> Verify(net::Loop& own, std::string user, base::Secret password,
                                                              net::Deadline deadline) = 0;
};

}  // namespace gatehouse::features::identity
