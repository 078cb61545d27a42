#pragma once

#include "ingress/session.h"
#include "net/task.h"

namespace gatehouse::ingress::chat {

// Serves one chat call of any dialect: decodes, runs the pipeline, and passes the upstream's bytes on where both sides
// speak the same dialect, or encodes its events. `session` outlives the task.
net::Task<> Serve(Session& session);

}  // namespace gatehouse::ingress::chat
