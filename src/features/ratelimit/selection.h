#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "features/common/caller_map.h"
#include "features/ratelimit/rule_set.h"
#include "pipeline/principal.h"

namespace gatehouse::features::ratelimit {

// The rules that concern exchanges of one principal for one model, each with the bucket it is counted in.
struct Concern {
  using Matches = std::vector<RuleSet::Match>;
  struct OfProvider {
    std::string provider;
    Matches matches;
  };

  std::shared_ptr<const pipeline::Principal> principal;
  std::string model;
  base::TimePoint until;  // when it is made anew: what a bucket that was full of callers has room for may change
  Matches general;
  std::deque<OfProvider> by_provider;  // as they are asked for
};

// Says which rules concern whom, and remembers it. One loop.
class Selection {
 public:
  explicit Selection(std::shared_ptr<const RuleSet> rules) : rules_(std::move(rules)) {}

  const RuleSet& rules() const { return *rules_; }
  std::shared_ptr<Concern> Of(const std::shared_ptr<const pipeline::Principal>& principal, std::string_view model,
                              base::TimePoint now);
  // Of calls to one provider. Lives as long as the concern.
  const Concern::Matches& Of(Concern& concern, std::string_view provider, base::TimePoint now) const;

 private:
  static constexpr base::Duration kRemembered = std::chrono::seconds(10);
  std::shared_ptr<Concern> NewConcern(const std::shared_ptr<const pipeline::Principal>& principal,
                                      std::string_view model, base::TimePoint now) const;

  const std::shared_ptr<const RuleSet> rules_;
  common::CallerMap<std::shared_ptr<Concern>> known_;
};

}  // namespace gatehouse::features::ratelimit
