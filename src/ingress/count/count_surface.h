#pragma once

#include "ingress/session.h"
#include "net/task.h"

namespace gatehouse::ingress::count {

// Serves one token-count call in the dialect of its path. `session` outlives the task.
net::Task<> Serve(Session& session);

}  // namespace gatehouse::ingress::count
