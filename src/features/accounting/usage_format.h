#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "features/accounting/usage_query.h"

namespace gatehouse::features::accounting {

// What a node is called; "" for one that is gone.
using NodeName = std::function<std::string(pipeline::NodeId)>;

// {"lines":[{"model":"gpt-5","exchanges":2,...,"usd":"0.0125"}],"complete":true}; nodes are objects of id and path.
std::string UsageAsJson(const UsageQuery& query, const UsageReport& report, const NodeName& names);
// RFC 4180, with a head line. Nodes are paths, times RFC 3339. A text that a spreadsheet would take for a formula is
// quoted with an apostrophe.
std::string UsageAsCsv(const UsageQuery& query, const UsageReport& report, const NodeName& names);

// The query whose lines make a FOCUS table: by day, organization, project, provider, model and upstream model.
UsageQuery FocusQuery(UsageQuery span);
// FinOps Open Cost and Usage Specification 1.1, as CSV: a charge per line of that report.
std::string UsageAsFocus(const UsageReport& report, const NodeName& names);

}  // namespace gatehouse::features::accounting
