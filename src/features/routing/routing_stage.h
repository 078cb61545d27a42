#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "features/routing/selection.h"
#include "pipeline/stage.h"

namespace gatehouse::features::routing {

// The routes of one loop by public model name. Built once per configuration and loop.
class RouteTable {
 public:
  // `routes` are shared by the loops; `providers` (by name) are this loop's and outlive the table.
  RouteTable(std::shared_ptr<const std::vector<Route>> routes,
             const std::map<std::string, pipeline::Provider*, std::less<>>& providers);

  const BoundRoute* Find(std::string_view model) const;
  // The models that `principal` may use; all, or the one of that name.
  pipeline::ModelsReply List(const pipeline::Principal& principal, std::string_view id) const;

 private:
  std::shared_ptr<const std::vector<Route>> routes_;
  std::vector<BoundRoute> bound_;
  std::unordered_map<std::string_view, const BoundRoute*> index_;  // keys live in routes_
};

// The last stage: chooses a target, calls it, retries and fails over until an answer has begun. An attempt that fails
// before the first event of its answer is invisible to the client; after it nothing is resumed.
class RoutingStage final : public pipeline::Stage {
 public:
  explicit RoutingStage(std::shared_ptr<const RouteTable> table) : table_(std::move(table)) {}

  std::string_view Name() const override { return "route"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;

 private:
  std::shared_ptr<const RouteTable> table_;
  mutable std::atomic<std::uint64_t> turn_ = 0;  // of round-robin
};

}  // namespace gatehouse::features::routing
