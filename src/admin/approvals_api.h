#pragma once

#include <chrono>
#include <string>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "admin/tenancy_api.h"
#include "base/clock.h"
#include "base/result.h"
#include "features/oversight/approval_queue.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// How decisions are looked at.
struct ReviewSettings {
  base::Duration too_fast = std::chrono::seconds(3);
};

// /admin/v1/approvals (docs/oversight.md): requests that people are asked about, to who may approve or audit for the
// part of the tree that asks; decisions, to who may approve there; how people decide, to who may do so everywhere.
// Belongs to the admin loop.
class ApprovalsApi {
 public:
  // All outlive it.
  ApprovalsApi(features::oversight::ApprovalQueue& queue, const ReviewSettings& settings,
               const features::identity::Directory& directory)
      : queue_(queue), settings_(settings), directory_(directory) {}

  net::Task<base::Result<ApiReply>> Answer(http::ServerExchange& exchange, const AdminActor& actor,
                                           std::vector<std::string> parts);

 private:
  using Answered = net::Task<base::Result<ApiReply>>;

  Answered List(http::ServerExchange& exchange, const AdminActor& actor);
  Answered Show(http::ServerExchange& exchange, const AdminActor& actor, std::string word);
  Answered Decide(http::ServerExchange& exchange, const AdminActor& actor, std::string word, std::string verb);
  Answered Reviewers(http::ServerExchange& exchange, const AdminActor& actor);
  bool MayDecide(const AdminActor& actor, const features::oversight::Approval& approval) const;
  bool MaySee(const AdminActor& actor, const features::oversight::Approval& approval) const;
  // One that the caller may see.
  net::Task<base::Result<features::oversight::Approval>> Find(http::ServerExchange& exchange, const AdminActor& actor,
                                                              std::string word);

  features::oversight::ApprovalQueue& queue_;
  const ReviewSettings& settings_;
  const features::identity::Directory& directory_;
};

}  // namespace gatehouse::admin
