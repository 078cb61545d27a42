#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "features/ratelimit/meter.h"
#include "features/ratelimit/rule.h"
#include "pipeline/principal.h"

namespace gatehouse::features::ratelimit {

// The node at a path of the tenancy tree; nullopt where there is none, or none that is known yet.
using FindNode = std::function<std::optional<pipeline::NodeId>(std::string_view path)>;

// The rules of one configuration, each with its meter. Immutable.
class RuleSet {
 public:
  // A rule whose path leads nowhere is matched by the names on it.
  RuleSet(std::shared_ptr<const std::vector<Rule>> rules, MeterBoard& board, const FindNode& find = {});

  struct Entry {
    const Rule* rule = nullptr;
    std::shared_ptr<Meter> meter;
    std::optional<pipeline::NodeId> node;
  };
  struct Match {
    const Rule* rule = nullptr;
    std::shared_ptr<Bucket> bucket;
  };
  // Appends the rules that concern every exchange of this principal for this model.
  void Select(const pipeline::Principal& principal, std::string_view model, base::TimePoint now,
              std::vector<Match>& into) const;
  // The same of those that concern a call to one provider.
  void SelectFor(std::string_view provider, const pipeline::Principal& principal, std::string_view model,
                 base::TimePoint now, std::vector<Match>& into) const;

  bool empty() const { return general_.empty() && by_provider_.empty(); }
  bool HasProviderRules() const { return !by_provider_.empty(); }
  // Whether any rule counts what is under way.
  bool CountsSlots() const;
  // Through which gateways share the rules; null: they are this gateway's alone.
  Replenisher* replenisher() const { return replenisher_; }
  std::uint64_t ActorOf(const pipeline::Principal& principal) const { return ratelimit::ActorOf(principal, key_); }

 private:
  void Add(const Entry& entry, const pipeline::Principal& principal, std::string_view model, base::TimePoint now,
           std::vector<Match>& into) const;

  const std::shared_ptr<const std::vector<Rule>> rules_;
  std::vector<Entry> general_;
  std::vector<Entry> by_provider_;
  codec::crypto::SipKey key_;
  Replenisher* replenisher_;
};

}  // namespace gatehouse::features::ratelimit
