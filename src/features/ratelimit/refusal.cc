#include "features/ratelimit/refusal.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gatehouse::features::ratelimit {
namespace {

std::uint32_t WholeSeconds(base::Duration wait) {
  constexpr std::int64_t kMost = 0xFFFF'FFFF;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(wait).count(), 1, kMost));
}

std::string Counted(std::int64_t amount, std::string_view what) {
  std::string text = std::to_string(amount) + " " + std::string(what);
  if (amount != 1) text.push_back('s');
  return text;
}

std::string NameOf(const Rule& rule) { return "rate limit '" + rule.name + "'"; }

base::Error Refused(std::string message, base::Duration wait) {
  return {.code = base::ErrorCode::kRateLimited,
          .source = base::ErrorSource::kPolicy,
          .public_message = std::move(message),
          .retry_after_seconds = WholeSeconds(wait)};
}

}  // namespace

base::Error TooFast(const Rule& rule, Measure measure, base::Duration wait) {
  const bool requests = measure == Measure::kRequests;
  const auto& rate = requests ? rule.requests : rule.tokens;
  return Refused("The " + NameOf(rule) + " of " + Counted(rate->per_minute(), requests ? "request" : "token") +
                     " per minute is used up. Try again in " + std::to_string(WholeSeconds(wait)) + " s.",
                 wait);
}

base::Error Unchecked(const Rule& rule) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kStore,
          .public_message = "The " + NameOf(rule) + " cannot be looked up at the moment. Try again in a few seconds.",
          .detail = "the store of rate limits does not answer",
          .retry_after_seconds = 5};
}

base::Error TooLarge(const Rule& rule, std::int64_t tokens) {
  return {.code = base::ErrorCode::kTooLarge,
          .source = base::ErrorSource::kPolicy,
          .public_message = "This request has about " + Counted(tokens, "token") + ", and the " + NameOf(rule) +
                            " never lets more than " + std::to_string(rule.tokens->burst()) +
                            " through at once. Send less, or ask an administrator to raise its burst."};
}

base::Error TooMany(const Rule& rule, Waited waited) {
  std::string message = "The " + NameOf(rule) + " allows " + Counted(rule.concurrent, "request") +
                        " at a time, and as many are under way";
  if (waited == Waited::kQueueFull) message += "; " + std::to_string(rule.queue.waiting) + " more wait already";
  if (waited == Waited::kInVain) message += "; none ended in time";
  return Refused(message + ". Try again when one of them has ended.", std::chrono::seconds(1));
}

}  // namespace gatehouse::features::ratelimit
