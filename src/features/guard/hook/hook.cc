#include "features/guard/hook/hook.h"

#include <algorithm>

namespace gatehouse::features::guard {
namespace {

constexpr std::size_t kMostAnswer = std::size_t{1} << 20U;

base::Error Silent(std::string detail) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kGateway,
          .retry = base::Retry::kSameTarget,
          .public_message = "A guardrail that has to look at this request cannot be reached. Retry in a moment.",
          .detail = "guard hook: " + std::move(detail)};
}

}  // namespace

base::Metrics::Declaration HookCallsDeclaration() {
  return {"gatehouse_guard_hook_calls_total",
          "Questions to guardrails outside the gateway.",
          base::MetricKind::kCounter,
          {"hook", "outcome"}};
}

net::Task<base::Result<HookFindings>> Hook::Ask(HookQuestion question, net::Deadline deadline) {
  std::size_t bytes = 0;
  for (const HookText& text : question.texts) bytes += text.text.size();
  if (bytes > settings_.most_bytes) {
    calls_.At({settings_.name, "too_large"}).Add();
    co_return base::Error{.code = base::ErrorCode::kTooLarge,
                          .source = base::ErrorSource::kPolicy,
                          .public_message = "There is more text than a guardrail of this gateway may be shown.",
                          .detail = "guard hook: " + std::to_string(bytes) + " bytes"};
  }
  if (failures_ >= kFailures && loop_.Now() < not_before_) {
    calls_.At({settings_.name, "paused"}).Add();
    co_return Silent(settings_.name + " has failed too often");
  }
  not_before_ = loop_.Now() + kPause;  // while one tries, the others do not
  auto findings = co_await Call(question, deadline);
  failures_ = findings.ok() ? 0 : std::min(failures_ + 1, kFailures);
  calls_.At({settings_.name, findings.ok() ? "answered" : "failed"}).Add();
  co_return findings;
}

net::Task<base::Result<HookFindings>> Hook::Call(HookQuestion question, net::Deadline deadline) {
  http::FetchRequest request{
      .method = "POST", .headers = {}, .body = EncodeQuestion(question), .most_bytes = kMostAnswer};
  request.headers.Add("content-type", "application/json");
  request.headers.Add("user-agent", "gatehouse");
  for (const auto& [name, value] : settings_.headers) request.headers.Add(name, value.Reveal());
  net::Deadline until = loop_.In(settings_.timeout);
  until.at = std::min(until.at, deadline.at);
  auto fetched =
      co_await fetcher_.Send(settings_.trust, std::string(settings_.url.Reveal()), std::move(request), until);
  if (!fetched.ok()) co_return Silent(settings_.name + ": " + fetched.error().detail);
  const auto& [head, body] = fetched.value();
  if (head.status != 200) co_return Silent(settings_.name + " answered " + std::to_string(head.status));
  co_return DecodeAnswer(body, question.texts);
}

}  // namespace gatehouse::features::guard
