#pragma once

#include "ingress/session.h"
#include "net/task.h"

namespace gatehouse::ingress::embeddings {

// Serves one embedding call in the dialect of its path. `session` outlives the task.
net::Task<> Serve(Session& session);

}  // namespace gatehouse::ingress::embeddings
