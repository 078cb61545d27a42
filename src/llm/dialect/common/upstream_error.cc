#include "llm/dialect/common/upstream_error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace gatehouse::llm::dialect::common {
namespace {

using base::Error;
using base::ErrorCode;
using base::Retry;

constexpr std::size_t kMaxDetail = 2048;
constexpr std::size_t kMaxPublic = 1000;

// At most `limit` bytes, cut at a character's border.
std::string_view Cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// Words by which a provider speaks about our side of the contract with it. They only withhold its text: a caller can
// provoke them, so they must not decide the code.
bool SpeaksOfOurAccount(std::string_view message) {
  constexpr std::array<std::string_view, 10> kWords = {"api key",    "api_key", "apikey",       "organization", " org-",
                                                       "credential", "billing", "access token", "subscription", " sk-"};
  const std::string lower = Lower(message);
  return std::ranges::any_of(kWords, [&](std::string_view w) { return lower.find(w) != std::string::npos; });
}

ErrorCode CodeForStatus(std::uint16_t status) {
  switch (status) {
    case 400:
    case 422: return ErrorCode::kInvalidRequest;
    case 402: return ErrorCode::kPaymentRequired;
    case 404: return ErrorCode::kNotFound;
    case 408:
    case 504: return ErrorCode::kTimeout;
    case 409: return ErrorCode::kConflict;
    case 413: return ErrorCode::kTooLarge;
    case 429: return ErrorCode::kRateLimited;
    default: return ErrorCode::kUnavailable;
  }
}

bool IsCallersFault(ErrorCode code) {
  return code == ErrorCode::kInvalidRequest || code == ErrorCode::kUnsupported || code == ErrorCode::kContextLength ||
         code == ErrorCode::kTooLarge || code == ErrorCode::kContentFiltered;
}

Retry RetryFor(ErrorCode code, std::uint16_t status) {
  if (IsCallersFault(code)) return Retry::kNever;
  switch (code) {
    case ErrorCode::kPaymentRequired:
    case ErrorCode::kNotFound:
    case ErrorCode::kBadUpstream: return Retry::kOtherTarget;
    // A refused credential stays refused; an overload passes.
    case ErrorCode::kUnavailable: return status == 401 || status == 403 ? Retry::kOtherTarget : Retry::kSameTarget;
    default: return Retry::kSameTarget;
  }
}

std::string_view CannedMessage(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidRequest:
    case ErrorCode::kUnsupported: return "The provider refused the request. Check its parameters.";
    case ErrorCode::kContextLength: return "The prompt is too long for this model. Shorten it.";
    case ErrorCode::kTooLarge: return "The request is too large for the provider. Send less.";
    case ErrorCode::kContentFiltered: return "The provider's content filter refused the request.";
    case ErrorCode::kRateLimited: return "The provider's rate limit is reached. Try again later.";
    case ErrorCode::kNotFound: return "The provider does not offer this model. Ask the operator of this gateway.";
    case ErrorCode::kTimeout: return "The provider did not answer in time. Try again.";
    case ErrorCode::kConflict: return "The provider reports a conflict. Try again.";
    case ErrorCode::kBadUpstream: return "The provider sent an answer that could not be understood.";
    case ErrorCode::kPaymentRequired: return "This model is not available now. Ask the operator of this gateway.";
    default: return "The provider is not available now. Try again later.";
  }
}

enum class Said : std::uint8_t { kQuoted, kInOurWords };
std::string ParamOf(const UpstreamFault& fault, ErrorCode code, Said said) {
  if (said == Said::kQuoted) return std::string(fault.param);
  return code == ErrorCode::kNotFound ? "model" : "";  // as CannedMessage tells it
}

std::string Describe(const UpstreamFault& fault) {
  std::string text = fault.status == 0 ? std::string("in stream") : "status " + std::to_string(fault.status);
  if (!fault.type.empty()) text.append(", ").append(fault.type);
  return text.append(": ").append(Cut(fault.body.empty() ? fault.message : fault.body, kMaxDetail));
}

}  // namespace

std::uint16_t StatusFor(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidRequest:
    case ErrorCode::kUnsupported:
    case ErrorCode::kContextLength:
    case ErrorCode::kContentFiltered: return 400;
    case ErrorCode::kUnauthenticated: return 401;
    case ErrorCode::kPaymentRequired: return error.source == base::ErrorSource::kUpstream ? 503 : 402;
    case ErrorCode::kDenied: return 403;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kMethodNotAllowed: return 405;
    case ErrorCode::kConflict: return 409;
    case ErrorCode::kTooLarge: return 413;
    case ErrorCode::kBudgetExceeded:
    case ErrorCode::kRateLimited: return 429;
    case ErrorCode::kCancelled: return 499;
    case ErrorCode::kTimeout: return error.source == base::ErrorSource::kClient ? 408 : 504;
    case ErrorCode::kUnavailable: return 503;
    case ErrorCode::kBadUpstream: return 502;
    case ErrorCode::kInternal: return 500;
  }
  return 500;
}

Error ToError(const UpstreamFault& fault) {
  const ErrorCode code = fault.code.value_or(CodeForStatus(fault.status));
  const bool quote = IsCallersFault(code) && !fault.message.empty() && !SpeaksOfOurAccount(fault.message);
  return Error{.code = code,
               .source = base::ErrorSource::kUpstream,
               .retry = RetryFor(code, fault.status),
               .public_message = std::string(quote ? Cut(fault.message, kMaxPublic) : CannedMessage(code)),
               .detail = Describe(fault),
               .param = ParamOf(fault, code, quote ? Said::kQuoted : Said::kInOurWords),
               .retry_after_seconds = fault.retry_after_seconds,
               .upstream_status = fault.status,
               .cause = nullptr};
}

Error MalformedOutput(std::string_view what) {
  return Error{.code = ErrorCode::kBadUpstream,
               .source = base::ErrorSource::kUpstream,
               .retry = Retry::kSameTarget,
               .public_message = "The model's answer cannot be used: it is malformed. Try again.",
               .detail = std::string(Cut(what, kMaxDetail))};
}

Error BadUpstream(std::string_view what) {
  return Error{.code = ErrorCode::kBadUpstream,
               .source = base::ErrorSource::kUpstream,
               .retry = Retry::kOtherTarget,
               .public_message = std::string(CannedMessage(ErrorCode::kBadUpstream)),
               .detail = std::string(Cut(what, kMaxDetail))};
}

}  // namespace gatehouse::llm::dialect::common
