#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/published.h"
#include "base/result.h"
#include "codec/jose/key_set.h"
#include "features/identity/oidc/issuer_settings.h"
#include "net/handoff.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::features::identity::oidc {

class IssuerAgent;

// What is known of an issuer's keys. Immutable: every fetch makes a new one.
struct KeyState {
  std::shared_ptr<const codec::jose::KeySet> keys;  // null: none could be fetched yet, or they were purged
  base::TimePoint attempted_at;                     // when the last fetch ended, well or not
  base::TimePoint unusable_at;                      // when the keys are too old even for an issuer that is down
  std::string problem;                              // of the last fetch; "" for none. For logs and the operator

  bool Usable(base::TimePoint now) const { return keys != nullptr && now < unusable_at; }
};

// An introspection's answer: the JSON object as it came.
using Introspected = base::Result<std::shared_ptr<const std::string>>;

// An issuer as the loops that serve requests see it: its terms, its keys as they are now, and a line to the agent that
// talks to it. The agent lives on one loop of the process, the home loop, so that there is one fetch for all loops, one
// memory of unknown keys and one purge; what a request needs is here, without waiting. Thread-safe; shared.
class Issuer {
 public:
  // `home` outlives the issuer. `known`: what an issuer before this one had fetched from the same place.
  Issuer(IssuerSettings settings, net::Loop& home, std::shared_ptr<const KeyState> known);

  const IssuerSettings& settings() const { return settings_; }
  std::shared_ptr<const KeyState> Pin() const { return state_.Pin(); }
  // Changes with the keys.
  std::uint64_t version() const { return state_.version(); }

  // Asks for newer keys because of one that is unknown, and returns when they are here, or when there is nothing to be
  // had: the issuer does not answer, was asked a moment ago, or is known not to have this key. `own` is the caller's
  // loop. The issuer outlives the task.
  net::Task<> Refresh(net::Loop& own, std::string key_id, net::Deadline deadline) const;
  // Asks the issuer what this token is. kUnavailable where it does not say.
  net::Task<Introspected> Introspect(net::Loop& own, std::string token, net::Deadline deadline) const;

  // For the agent: on the home loop.
  void Publish(KeyState state) { state_.Replace(std::make_shared<const KeyState>(std::move(state))); }
  void Serve(std::weak_ptr<IssuerAgent> agent) { agent_ = std::move(agent); }

 private:
  IssuerSettings settings_;
  net::Loop& home_;
  base::Published<KeyState> state_;
  std::weak_ptr<IssuerAgent> agent_;  // set before the issuer is shared; locked on the home loop only
};

// The issuers of one configuration. Immutable.
class IssuerSet {
 public:
  explicit IssuerSet(std::vector<std::shared_ptr<Issuer>> issuers) : issuers_(std::move(issuers)) {}

  // By the exact name; nullptr for none.
  const Issuer* Find(std::string_view name) const;
  // The one that is asked about tokens which do not name their issuer; nullptr for none.
  const Issuer* ForOpaqueTokens() const;
  const std::vector<std::shared_ptr<Issuer>>& issuers() const { return issuers_; }

 private:
  std::vector<std::shared_ptr<Issuer>> issuers_;
};

}  // namespace gatehouse::features::identity::oidc
