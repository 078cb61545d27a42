#pragma once

#include <string>

#include "base/result.h"

// The errors of the record. `detail` names files and reasons; it never reaches a client.
namespace gatehouse::record {

// Bytes that are not what their format says.
base::Error Malformed(std::string message);
// The record contradicts itself, or what was signed before: nobody but a person may decide what to do.
base::Error Contradiction(std::string message);
// The folder is in use, or is not one of this log.
base::Error Conflict(std::string message);
// The disk cannot be written or read now; it may be, later.
base::Error Unavailable(std::string detail);
// There is no such entry, tile or file.
base::Error NotFound(std::string message);

}  // namespace gatehouse::record
