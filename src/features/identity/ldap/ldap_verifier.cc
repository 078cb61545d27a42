#include "features/identity/ldap/ldap_verifier.h"

#include <signal.h>

#include <chrono>
#include <utility>

#include "base/check.h"
#include "features/identity/ldap/person_directory.h"

namespace gatehouse::features::identity::ldap {
namespace {

// The library writes to connections that may be closed at the other end; that is an error of the call, not of the
// process.
void BlockBrokenPipes() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  GH_CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
}

constexpr auto kPatience = std::chrono::milliseconds(500);

base::Error Busy(std::string detail) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kGateway,
          .retry = base::Retry::kSameTarget,
          .public_message = "The directory takes too long to answer. Try again in a few seconds.",
          .detail = std::move(detail),
          .retry_after_seconds = 5};
}

}  // namespace

LdapVerifier::LdapVerifier(LdapSettings settings, const base::Clock& clock)
    : settings_(std::move(settings)), clock_(clock), jobs_(settings_.max_waiting) {
  for (std::size_t i = 0; i < settings_.threads; ++i) threads_.emplace_back([this] { Work(); });
}

LdapVerifier::~LdapVerifier() {
  jobs_.Close();
  for (std::thread& thread : threads_) thread.join();
}

void LdapVerifier::Work() {
  BlockBrokenPipes();
  PersonDirectory directory(settings_, clock_);
  while (!jobs_.finished()) {
    for (Job& job : jobs_.Take(1, kPatience)) {
      if (!job.answer.Begin()) continue;
      if (clock_.Now() >= job.deadline) {
        job.answer.Send(Busy("waited too long for a thread"));
      } else {
        job.answer.Send(directory.Verify(job.user, job.password));
      }
    }
  }
}

net::Task<LdapVerifier::Outcome> LdapVerifier::Verify(net::Loop& own, std::string user, base::Secret password,
                                                      net::Deadline deadline) {
  net::Handoff<Outcome> answer(own);
  const auto pushed = jobs_.Push(
      {.user = std::move(user), .password = std::move(password), .deadline = deadline.at, .answer = answer.sender()});
  if (pushed == decltype(pushed)::kFull) co_return Busy("too many passwords wait to be tried");
  auto outcome = co_await answer.Receive(deadline);
  co_return outcome ? *std::move(outcome) : Outcome(Busy("no answer in time"));
}

}  // namespace gatehouse::features::identity::ldap
