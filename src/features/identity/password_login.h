#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "codec/crypto/hash.h"
#include "features/identity/password_verifier.h"
#include "net/loop.h"
#include "net/task.h"
#include "pipeline/principal.h"

namespace gatehouse::features::identity {

struct PasswordLoginSettings {
  base::Duration remember = std::chrono::minutes(1);  // for so long a password that was right is not asked about again
  std::uint32_t failures = 5;                         // of one name within the window; ten times as many of one address
  base::Duration window = std::chrono::minutes(1);
  bool operator==(const PasswordLoginSettings&) const = default;
};

// Counts what went wrong by who did it, within windows of time. Bounded: while it is full, nobody new may fail.
class FailureCounter {
 public:
  explicit FailureCounter(base::Duration window) : window_(window) {}

  // How long to wait until another try, where there were `most` failures.
  std::optional<base::Duration> Wait(const std::string& who, std::uint32_t most, base::TimePoint now);
  void Add(const std::string& who, base::TimePoint now);

 private:
  static constexpr std::size_t kMostNames = 4096;
  struct Failures {
    base::TimePoint until;
    std::uint32_t count = 0;
  };

  const base::Duration window_;
  std::map<std::string, Failures> failures_;
};

// Logs people in whose client shows name and password with every call. What was right is remembered for a short time,
// as a hash under a key of this process, never as a password; whoever guesses is slowed down, by name and by address.
// One loop; outlives the tasks it gives out.
class PasswordLogin {
 public:
  // `clock` outlives it.
  PasswordLogin(PasswordLoginSettings settings, const base::Clock& clock);

  struct Attempt {
    std::string user;
    base::Secret password;
    std::string address;  // of the client, "192.0.2.7:51234"
  };
  using Outcome = base::Result<std::shared_ptr<const pipeline::Principal>>;
  // As PasswordVerifier::Verify(), which is asked about one attempt of a name at a time; kRateLimited, with a time to
  // retry after, when too much was wrong. Another verifier than the last time is one that remembers nothing.
  net::Task<Outcome> Verify(std::shared_ptr<PasswordVerifier> verifier, net::Loop& loop, Attempt attempt,
                            net::Deadline deadline);

 private:
  static constexpr std::size_t kMostRemembered = 1024;
  struct Remembered {
    std::shared_ptr<const pipeline::Principal> principal;
    base::TimePoint until;
  };
  class Turn;

  std::string HashOf(std::string_view what, std::string_view text) const;
  std::shared_ptr<const pipeline::Principal> Recall(const std::string& hash);
  void Remember(const std::string& hash, std::shared_ptr<const pipeline::Principal> principal);
  std::optional<base::Duration> Wait(const std::string& user, const std::string& address);

  const PasswordLoginSettings settings_;
  const base::Clock& clock_;
  const base::Secret key_;
  std::weak_ptr<PasswordVerifier> verifier_;      // the last one that was asked
  std::map<std::string, Remembered> remembered_;  // by the hash of name and password
  std::set<std::string> asking_;                  // hashes of names that the verifier is asked about now
  FailureCounter failures_;
};

}  // namespace gatehouse::features::identity
