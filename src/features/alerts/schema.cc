#include "features/alerts/schema.h"

#include <string_view>

namespace gatehouse::features::alerts {
namespace {

constexpr std::string_view kFirst[] = {
    "CREATE TABLE alert (id BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL, kind TEXT NOT NULL, event TEXT NOT NULL UNIQUE, "
    "severity BIGINT NOT NULL, chain TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, facts "
    "TEXT NOT NULL)",
    "CREATE INDEX alert_at ON alert (at_ms, id)",
    "CREATE TABLE alert_delivery (alert BIGINT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL, attempts BIGINT "
    "NOT NULL, next_ms BIGINT NOT NULL, changed_ms BIGINT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (alert, channel))",
    "CREATE INDEX alert_delivery_due ON alert_delivery (channel, next_ms) WHERE state = 'waiting'",
};

constexpr store::Migration kMigrations[] = {
    {.version = 1, .name = "alerts and their deliveries", .statements = kFirst}};

}  // namespace

store::Schema AlertSchema() { return {.component = "alerts", .migrations = kMigrations}; }

}  // namespace gatehouse::features::alerts
