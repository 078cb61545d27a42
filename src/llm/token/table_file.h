#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "llm/token/table.h"

namespace gatehouse::llm::token {

// Maps the token table at `path` and checks it: some milliseconds of work, not for an event loop. The file stays mapped
// while the Table is held; replace it by renaming another over it, never in place. Errors are kNotFound and kInternal.
base::Result<std::shared_ptr<const Table>> LoadTable(const std::string& path);

}  // namespace gatehouse::llm::token
