#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/crypto/hash.h"
#include "features/identity/name_pool.h"
#include "features/identity/network_list.h"
#include "features/identity/slot_table.h"
#include "features/identity/tenancy_node.h"
#include "pipeline/principal.h"

namespace gatehouse::features::identity {

// What a virtual key opens, as the tree was when it was asked. Immutable, shared.
struct KeyAccess {
  std::shared_ptr<const pipeline::Principal> principal;
  base::WallTime expires = base::WallTime::max();  // of the key or of this one of its secrets
  std::shared_ptr<const NetworkList> networks;     // null: from anywhere
  NodeId key;
  std::string scope;
};

// A node and a key in the terms of the tables (docs/formats/tenancy_tables.md), as far as they say who may do what.
// Views into what they were read from.
struct NodeTerms {
  NodeId id;
  NodeId parent;
  NodeKind kind = NodeKind::kOrganization;
  std::string_view name;
  NodeState state = NodeState::kActive;
  Origin origin = Origin::kApi;
  std::int64_t version = 0;
};
struct KeyTerms {
  struct Secret {
    std::string_view digest;  // "" for none
    std::int64_t expires_ms = 0;
  };
  std::string_view scope;
  std::array<Secret, 2> secrets;
  std::int64_t expires_ms = 0;
  std::string_view models;  // as ListText() has it, like the next two
  std::string_view surfaces;
  std::string_view networks;
};

// A node as others name it.
struct Place {
  NodeId id;
  NodeKind kind = NodeKind::kOrganization;
  NodeState state = NodeState::kActive;  // its own; what is above it may be suspended
  Origin origin = Origin::kApi;
};

// The tenancy tree and its keys in memory: what requests are judged by, whatever the database is doing. Some 70 bytes a
// node and 140 more for a key. Read by every loop, changed by one thread at a time; a change takes microseconds under
// the lock, and whoever remembers an answer sees by version() that it may be old.
class Directory {
 public:
  Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory();

  // Grows with every change. One atomic load.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // Nodes as the database has them, in any order; one that is older than what is known is passed over.
  void Apply(std::span<const Node> nodes);

  // Takes in a whole tree: its keys, and then its nodes. Belongs to one task, on whatever threads; what was taken in
  // stays when it is dropped. The directory outlives it.
  class Intake {
   public:
    // Of about so many nodes and keys in all.
    Intake(Directory& directory, std::size_t nodes, std::size_t keys);
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
    ~Intake();

    void Add(NodeId node, const KeyTerms& key);
    // A key of which no terms were added is passed over: it was made meanwhile, and comes with the changes.
    void Add(const NodeTerms& node);

   private:
    std::uint64_t NodeOf(std::uint32_t key) const { return static_cast<std::uint64_t>(node_of_key_[key]); }
    std::uint32_t KeyOf(NodeId node) const;

    Directory& directory_;
    const bool first_;                       // into an empty directory: nothing of it can be known
    std::vector<std::int64_t> node_of_key_;  // by slots of keys; 0: not one that waits for its node
    SlotTable waiting_;                      // those that do, by their nodes
  };

  // All changes up to this one of the database were applied.
  void SetKnown(std::int64_t change);
  std::int64_t known() const;

  // The key that this secret opens. nullopt: none. kDenied: it, or something above it, is suspended.
  std::optional<base::Result<KeyAccess>> FindKey(const codec::crypto::Digest& digest) const;

  std::optional<Place> Find(NodeId id) const;
  // Below `parent` (0: the organizations).
  std::optional<Place> FindChild(NodeId parent, std::string_view segment) const;
  // By "acme/search/app:checkout".
  std::optional<Place> FindPath(std::string_view path) const;
  // From the organization down to the node itself; empty for none that is known.
  std::vector<pipeline::Link> ChainOf(NodeId id) const;
  // "" for none that is known.
  std::string PathOf(NodeId id) const;
  // Who acts as this node, a user, an application or an agent: kNotFound, or kDenied where it, or something above it,
  // is suspended. `authentication`, groups and claims are for the caller to fill in.
  base::Result<pipeline::Principal> PrincipalOf(NodeId id) const;

  // What the configuration made, also what it no longer has. Looks at every node.
  std::vector<Place> ManagedByConfiguration() const;

  struct Size {
    std::size_t nodes = 0;
    std::size_t keys = 0;
  };
  Size size() const;

 private:
  struct Cell;
  struct KeyCell;
  struct Restrictions;
  struct Walk;

  std::uint32_t SlotOf(std::int64_t id) const;
  std::uint32_t SlotBelow(std::int64_t parent, std::string_view segment) const;
  std::uint64_t PathHash(std::uint32_t slot) const;
  std::uint64_t DigestHash(std::uint32_t key, std::size_t secret) const;
  std::uint32_t TakeSlot();
  void Put(const Node& node);
  // The slot; kNone where something newer is known.
  std::uint32_t PutNode(const NodeTerms& node);
  std::uint32_t PutNewNode(const NodeTerms& node);
  void Remove(std::uint32_t slot);
  std::uint32_t MakeKey(const KeyTerms& key);
  void AttachKey(std::uint32_t slot, std::uint32_t key);
  void RemoveKey(std::uint32_t slot);
  void FreeKey(std::uint32_t key);
  std::shared_ptr<const Restrictions> Intern(const KeyTerms& key);
  void IndexSecrets(std::uint32_t slot);
  void UnindexSecrets(std::uint32_t slot);
  Place PlaceOf(const Cell& cell) const;
  std::optional<Walk> WalkUp(std::uint32_t slot) const;
  base::Result<pipeline::Principal> PrincipalAt(std::uint32_t slot) const;

  mutable std::shared_mutex mutex_;
  std::atomic<std::uint64_t> version_ = 1;
  std::int64_t known_ = 0;  // guarded by mutex_, as all below
  std::vector<Cell> cells_;
  std::vector<KeyCell> keys_;
  std::vector<std::uint32_t> free_cells_;
  std::vector<std::uint32_t> free_keys_;
  NamePool names_;
  SlotTable by_id_;
  SlotTable by_path_;                                       // by parent and segment
  std::array<SlotTable, 2> by_digest_;                      // of the first and the second secret; slots of keys_
  std::unordered_map<std::int64_t, std::int64_t> removed_;  // id -> version, until known_ has passed it
  std::map<std::string, std::weak_ptr<const Restrictions>, std::less<>> restrictions_;
};

}  // namespace gatehouse::features::identity
