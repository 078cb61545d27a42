#include "base/result.h"

namespace gatehouse::base {

std::string_view ToString(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidRequest: return "invalid_request";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kContextLength: return "context_length";
    case ErrorCode::kUnauthenticated: return "unauthenticated";
    case ErrorCode::kPaymentRequired: return "payment_required";
    case ErrorCode::kDenied: return "denied";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kMethodNotAllowed: return "method_not_allowed";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kTooLarge: return "too_large";
    case ErrorCode::kBudgetExceeded: return "budget_exceeded";
    case ErrorCode::kRateLimited: return "rate_limited";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kBadUpstream: return "bad_upstream";
    case ErrorCode::kContentFiltered: return "content_filtered";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

std::string_view ToString(ErrorSource source) {
  switch (source) {
    case ErrorSource::kClient: return "client";
    case ErrorSource::kPolicy: return "policy";
    case ErrorSource::kUpstream: return "upstream";
    case ErrorSource::kStore: return "store";
    case ErrorSource::kGateway: return "gateway";
  }
  return "gateway";
}

Error InvalidRequest(std::string message, std::string param) {
  return Error{.code = ErrorCode::kInvalidRequest,
               .source = ErrorSource::kClient,
               .public_message = std::move(message),
               .param = std::move(param)};
}

Error Internal(std::string detail) {
  return Error{
      .code = ErrorCode::kInternal,
      .public_message = "The gateway failed on this request. Retry; if it persists, give the operator the request id.",
      .detail = std::move(detail)};
}

}  // namespace gatehouse::base
