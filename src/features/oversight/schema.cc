#include "features/oversight/schema.h"

#include <string_view>

namespace gatehouse::features::oversight {
namespace {

constexpr std::string_view kStopTable =
    "CREATE TABLE oversight_stop (id BIGINT PRIMARY KEY, scope TEXT NOT NULL, node BIGINT NOT NULL, name TEXT NOT "
    "NULL, path TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL, set_by TEXT NOT NULL, set_by_name TEXT NOT "
    "NULL, set_ms BIGINT NOT NULL, lifted_ms BIGINT NOT NULL)";

constexpr std::string_view kLiftTable =
    "CREATE TABLE oversight_stop_lift (stop BIGINT NOT NULL, person TEXT NOT NULL, person_name TEXT NOT NULL, at_ms "
    "BIGINT NOT NULL, PRIMARY KEY (stop, person))";

constexpr std::string_view kStops[] = {
    "CREATE TABLE oversight_change (topic TEXT PRIMARY KEY, last BIGINT NOT NULL)",
    "INSERT INTO oversight_change VALUES ('stops', 0)",
    kStopTable,
    "CREATE UNIQUE INDEX oversight_stop_target ON oversight_stop (scope, node, name) WHERE state = 'in_force'",
    "CREATE INDEX oversight_stop_at ON oversight_stop (set_ms, id)",
    kLiftTable,
};

constexpr std::string_view kApprovalTable =
    "CREATE TABLE oversight_approval (id BIGINT PRIMARY KEY, binding TEXT NOT NULL, state TEXT NOT NULL, chain TEXT "
    "NOT "
    "NULL, path TEXT NOT NULL, surface TEXT NOT NULL, model TEXT NOT NULL, phase TEXT NOT NULL, rule TEXT NOT NULL, "
    "message TEXT NOT NULL, request_id TEXT NOT NULL, quorum BIGINT NOT NULL, created_ms BIGINT NOT NULL, decide_by_ms "
    "BIGINT NOT NULL, use_within_ms BIGINT NOT NULL, use_by_ms BIGINT NOT NULL, changed_ms BIGINT NOT NULL, version "
    "BIGINT NOT NULL, change BIGINT NOT NULL)";

constexpr std::string_view kOpenIndex =
    "CREATE UNIQUE INDEX oversight_approval_open ON oversight_approval (binding) WHERE state IN ('pending', "
    "'approved')";

constexpr std::string_view kVoteTable =
    "CREATE TABLE oversight_vote (approval BIGINT NOT NULL, person TEXT NOT NULL, person_name TEXT NOT NULL, says TEXT "
    "NOT NULL, reason TEXT NOT NULL, at_ms BIGINT NOT NULL, PRIMARY KEY (approval, person))";

constexpr std::string_view kApprovals[] = {
    "INSERT INTO oversight_change VALUES ('approvals', 0)",
    kApprovalTable,
    kOpenIndex,
    "CREATE INDEX oversight_approval_binding ON oversight_approval (binding, created_ms)",
    "CREATE INDEX oversight_approval_at ON oversight_approval (created_ms, id)",
    "CREATE INDEX oversight_approval_state ON oversight_approval (state, chain)",
    "CREATE INDEX oversight_approval_change ON oversight_approval (change)",
    kVoteTable,
    "CREATE INDEX oversight_vote_at ON oversight_vote (at_ms)",
};

constexpr std::string_view kReviewTable =
    "CREATE TABLE oversight_review (id BIGINT PRIMARY KEY, state TEXT NOT NULL, rule TEXT NOT NULL, phase TEXT NOT "
    "NULL, request_id TEXT NOT NULL, chain TEXT NOT NULL, path TEXT NOT NULL, surface TEXT NOT NULL, model TEXT NOT "
    "NULL, draw TEXT NOT NULL, share_ppm BIGINT NOT NULL, reviewers BIGINT NOT NULL, created_ms BIGINT NOT NULL, "
    "decide_by_ms BIGINT NOT NULL, changed_ms BIGINT NOT NULL, version BIGINT NOT NULL, planted_by TEXT NOT NULL, "
    "planted_by_name TEXT NOT NULL, expected TEXT NOT NULL)";

constexpr std::string_view kVerdictTable =
    "CREATE TABLE oversight_verdict (review BIGINT NOT NULL, person TEXT NOT NULL, person_name TEXT NOT NULL, says "
    "TEXT NOT NULL, note TEXT NOT NULL, at_ms BIGINT NOT NULL, PRIMARY KEY (review, person))";

constexpr std::string_view kReviews[] = {
    kReviewTable,
    "CREATE INDEX oversight_review_at ON oversight_review (created_ms, id)",
    "CREATE INDEX oversight_review_due ON oversight_review (state, decide_by_ms)",
    "CREATE INDEX oversight_review_rule ON oversight_review (rule, created_ms)",
    kVerdictTable,
};

constexpr store::Migration kMigrations[] = {{.version = 1, .name = "stops", .statements = kStops},
                                            {.version = 2, .name = "approvals", .statements = kApprovals},
                                            {.version = 3, .name = "reviews", .statements = kReviews}};

}  // namespace

store::Schema OversightSchema() { return {.component = "oversight", .migrations = kMigrations}; }

}  // namespace gatehouse::features::oversight
