#include "features/compliance/query.h"

#include "base/check.h"

namespace gatehouse::features::compliance {
namespace {

constexpr auto kGap = IfEmpty::kGap;
constexpr auto kStatement = IfEmpty::kStatement;
constexpr auto kUnwritten = IfEmpty::kUnwritten;

// In the order of the enumeration.
constexpr std::array<QueryInfo, kQueries> kInfo = {{
    {Query::kLogCoverage, "log_coverage", "Completeness of the record", kGap, "all entries; heartbeat"},
    {Query::kLogRetention, "log_retention", "How far back the record reaches", kGap, "all entries"},
    {Query::kVerification, "verification", "Verifications of the record", kUnwritten, "verify.run"},
    {Query::kExchanges, "exchanges", "Exchanges", kGap, "req.start, req.end"},
    {Query::kAvailability, "availability", "Availability and speed", kGap, "req.end"},
    {Query::kFailover, "failover", "Failures of providers and what was done", kStatement, "req.end: attempts"},
    {Query::kConsumption, "consumption", "Consumption", kGap, "req.end: usage, cost"},
    {Query::kBudgets, "budgets", "Requests beyond a limit or a budget", kStatement, "req.end: status 402 and 429"},
    {Query::kDecisions, "decisions", "Decisions", kGap, "req.end: decision, rules"},
    {Query::kPolicies, "policies", "Configurations and rules in force", kGap,
     "config.change, node.start, req.end: config"},
    {Query::kChanges, "changes", "Changes", kStatement, "config.change, config.refused, policy.activate, model.*"},
    {Query::kCoverage, "coverage", "What was not inspected", kGap, "req.end: scanned, not_scanned"},
    {Query::kPersonalData, "personal_data", "Personal data that was found", kStatement, "req.end: findings"},
    {Query::kSecrets, "secrets", "Secrets that were found", kStatement, "req.end: findings"},
    {Query::kAttacks, "attacks", "Attacks that were recognised", kStatement, "req.end: findings, tags"},
    {Query::kSystems, "systems", "Systems in use", kGap, "req.end: project, surface, model"},
    {Query::kModels, "models", "Models in use", kGap, "req.end: model, attempts"},
    {Query::kProviders, "providers", "Providers in use", kGap, "req.end: attempts"},
    {Query::kProcessing, "processing", "Record of processing", kGap, "req.end: project, findings, attempts"},
    {Query::kPrincipals, "principals", "Who used it", kGap, "req.end: sub, cred, how"},
    {Query::kAgents, "agents", "Agents", kStatement, "req.end: agent, surface"},
    {Query::kToolCalls, "tool_calls", "Calls of tools", kStatement, "tool.call, tool.result, req.end: rules"},
    {Query::kKeys, "keys", "Keys", kStatement, "key.*, log.key_rotated, req.end: cred"},
    {Query::kAdminAccess, "admin_access", "Administration", kStatement, "admin.action, admin.login"},
    {Query::kApprovals, "approvals", "Approvals by people", kGap, "approval.*"},
    {Query::kApprovalBias, "approval_bias", "Signs of automation bias", kGap, "approval.vote"},
    {Query::kApprovalQuorum, "approval_quorum", "Approvals by two persons", kGap, "approval.vote, approval.outcome"},
    {Query::kOverrides, "overrides", "Overrides", kStatement, "approval.outcome: denied, revoked"},
    {Query::kKillSwitch, "kill_switch", "Stops", kGap, "kill.set, kill.lifted"},
    {Query::kIncidents, "incidents", "Incidents", kStatement, "incident.*, store.failing, log.repaired, clock.jump"},
    {Query::kDisclosures, "disclosures", "Notices that were shown", kUnwritten, "disclosure.shown"},
    {Query::kEvaluations, "evaluations", "Evaluations", kUnwritten, "eval.run"},
    {Query::kErasures, "erasures", "Erasures", kStatement, "erasure"},
    {Query::kRetention, "retention", "Expiry of payloads", kStatement,
     "retention.expire, req.end: payloads, payloads_lost"},
    {Query::kHolds, "holds", "Legal holds", kStatement, "hold.*"},
    {Query::kPayloadAccess, "payload_access", "Reading of payloads", kStatement, "access.read"},
}};

}  // namespace

const std::array<QueryInfo, kQueries>& Queries() { return kInfo; }

const QueryInfo& InfoOf(Query query) {
  const QueryInfo& info = kInfo.at(static_cast<std::size_t>(query));
  GH_CHECK(info.query == query);
  return info;
}

}  // namespace gatehouse::features::compliance
