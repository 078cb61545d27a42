#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::features::compliance {

// What can be asked of the record: the words that controls of a catalogue name their evidence with. Closed: a new one
// is a row here and a function in answers.cc.
enum class Query : std::uint8_t {
  kLogCoverage,
  kLogRetention,
  kVerification,
  kExchanges,
  kAvailability,
  kFailover,
  kConsumption,
  kBudgets,
  kDecisions,
  kPolicies,
  kChanges,
  kCoverage,
  kPersonalData,
  kSecrets,
  kAttacks,
  kSystems,
  kModels,
  kProviders,
  kProcessing,
  kPrincipals,
  kAgents,
  kToolCalls,
  kKeys,
  kAdminAccess,
  kApprovals,
  kApprovalBias,
  kApprovalQuorum,
  kOverrides,
  kKillSwitch,
  kIncidents,
  kDisclosures,
  kEvaluations,
  kErasures,
  kRetention,
  kHolds,
  kPayloadAccess,
};
inline constexpr std::size_t kQueries = 36;

// What it means that the record has nothing for a query.
enum class IfEmpty : std::uint8_t {
  kGap,        // something that should be there is not
  kStatement,  // nothing of the kind happened, which is a finding too
  kUnwritten,  // this version writes no such entries: a gap, whatever happened
};

struct QueryInfo {
  Query query;
  std::string_view name;   // in catalogues
  std::string_view title;  // for people
  IfEmpty if_empty;
  std::string_view reads;  // which entries
};

const std::array<QueryInfo, kQueries>& Queries();
const QueryInfo& InfoOf(Query query);

}  // namespace gatehouse::features::compliance
