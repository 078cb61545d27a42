#pragma once

#include <string_view>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "admin/tenancy_api.h"
#include "base/result.h"
#include "features/audit/archive.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// The record as the admin API acts on it. Outlives whoever has it.
struct RecordServices {
  features::audit::Archive* archive = nullptr;  // null: no payloads are kept
};

// POST /admin/v1/erasures (docs/record.md): erases the payloads of somebody, for who may give roles there. Belongs to
// the admin loop.
class RecordApi {
 public:
  // Both outlive it.
  RecordApi(const RecordServices& services, const features::identity::Directory& directory)
      : services_(services), directory_(directory) {}

  // Whether a path below /admin/v1/ is one of these.
  static bool Serves(std::string_view path);
  net::Task<base::Result<ApiReply>> Answer(http::ServerExchange& exchange, const AdminActor& actor);

 private:
  const RecordServices services_;
  const features::identity::Directory& directory_;
};

}  // namespace gatehouse::admin
