#pragma once

#include "ingress/session.h"
#include "net/task.h"

namespace gatehouse::ingress::rerank {

// Serves one rerank call (Cohere's format). `session` outlives the task.
net::Task<> Serve(Session& session);

}  // namespace gatehouse::ingress::rerank
