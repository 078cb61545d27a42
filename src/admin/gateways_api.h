#pragma once

#include <string>

#include "admin/accounting_api.h"
#include "admin/api_request.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::admin {

// The gateways that share budgets: those that run, and those that ended without giving back what they had. kNotFound
// where this gateway is alone.
net::Task<base::Result<ApiReply>> ListGateways(AccountingServices services, net::Loop& loop);

// What gateways of that name had of budgets and did not use is everybody's again. kConflict while one of them lives.
net::Task<base::Result<ApiReply>> ReleaseGateway(AccountingServices services, std::string name, net::Loop& loop);

}  // namespace gatehouse::admin
