#include "features/identity/tenancy_schema.h"

namespace gatehouse::features::identity {
namespace {

constexpr std::string_view kTree[] = {
    "CREATE TABLE gatehouse_change (one BIGINT PRIMARY KEY, last BIGINT NOT NULL)",
    "INSERT INTO gatehouse_change VALUES (1, 0)",
    ("CREATE TABLE gatehouse_node (id BIGINT PRIMARY KEY, parent BIGINT NOT NULL, kind BIGINT NOT NULL, segment TEXT "
     "NOT NULL, name TEXT NOT NULL, display TEXT NOT NULL, labels TEXT NOT NULL, state BIGINT NOT NULL, origin BIGINT "
     "NOT NULL, version BIGINT NOT NULL, created_at_ms BIGINT NOT NULL, changed_at_ms BIGINT NOT NULL)"),
    "CREATE UNIQUE INDEX gatehouse_node_segment ON gatehouse_node (parent, segment)",
    "CREATE INDEX gatehouse_node_version ON gatehouse_node (version, id)",
    "CREATE INDEX gatehouse_node_kind ON gatehouse_node (kind, id)",
    ("CREATE TABLE gatehouse_key (node BIGINT PRIMARY KEY, scope TEXT NOT NULL, digest_1 BYTEA, hint_1 TEXT NOT NULL, "
     "created_1_ms BIGINT NOT NULL, expires_1_ms BIGINT NOT NULL, digest_2 BYTEA, hint_2 TEXT NOT NULL, created_2_ms "
     "BIGINT NOT NULL, expires_2_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL, models TEXT NOT NULL, surfaces TEXT "
     "NOT NULL, networks TEXT NOT NULL, last_used_ms BIGINT NOT NULL)"),
    "CREATE UNIQUE INDEX gatehouse_key_digest_1 ON gatehouse_key (digest_1)",
    "CREATE UNIQUE INDEX gatehouse_key_digest_2 ON gatehouse_key (digest_2)",
};

constexpr std::string_view kRoles[] = {
    ("CREATE TABLE gatehouse_role (id BIGINT PRIMARY KEY, node BIGINT NOT NULL, subject BIGINT NOT NULL, role TEXT NOT "
     "NULL, origin BIGINT NOT NULL, created_at_ms BIGINT NOT NULL)"),
    "CREATE UNIQUE INDEX gatehouse_role_subject ON gatehouse_role (subject, node, role)",
    "CREATE INDEX gatehouse_role_node ON gatehouse_role (node, id)",
};

constexpr std::string_view kEvents[] = {
    ("CREATE TABLE gatehouse_admin_event (id BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL, actor BIGINT NOT NULL, "
     "actor_name TEXT NOT NULL, action TEXT NOT NULL, node BIGINT NOT NULL, path TEXT NOT NULL, result TEXT NOT NULL, "
     "detail TEXT NOT NULL)"),
    "CREATE INDEX gatehouse_admin_event_at ON gatehouse_admin_event (at_ms, id)",
    "CREATE INDEX gatehouse_admin_event_node ON gatehouse_admin_event (node, at_ms)",
};

constexpr std::string_view kSettings[] = {
    "CREATE TABLE gatehouse_setting (name TEXT PRIMARY KEY, value BYTEA NOT NULL)",
};

constexpr store::Migration kMigrations[] = {
    {.version = 1, .name = "tree of tenants and their keys", .statements = kTree},
    {.version = 2, .name = "roles", .statements = kRoles},
    {.version = 3, .name = "what was done through the admin API", .statements = kEvents},
    {.version = 4, .name = "what belongs to the database itself", .statements = kSettings},
};

}  // namespace

store::Schema TenancySchema() { return {.component = "control", .migrations = kMigrations}; }

}  // namespace gatehouse::features::identity
