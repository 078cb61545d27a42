#pragma once

#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "features/identity/ldap/ldap_settings.h"
#include "features/identity/password_verifier.h"
#include "net/handoff.h"
#include "store/work_queue.h"

namespace gatehouse::features::identity::ldap {

// Passwords that a directory knows: searches the person, then binds as the person found. The library blocks, so that a
// few threads of its own wait for the directory; what they cannot take on is refused at once. Dropping it waits for
// what is under way, at most a few times the configured timeout.
class LdapVerifier final : public PasswordVerifier {
 public:
  // `clock` outlives it.
  LdapVerifier(LdapSettings settings, const base::Clock& clock);
  LdapVerifier(const LdapVerifier&) = delete;
  LdapVerifier& operator=(const LdapVerifier&) = delete;
  ~LdapVerifier() override;

  net::Task<base::Result<pipeline::Principal>> Verify(net::Loop& own, std::string user, base::Secret password,
                                                      net::Deadline deadline) override;

 private:
  using Outcome = base::Result<pipeline::Principal>;
  struct Job {
    std::string user;
    base::Secret password;
    base::TimePoint deadline;
    net::Handoff<Outcome>::Sender answer;
  };

  void Work();

  const LdapSettings settings_;
  const base::Clock& clock_;
  store::WorkQueue<Job> jobs_;
  std::vector<std::thread> threads_;  // last: they start when the rest is ready
};

}  // namespace gatehouse::features::identity::ldap
