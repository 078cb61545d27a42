#pragma once

#include <cstddef>
#include <vector>

#include "app/accounting_house.h"
#include "app/alerting.h"
#include "app/oversight_house.h"
#include "app/record_house.h"
#include "app/report_clerk.h"
#include "base/metrics.h"
#include "features/ratelimit/sharing.h"

namespace gatehouse::app {

// The metrics of what is measured when somebody asks, rather than counted when it happens: the ledger, the journal,
// alerts, rate limits that gateways share, the record, reports, human oversight. docs/metrics.md.
std::vector<base::Metrics::Declaration> MeasuredFamilies();

// Brings them up to date. On the main thread, which alone writes them; `first` is the place of the first of them among
// all declarations of `metrics`.
struct Measured {
  const AccountingHouse& accounting;
  const Alerting& alerting;
  const features::ratelimit::Sharing* rates;  // null where this gateway shares no rate limits
  RecordHouse* record;                        // null where it keeps none
  const ReportClerk* reports;                 // the same
  const OversightHouse& oversight;
};
void Measure(base::Metrics& metrics, std::size_t first, const Measured& measured);

}  // namespace gatehouse::app
