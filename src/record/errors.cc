#include "record/errors.h"

#include <utility>

namespace gatehouse::record {
namespace {

base::Error Make(base::ErrorCode code, std::string message) {
  return {.code = code, .source = base::ErrorSource::kStore, .public_message = std::move(message)};
}

}  // namespace

base::Error Malformed(std::string message) { return Make(base::ErrorCode::kInvalidRequest, std::move(message)); }
base::Error Contradiction(std::string message) { return Make(base::ErrorCode::kInternal, std::move(message)); }
base::Error Conflict(std::string message) { return Make(base::ErrorCode::kConflict, std::move(message)); }
base::Error NotFound(std::string message) { return Make(base::ErrorCode::kNotFound, std::move(message)); }

base::Error Unavailable(std::string detail) {
  base::Error error = Make(base::ErrorCode::kUnavailable,
                           "The audit record cannot be written now, and nothing is done without it. Retry soon.");
  error.retry = base::Retry::kSameTarget;
  error.detail = std::move(detail);
  return error;
}

}  // namespace gatehouse::record
