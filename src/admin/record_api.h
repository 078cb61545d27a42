#pragma once

#include <string_view>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "admin/holds_api.h"
#include "admin/tenancy_api.h"
#include "base/result.h"
#include "features/audit/archive.h"
#include "http/server.h"
#include "net/task.h"
#include "record/log/log_writer.h"

namespace gatehouse::admin {

// The record as the admin API acts on it. Outlives whoever has it.
struct RecordServices {
  features::audit::Archive* archive = nullptr;  // null: no payloads are kept
  record::log::LogWriter* log = nullptr;        // null: no record is kept
};

// Of the record (docs/record.md), for who may give roles: POST /admin/v1/erasures erases the payloads of somebody, POST
// /admin/v1/payload-reads shows those of an entry, GET
// /admin/v1/record-keys lists the keys that the log's signatures are checked with, POST makes another one; GET
// /admin/v1/vault-master-key says which master key the vault's keys are wrapped with, POST wraps them with the one that
// its source gives now; and those of legal holds. Belongs to the admin loop.
class RecordApi {
 public:
  // Both outlive it.
  RecordApi(const RecordServices& services, const features::identity::Directory& directory)
      : services_(services), directory_(directory), holds_(services.archive, directory) {}

  // Whether a path below /admin/v1/ is one of these.
  static bool Serves(std::string_view path);
  net::Task<base::Result<ApiReply>> Answer(http::ServerExchange& exchange, const AdminActor& actor);

 private:
  net::Task<base::Result<ApiReply>> Erase(http::ServerExchange& exchange, const AdminActor& actor);
  net::Task<base::Result<ApiReply>> ReadPayloads(http::ServerExchange& exchange, const AdminActor& actor);
  net::Task<base::Result<ApiReply>> MasterKey(http::ServerExchange& exchange, const AdminActor& actor);
  net::Task<base::Result<ApiReply>> Keys(http::ServerExchange& exchange, const AdminActor& actor);

  const RecordServices services_;
  const features::identity::Directory& directory_;
  HoldsApi holds_;
};

}  // namespace gatehouse::admin
