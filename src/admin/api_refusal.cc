#include "admin/api_refusal.h"

#include <string>
#include <utility>

namespace gatehouse::admin {

base::Error Denied() {
  return {.code = base::ErrorCode::kDenied,
          .source = base::ErrorSource::kPolicy,
          .public_message = "Your roles do not allow this here."};
}

base::Error NoSuch(std::string_view what) {
  return {.code = base::ErrorCode::kNotFound,
          .source = base::ErrorSource::kClient,
          .public_message = "There is no such " + std::string(what) + " here, or it is not yours to see."};
}

base::Error WrongMethod(std::string_view allowed) {
  return {.code = base::ErrorCode::kMethodNotAllowed,
          .source = base::ErrorSource::kClient,
          .public_message = "Use " + std::string(allowed) + " here."};
}

base::Error NoAnswerInTime(std::string message) {
  return {.code = base::ErrorCode::kTimeout, .source = base::ErrorSource::kStore, .public_message = std::move(message)};
}

}  // namespace gatehouse::admin
