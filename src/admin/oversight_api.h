#pragma once

#include <string>
#include <string_view>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "admin/approvals_api.h"
#include "admin/reviews_api.h"
#include "admin/tenancy_api.h"
#include "base/result.h"
#include "features/oversight/kill_switch.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// Human oversight as the admin API works on it. Outlives whoever has it; belongs to the admin loop.
struct OversightServices {
  features::oversight::KillSwitch& kill_switch;
  features::oversight::ApprovalQueue& approvals;
  features::oversight::ReviewQueue& reviews;
  const ReviewSettings& settings;         // in force
  const ReviewSettings& review_settings;  // the same of reviews
};

// /admin/v1/stops (docs/oversight.md): who operates, or approves for, a part of the tree stops it, and says that it may
// go on; and what ApprovalsApi and ReviewsApi have. Belongs to the admin loop.
class OversightApi {
 public:
  // Both outlive it.
  OversightApi(const OversightServices& services, const features::identity::Directory& directory)
      : services_(services),
        directory_(directory),
        approvals_(services.approvals, services.settings, directory),
        reviews_(services.reviews, services.review_settings, directory) {}

  // Whether a path below /admin/v1/ is one of these.
  static bool Serves(std::string_view path);
  net::Task<base::Result<ApiReply>> Answer(http::ServerExchange& exchange, const AdminActor& actor);

 private:
  using Answered = net::Task<base::Result<ApiReply>>;

  Answered Stops(http::ServerExchange& exchange, const AdminActor& actor);
  Answered Stop(http::ServerExchange& exchange, const AdminActor& actor);
  Answered Lift(http::ServerExchange& exchange, const AdminActor& actor, std::string word);
  bool MayStop(const AdminActor& actor, features::identity::NodeId node) const;
  bool MaySee(const AdminActor& actor, features::identity::NodeId node) const;
  base::Result<features::oversight::Stop> StopAskedFor(ApiBody& body) const;

  const OversightServices services_;
  const features::identity::Directory& directory_;
  ApprovalsApi approvals_;
  ReviewsApi reviews_;
};

}  // namespace gatehouse::admin
