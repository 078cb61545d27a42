#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::store {

// One step of a schema, never changed once it was released.
struct Migration {
  std::uint32_t version;  // 1, 2, 3 ... within its component
  std::string_view name;
  std::span<const std::string_view> statements;
};

// The schema of one part of the program, which alone knows its tables.
struct Schema {
  std::string_view component;  // "control", "ledger"
  std::span<const Migration> migrations;
};

// Brings a component's tables to the newest version, each step in a unit of its own; forward only. What was applied is
// kept in the table gatehouse_schema (docs/formats/database.md). Several nodes may do it at once.
//
// kConflict, and nothing is touched, for a database that a newer program has made, or one whose steps were others than
// ours: the message says which.
net::Task<base::Status> Migrate(Database& database, net::Loop& loop, Schema schema, net::Deadline deadline);

}  // namespace gatehouse::store
