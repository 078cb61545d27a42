#include "features/oversight/schema.h"

#include <string_view>

namespace gatehouse::features::oversight {
namespace {

constexpr std::string_view kStops[] = {
    "CREATE TABLE oversight_change (topic TEXT PRIMARY KEY, last BIGINT NOT NULL)",
    "INSERT INTO oversight_change VALUES ('stops', 0)",
    "CREATE TABLE oversight_stop (id BIGINT PRIMARY KEY, scope TEXT NOT NULL, node BIGINT NOT NULL, name TEXT NOT "
    "NULL, path TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL, set_by TEXT NOT NULL, set_by_name TEXT NOT "
    "NULL, set_ms BIGINT NOT NULL, lifted_ms BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX oversight_stop_target ON oversight_stop (scope, node, name) WHERE state = 'in_force'",
    "CREATE INDEX oversight_stop_at ON oversight_stop (set_ms, id)",
    "CREATE TABLE oversight_stop_lift (stop BIGINT NOT NULL, person TEXT NOT NULL, person_name TEXT NOT NULL, at_ms "
    "BIGINT NOT NULL, PRIMARY KEY (stop, person))",
};

constexpr store::Migration kMigrations[] = {{.version = 1, .name = "stops", .statements = kStops}};

}  // namespace

store::Schema OversightSchema() { return {.component = "oversight", .migrations = kMigrations}; }

}  // namespace gatehouse::features::oversight
