#pragma once

#include "ingress/session.h"
#include "net/task.h"

namespace gatehouse::ingress::models {

// Lists the models that the caller may use, in the dialect of its path and headers. `session` outlives the task.
net::Task<> Serve(Session& session);

}  // namespace gatehouse::ingress::models
