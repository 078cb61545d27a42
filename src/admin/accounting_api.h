#pragma once

#include <string_view>
#include <vector>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "admin/tenancy_api.h"
#include "base/result.h"
#include "features/accounting/adjustment.h"
#include "features/accounting/lease_records.h"
#include "features/accounting/lessor.h"
#include "features/accounting/limit_book.h"
#include "features/accounting/treasury.h"
#include "features/accounting/usage_query.h"
#include "features/common/zone_files.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// Budgets and the ledger as the admin API works on them. All outlive whoever has it; belongs to the admin loop.
struct AccountingServices {
  features::accounting::LimitBook& limits;
  features::accounting::Treasury& treasury;
  features::accounting::Adjustments& adjustments;
  const features::common::ZoneFiles& zones;
  store::Database& database;
  // Where several gateways share the limits; else null.
  features::accounting::Lessor* lessor = nullptr;
  features::accounting::LeaseRecords* gateways = nullptr;
};

// /admin/v1/budgets, usage and exchanges (docs/budgets.md). Who may see a node of the tree sees what is spent below it;
// who may change it may change its budgets. Belongs to the admin loop.
class AccountingApi {
 public:
  // Both outlive it.
  AccountingApi(const AccountingServices& services, const features::identity::Directory& directory)
      : services_(services), directory_(directory) {}

  // Whether a path below /admin/v1/ is one of these.
  static bool Serves(std::string_view path);
  net::Task<base::Result<ApiReply>> Answer(http::ServerExchange& exchange, const AdminActor& actor);

 private:
  using Answered = net::Task<base::Result<ApiReply>>;
  using NodeId = pipeline::NodeId;

  Answered Budgets(http::ServerExchange& exchange, const AdminActor& actor);
  Answered PutBudget(http::ServerExchange& exchange, const AdminActor& actor);
  Answered RemoveBudget(http::ServerExchange& exchange, const AdminActor& actor, std::string_view id);
  Answered Usage(http::ServerExchange& exchange, const AdminActor& actor);
  Answered Exchanges(http::ServerExchange& exchange, const AdminActor& actor);
  // An exchange in doubt, at what it did cost.
  Answered Settle(http::ServerExchange& exchange, const AdminActor& actor, std::string request_id);

  const AccountingServices services_;
  const features::identity::Directory& directory_;
};

}  // namespace gatehouse::admin
