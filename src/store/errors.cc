#include "store/errors.h"

#include <utility>

namespace gatehouse::store {

using base::Error;
using base::ErrorCode;
using base::ErrorSource;
using base::Retry;

Error Unavailable(std::string detail) {
  return {.code = ErrorCode::kUnavailable,
          .source = ErrorSource::kStore,
          .retry = Retry::kSameTarget,
          .public_message = "The gateway's database cannot be used at the moment. Try again soon.",
          .detail = std::move(detail),
          .retry_after_seconds = 1};
}

Error Conflict(std::string detail) {
  return {.code = ErrorCode::kConflict,
          .source = ErrorSource::kStore,
          .public_message = "This was changed or made by somebody else meanwhile. Look at it again, then repeat.",
          .detail = std::move(detail)};
}

Error UndoneByOthers(std::string detail) {
  Error error = Conflict(std::move(detail));
  error.retry = Retry::kSameTarget;
  return error;
}

Error NotDoneInTime() {
  return {.code = ErrorCode::kTimeout,
          .source = ErrorSource::kStore,
          .retry = Retry::kSameTarget,
          .public_message = "The gateway's database did not get to this in time. Try again.",
          .detail = "the deadline passed and nothing was done"};
}

Error InDoubt() {
  return {.code = ErrorCode::kTimeout,
          .source = ErrorSource::kStore,
          .public_message = "The gateway's database took too long. This may have been done: look before you repeat it.",
          .detail = "the deadline passed while the work was under way"};
}

Error AnswerTooLarge(std::string detail) {
  return {.code = ErrorCode::kTooLarge,
          .source = ErrorSource::kStore,
          .public_message = "There is too much of this for one answer. Ask for a smaller part of it.",
          .detail = std::move(detail)};
}

base::Result<Rows> AsExpected(base::Result<Rows> rows, const Statement& statement) {
  if (rows.ok() && statement.expected_changes && *statement.expected_changes != rows.value().changes()) {
    return Conflict("changed " + std::to_string(rows.value().changes()) + " rows and not " +
                    std::to_string(*statement.expected_changes));
  }
  return rows;
}

}  // namespace gatehouse::store
