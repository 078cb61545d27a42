#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "features/accounting/limit_reader.h"
#include "features/accounting/treasury.h"
#include "features/common/zone_files.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::accounting {

// Where a path of the tenancy tree leads: its node, and the organization above it.
struct NodePlace {
  pipeline::NodeId organization;
  pipeline::NodeId node;
};
using FindNode = std::function<std::optional<NodePlace>(std::string_view path)>;

// The limits in the database and in the treasury. A change is in force when its task answers. One thread: that of the
// loop which its tasks run on; one task at a time. `database`, `treasury` and `zones` outlive it.
class LimitBook {
 public:
  LimitBook(store::Database& database, Treasury& treasury, const common::ZoneFiles& zones)
      : database_(database), treasury_(treasury), zones_(zones) {}

  // Whose rows in the ledger this gateway's own are, where several share limits. Before anything else.
  void OwnedBy(std::int64_t journal) { journal_ = journal; }
  // What brings the database up to the moment, as far as it can: what was used before there was a limit is read after.
  using CatchUp = std::function<net::Task<bool>(net::Deadline)>;
  void ReadAfter(CatchUp catch_up) { catch_up_ = std::move(catch_up); }
  // Reads limits and what is used of them, and puts them in force.
  net::Task<base::Status> Load(net::Loop& loop, net::Deadline deadline);
  // The same when anybody changed a limit since; what is counted stays.
  net::Task<base::Status> Refresh(net::Loop& loop, net::Deadline deadline);

  // What the configuration states, and nothing else of what it stated before; those that others made are left alone.
  // kInvalidRequest for a path that leads nowhere and for a name that another's limit has: then nothing is changed.
  net::Task<base::Status> Declare(net::Loop& loop, const std::vector<StatedLimit>& stated, FindNode find,
                                  net::Deadline deadline);

  // Makes a limit, or gives new terms to the one of that name. Of one that the configuration states: kConflict.
  net::Task<base::Result<std::int64_t>> Put(net::Loop& loop, StatedLimit stated, NodePlace place,
                                            net::Deadline deadline);
  // kNotFound for one that does not exist, kConflict for one that the configuration states.
  net::Task<base::Status> Remove(net::Loop& loop, std::int64_t id, net::Deadline deadline);

  std::shared_ptr<const Limit> Find(std::int64_t id) const;
  // All limits of one organization, by id.
  std::vector<std::shared_ptr<const Limit>> Of(pipeline::NodeId organization) const;
  std::vector<std::shared_ptr<const Limit>> All() const;
  bool IsDeclared(std::int64_t id) const;
  std::size_t size() const { return limits_.size(); }
  // What the operator should know: limits from when this gateway was alone, of which several cannot share that much; ""
  // when all is well.
  std::string Problem() const;

  // Forgets what was used in windows that are long over.
  net::Task<base::Status> Prune(net::Loop& loop, net::Deadline deadline);

 private:
  struct Entry {
    std::shared_ptr<const Limit> limit;
    enum class Maker : std::uint8_t { kApi, kConfiguration } maker = Maker::kApi;
  };

  class Intake;
  using Entries = std::vector<std::pair<std::int64_t, Entry>>;  // by id

  net::Task<base::Result<Entries>> ReadLimits(net::Loop& loop, net::Deadline deadline) const;
  net::Task<base::Result<std::int64_t>> ReadVersion(net::Loop& loop, net::Deadline deadline) const;
  net::Task<base::Result<std::vector<Spent>>> ReadUse(net::Loop& loop, net::Deadline deadline) const;
  net::Task<base::Result<std::vector<Spent>>> ReadUseOf(net::Loop& loop, std::int64_t limit,
                                                        net::Deadline deadline) const;
  Spent SpentOf(const store::Row& row) const;
  void PutInForce(Entries limits, const std::vector<Spent>& spent, std::int64_t now);
  net::Task<base::Result<std::vector<Spent>>> UseSoFar(net::Loop& loop, const Limit& limit,
                                                       net::Deadline deadline) const;
  net::Task<base::Status> Save(net::Loop& loop, std::vector<Entry> put, std::vector<std::int64_t> removed,
                               net::Deadline deadline);
  base::Status CheckShareable(const Limit& limit) const;
  std::optional<std::int64_t> IdOf(pipeline::NodeId node, std::string_view name) const;
  void Keep(Entry entry);
  void Drop(std::int64_t id);

  store::Database& database_;
  Treasury& treasury_;
  const common::ZoneFiles& zones_;
  std::int64_t journal_ = 0;
  CatchUp catch_up_;
  std::int64_t version_ = 0;  // of all limits in the database, as they were read last
  std::uint64_t saves_ = 0;   // begun or done here
  std::map<std::int64_t, Entry> limits_;
  std::set<std::int64_t> too_large_;  // of those: to be shared
  std::unordered_multimap<pipeline::NodeId, std::int64_t> by_node_;
};

}  // namespace gatehouse::features::accounting
