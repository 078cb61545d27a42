#pragma once

#include <string_view>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "admin/tenancy_api.h"
#include "base/result.h"
#include "features/alerts/dispatcher.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// Alerts as the admin API shows them. Outlives whoever has it; belongs to the admin loop.
struct AlertServices {
  features::alerts::Dispatcher& dispatcher;
};

// /admin/v1/alerts (docs/alerts.md): what was told and where it went, to who may see the node; the channels and the
// test of one, to who operates the gateway. Belongs to the admin loop.
class AlertsApi {
 public:
  // Both outlive it.
  AlertsApi(const AlertServices& services, const features::identity::Directory& directory)
      : services_(services), directory_(directory) {}

  // Whether a path below /admin/v1/ is one of these.
  static bool Serves(std::string_view path);
  net::Task<base::Result<ApiReply>> Answer(http::ServerExchange& exchange, const AdminActor& actor);

 private:
  using Answered = net::Task<base::Result<ApiReply>>;

  Answered Alerts(http::ServerExchange& exchange, const AdminActor& actor);
  base::Result<ApiReply> Channels() const;
  Answered Test(const AdminActor& actor, std::string channel);

  const AlertServices services_;
  const features::identity::Directory& directory_;
};

}  // namespace gatehouse::admin
