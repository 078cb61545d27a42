#pragma once

#include <string>
#include <vector>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "admin/tenancy_api.h"
#include "base/result.h"
#include "features/audit/archive.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// Legal holds over the payloads of this gateway (docs/record.md), for who may give roles everywhere: GET
// /admin/v1/holds lists them, POST places one, POST /admin/v1/holds/NAME/lift lifts it. Belongs to the admin loop.
class HoldsApi {
 public:
  // The directory, and the archive where there is one, outlive it.
  HoldsApi(features::audit::Archive* archive, const features::identity::Directory& directory)
      : archive_(archive), directory_(directory) {}

  // `parts` are those of the path below /admin/v1/.
  net::Task<base::Result<ApiReply>> Answer(http::ServerExchange& exchange, const AdminActor& actor,
                                           std::vector<std::string> parts);

 private:
  net::Task<base::Result<ApiReply>> List(http::ServerExchange& exchange);
  net::Task<base::Result<ApiReply>> Place(http::ServerExchange& exchange, const AdminActor& actor);
  net::Task<base::Result<ApiReply>> Lift(http::ServerExchange& exchange, const AdminActor& actor, std::string name);
  base::Result<features::audit::HoldOrder> OrderIn(std::string text, const AdminActor& actor) const;
  base::Result<std::string> SubjectOf(const std::string& node, const std::string& key) const;

  features::audit::Archive* const archive_;
  const features::identity::Directory& directory_;
};

}  // namespace gatehouse::admin
