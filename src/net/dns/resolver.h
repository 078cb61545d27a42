#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/socket_address.h"
#include "net/task.h"

namespace gatehouse::net::dns {

struct Answer {
  std::vector<SocketAddress> addresses;  // at least one; port 0; in the order of preference (RFC 6724)
  base::Duration time_to_live = base::Duration::zero();
};

// Turns host names into addresses. Belongs to one loop. A pending task may outlive it: it fails then.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // kUnavailable when there is no such name, no address or no name server; kTimeout at the deadline.
  virtual Task<base::Result<Answer>> Resolve(std::string name, Deadline deadline) = 0;
};

base::Error CannotResolve(const std::string& name, const std::string& reason);
base::Error ResolveTimedOut(const std::string& name);

}  // namespace gatehouse::net::dns
