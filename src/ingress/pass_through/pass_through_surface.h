#pragma once

#include "ingress/session.h"
#include "net/task.h"

namespace gatehouse::ingress::pass_through {

// Serves an endpoint whose content is not looked into (images, audio, files, batches): identity, routing and limits
// apply, the content is recorded as not scanned. The model of a JSON body chooses the route; without one the configured
// default does. `session` outlives the task.
net::Task<> Serve(Session& session);

}  // namespace gatehouse::ingress::pass_through
