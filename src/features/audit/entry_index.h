#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "pipeline/decision.h"
#include "store/database.h"
#include "store/migrations.h"

namespace gatehouse::features::audit {

// What is looked for in the record. All that is given must hold.
struct EntryQuery {
  std::string id;         // of a request
  std::string principal;  // the id of a node, or of a key
  std::string type;       // "req.end"
  std::string model;
  std::optional<pipeline::Effect> decision;
  std::optional<std::uint16_t> status;
  std::int64_t from_us = INT64_MIN;
  std::int64_t until_us = INT64_MAX;  // not itself
  std::uint32_t at_most = 100;        // newest first
};

// Whether an entry is what is looked for: the index knows hashes of texts alone.
bool Matches(const EntryQuery& query, std::string_view entry);

// A database of numbers about the entries of a log, to find them by. The log is the authority: this can be thrown away
// and made anew from it, and what it finds is read there. Belongs to one loop.
class EntryIndex {
 public:
  // `database` outlives it, and has the schema.
  EntryIndex(store::Database& database, net::Loop& loop) : database_(database), loop_(loop) {}

  static store::Schema Schema();

  // The log that it is about is named once, while it is empty. kConflict: it is about another one.
  net::Task<base::Status> Claim(std::string origin) const;
  // How many entries it has: those before that index.
  net::Task<base::Result<std::uint64_t>> Size() const;
  // The entries that follow, in order, in one unit of work. An entry that is no JSON of ours has only its index.
  net::Task<base::Status> Add(std::uint64_t first, const std::vector<std::string>& entries) const;
  // Makes what finding needs. Long after many entries were added without, and nothing to do afterwards.
  net::Task<base::Status> Prepare() const;

  struct Found {
    std::int64_t at_us = 0;
    std::uint64_t index = 0;
  };
  // Entries that may be what is looked for, newest first: at most so many as the query says.
  net::Task<base::Result<std::vector<Found>>> Find(EntryQuery query) const;

 private:
  // A thousand entries in a row.
  struct EntryBlock {
    std::int64_t block = 0;    // the index of its first entry by their number
    std::int64_t last_us = 0;  // when its newest entry of the model was, of all where none is asked for
  };
  // The query outlives both.
  net::Task<base::Result<std::vector<EntryBlock>>> BlocksOf(const EntryQuery& query,
                                                            std::optional<EntryBlock> after) const;
  net::Task<base::Result<std::vector<Found>>> FindByBlock(const EntryQuery& query) const;
  net::Task<base::Status> Ask(store::Statement statement, std::vector<Found>& found) const;
  net::Task<base::Result<bool>> IsOrganization(std::int64_t hash) const;

  store::Database& database_;
  net::Loop& loop_;
};

}  // namespace gatehouse::features::audit
