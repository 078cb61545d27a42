#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

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

// An error on its way up: what GH_TRY hands on, so that it moves as one pointer however many callers it passes.
class Failure {
  template <class T>
  friend class Result;
  explicit Failure(std::unique_ptr<Error> error) : error_(std::move(error)) {}

  std::unique_ptr<Error> error_;
};

// Either a T or the Error that prevented it. As large as a T and a pointer: errors are rare and live on the heap.
template <class T>
class [[nodiscard]] Result {
 public:
  using ValueType = T;
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is how a Result is made
  Result(T value) : value_(std::move(value)), ok_(true) {}
  // NOLINTNEXTLINE(google-explicit-constructor): and `return Error{...};`
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  // NOLINTNEXTLINE(google-explicit-constructor): and what GH_TRY returns
  Result(Failure failure) : error_(std::move(failure.error_)) {}

  Result(const Result& other)
    requires std::is_copy_constructible_v<T>
      : ok_(other.ok_) {
    if (ok_) {
      std::construct_at(&value_, other.value_);
    } else {
      error_ = std::make_unique<Error>(*other.error_);
    }
  }
  // What was moved from can be assigned to and destroyed, no more.
  Result(Result&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
      : error_(std::move(other.error_)), ok_(other.ok_) {
    if (ok_) std::construct_at(&value_, std::move(other.value_));
  }
  Result& operator=(Result other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    std::destroy_at(this);
    return *std::construct_at(this, std::move(other));
  }
  ~Result() {
    if (ok_) std::destroy_at(&value_);
  }

  bool ok() const { return ok_; }
  // REQUIRES: ok().
  T& value() & { return value_; }
  const T& value() const& { return value_; }
  T&& value() && { return std::move(value_); }
  // REQUIRES: !ok().
  const Error& error() const { return *error_; }
  Error TakeError() && { return std::move(*error_); }
  Failure TakeFailure() && { return Failure(std::move(error_)); }

 private:
  std::unique_ptr<Error> error_;  // null where there is a value
  union {
    T value_;  // NOLINT(readability-identifier-naming): private, which the check does not see through the union
  };
  bool ok_ = false;
};

struct Unit {};
using Status = Result<Unit>;
inline Status Ok() { return Unit{}; }

}  // namespace gatehouse::base

#define GH_RESULT_NAME2(line) gh_result_##line
#define GH_RESULT_NAME(line) GH_RESULT_NAME2(line)

// Unwraps `expr` into `decl`, or leaves the enclosing function with its error.
#define GH_TRY(decl, expr)                                    \
  auto GH_RESULT_NAME(__LINE__) = (expr);                     \
  if (!GH_RESULT_NAME(__LINE__).ok()) {                       \
    return std::move(GH_RESULT_NAME(__LINE__)).TakeFailure(); \
  }                                                           \
  decl = std::move(GH_RESULT_NAME(__LINE__)).value()  // NOLINT(bugprone-macro-parentheses): `decl` is a declaration

// The same for a coroutine.
#define GH_CO_TRY(decl, expr)                                    \
  auto GH_RESULT_NAME(__LINE__) = (expr);                        \
  if (!GH_RESULT_NAME(__LINE__).ok()) {                          \
    co_return std::move(GH_RESULT_NAME(__LINE__)).TakeFailure(); \
  }                                                              \
  decl = std::move(GH_RESULT_NAME(__LINE__)).value()  // NOLINT(bugprone-macro-parentheses): `decl` is a declaration

// For a Status: leaves the function when it failed.
#define GH_CHECK_OK(expr)                                                                    \
  do {                                                                                       \
    if (auto gh_status = (expr); !gh_status.ok()) return std::move(gh_status).TakeFailure(); \
  } while (false)

#define GH_CO_CHECK_OK(expr)                                                                    \
  do {                                                                                          \
    if (auto gh_status = (expr); !gh_status.ok()) co_return std::move(gh_status).TakeFailure(); \
  } while (false)
