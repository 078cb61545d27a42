#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace gatehouse::features::identity {

// Nobody that is known (401). The message says which check failed; never who or what exists here.
inline base::Error Refusal(std::string message, std::string detail = {}) {
  return {.code = base::ErrorCode::kUnauthenticated,
          .source = base::ErrorSource::kClient,
          .public_message = std::move(message),
          .detail = std::move(detail)};
}

// Somebody who is known, and may not (403).
inline base::Error Denial(std::string message, std::string detail = {}) {
  return {.code = base::ErrorCode::kDenied,
          .source = base::ErrorSource::kPolicy,
          .public_message = std::move(message),
          .detail = std::move(detail)};
}

}  // namespace gatehouse::features::identity
