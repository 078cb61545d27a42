#include "http/server_body.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gatehouse::http {

base::Error BodyTooSlow(std::string detail) {
  return {.code = base::ErrorCode::kTimeout,
          .source = base::ErrorSource::kClient,
          .public_message = "The request body did not arrive in time. Send it faster or in one piece.",
          .detail = std::move(detail)};
}

base::Error BodyTooLarge(std::size_t limit) {
  return {.code = base::ErrorCode::kTooLarge,
          .source = base::ErrorSource::kClient,
          .public_message = "The request body is larger than the " + std::to_string(limit) + " bytes allowed here."};
}

net::Deadline BodyDeadline(const ServerContext& context, std::uint64_t received, base::Duration waited) {
  const ServerLimits& limits = context.limits;
  const base::TimePoint now = context.loop.Now();
  if (limits.min_body_rate == 0) return {now + limits.body_timeout};
  const base::Duration earned = std::chrono::seconds(received / limits.min_body_rate);
  return {now + std::min(limits.body_timeout, limits.body_timeout + earned - waited)};
}

}  // namespace gatehouse::http
