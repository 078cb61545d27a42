#pragma once

#include <string>

#include "base/result.h"
#include "pipeline/operation.h"

namespace gatehouse::features::guard {

// Puts a changed body in the place of the client's. The neutral request is read from it anew; what stages have decided
// about it before (a lower limit of output, tools taken away) stays.
base::Status ChangeBody(pipeline::ChatCall& call, std::string body);
base::Status ChangeBody(pipeline::EmbeddingCall& call, std::string body);
base::Status ChangeBody(pipeline::CountCall& call, std::string body);
base::Status ChangeBody(pipeline::RerankCall& call, std::string body);

}  // namespace gatehouse::features::guard
