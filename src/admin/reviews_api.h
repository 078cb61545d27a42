#pragma once

#include <string>
#include <vector>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "admin/approvals_api.h"
#include "admin/tenancy_api.h"
#include "base/result.h"
#include "features/oversight/review_queue.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// /admin/v1/reviews (docs/oversight.md): exchanges that people look at when they are over, to who may approve or audit
// for the part of the tree that asked; verdicts, to who may approve there; planting, and how people decide, to who may
// audit everywhere. Belongs to the admin loop.
class ReviewsApi {
 public:
  // All outlive it.
  ReviewsApi(features::oversight::ReviewQueue& queue, const ReviewSettings& settings,
             const features::identity::Directory& directory)
      : queue_(queue), settings_(settings), directory_(directory) {}

  net::Task<base::Result<ApiReply>> Answer(http::ServerExchange& exchange, const AdminActor& actor,
                                           std::vector<std::string> parts);

 private:
  using Answered = net::Task<base::Result<ApiReply>>;
  using Review = features::oversight::Review;

  Answered List(http::ServerExchange& exchange, const AdminActor& actor);
  Answered Show(http::ServerExchange& exchange, const AdminActor& actor, std::string word);
  Answered Judge(http::ServerExchange& exchange, const AdminActor& actor, std::string word);
  Answered Plant(http::ServerExchange& exchange, const AdminActor& actor, std::string word);
  Answered Reviewers(http::ServerExchange& exchange, const AdminActor& actor);
  base::Result<features::oversight::ReviewBook::Query> QueryOf(const http::RequestHead& head) const;
  bool MayJudge(const AdminActor& actor, const Review& review) const;
  bool MaySee(const AdminActor& actor, const Review& review) const;
  bool MayAudit(const AdminActor& actor) const;
  // One that the caller may see.
  net::Task<base::Result<Review>> Find(http::ServerExchange& exchange, const AdminActor& actor, std::string word);

  features::oversight::ReviewQueue& queue_;
  const ReviewSettings& settings_;
  const features::identity::Directory& directory_;
};

}  // namespace gatehouse::admin
