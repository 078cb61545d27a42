#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace gatehouse::base {

// What went wrong, coarse enough that each surface maps it to one status and type of its dialect.
enum class ErrorCode : std::uint8_t {
  kInvalidRequest,    // the caller's bytes or values are wrong (400)
  kUnsupported,       // well-formed, but the chosen target cannot express it (400)
  kContextLength,     // the prompt does not fit the model (400)
  kUnauthenticated,   // no or bad credential (401)
  kPaymentRequired,   // the account behind the call has no credit (402)
  kDenied,            // known caller, not allowed (403)
  kNotFound,          // unknown model, path or object (404)
  kMethodNotAllowed,  // 405
  kConflict,          // 409
  kTooLarge,          // 413
  kBudgetExceeded,    // 429, pointless to retry soon
  kRateLimited,       // 429, retry after `retry_after`
  kCancelled,         // the caller went away; nobody reads the answer
  kTimeout,           // a deadline passed (504)
  kUnavailable,       // the upstream cannot be reached, or is overloaded (502/503/529)
  kBadUpstream,       // the upstream answered something that is not its protocol (502)
  kContentFiltered,   // refused by the provider's or our own policy on content
  kInternal,          // a fault of ours (500)
};

enum class ErrorSource : std::uint8_t { kClient, kPolicy, kUpstream, kStore, kGateway };
enum class Retry : std::uint8_t {
  kNever,        // the same request fails the same way everywhere
  kSameTarget,   // may pass: another target first, this one again after a pause
  kOtherTarget,  // this target will not serve it; another may
};

std::string_view ToString(ErrorCode code);
std::string_view ToString(ErrorSource source);

// A failure that traffic, an upstream, a store or a configuration can cause. A value: copy and move freely.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  ErrorSource source = ErrorSource::kGateway;
  Retry retry = Retry::kNever;  // decides retries alone; never the text, never the status
  std::string public_message;   // may reach the client; tells a person what to do
  std::string detail;           // logs and record only; never leaves the process
  std::string param;            // the offending field in the client's own spelling, "messages[2].content"
  std::optional<std::uint32_t> retry_after_seconds;  // from the upstream or a limit, when known
  std::uint16_t upstream_status = 0;                 // 0: no upstream answer
  std::shared_ptr<const Error> cause;
};

// Shorthands for the two most frequent kinds.
Error InvalidRequest(std::string message, std::string param = {});
Error Internal(std::string detail);

// Either a T or the Error that prevented it.
template <class T>
class [[nodiscard]] Result {
 public:
  using ValueType = T;
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is how a Result is made
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): and `return Error{...};`
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  const Error& error() const { return *std::get_if<1>(&state_); }
  Error TakeError() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

struct Unit {};
using Status = Result<Unit>;
inline Status Ok() { return Unit{}; }

}  // namespace gatehouse::base

#define GH_RESULT_NAME2(line) gh_result_##line
#define GH_RESULT_NAME(line) GH_RESULT_NAME2(line)

// Unwraps `expr` into `decl`, or leaves the enclosing function with its error.
#define GH_TRY(decl, expr)                                  \
  auto GH_RESULT_NAME(__LINE__) = (expr);                   \
  if (!GH_RESULT_NAME(__LINE__).ok()) {                     \
    return std::move(GH_RESULT_NAME(__LINE__)).TakeError(); \
  }                                                         \
  decl = std::move(GH_RESULT_NAME(__LINE__)).value()  // NOLINT(bugprone-macro-parentheses): `decl` is a declaration

// The same for a coroutine.
#define GH_CO_TRY(decl, expr)                                  \
  auto GH_RESULT_NAME(__LINE__) = (expr);                      \
  if (!GH_RESULT_NAME(__LINE__).ok()) {                        \
    co_return std::move(GH_RESULT_NAME(__LINE__)).TakeError(); \
  }                                                            \
  decl = std::move(GH_RESULT_NAME(__LINE__)).value()  // NOLINT(bugprone-macro-parentheses): `decl` is a declaration

// For a Status: leaves the function when it failed.
#define GH_CHECK_OK(expr)                                                                  \
  do {                                                                                     \
    if (auto gh_status = (expr); !gh_status.ok()) return std::move(gh_status).TakeError(); \
  } while (false)

#define GH_CO_CHECK_OK(expr)                                                                  \
  do {                                                                                        \
    if (auto gh_status = (expr); !gh_status.ok()) co_return std::move(gh_status).TakeError(); \
  } while (false)
