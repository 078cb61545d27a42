#include "features/identity/directory.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>
#include <utility>

namespace gatehouse::features::identity {
namespace {

constexpr std::uint32_t kNone = SlotTable::kNone;
constexpr std::size_t kDeepest = 6;          // links of a chain, a key included
constexpr std::size_t kBatch = 1024;         // nodes applied under one lock: readers wait no longer
constexpr std::size_t kRestrictions = 4096;  // kept texts of restrictions before the dead ones are swept out

std::uint64_t HashOfDigest(std::string_view digest) {
  std::uint64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

std::uint64_t HashOfSegment(std::int64_t parent, NodeKind space, std::uint32_t name) {
  return static_cast<std::uint64_t>(parent) * 0xFF51'AFD7'ED55'8CCDULL + name * 0xC4CE'B9FE'1A85'EC53ULL +
         static_cast<std::uint64_t>(space);
}

// Organizations, teams and projects share their names among siblings.
NodeKind SpaceOf(NodeKind kind) { return kind <= NodeKind::kProject ? NodeKind::kOrganization : kind; }

std::pair<NodeKind, std::string_view> PartsOf(std::string_view segment) {
  const auto colon = segment.find(':');
  if (colon == std::string_view::npos) return {NodeKind::kOrganization, segment};
  return {KindOfWord(segment.substr(0, colon)).value_or(NodeKind::kOrganization), segment.substr(colon + 1)};
}

base::WallTime TimeOf(std::int64_t ms) {
  return ms == 0 ? base::WallTime::max() : base::WallTime(std::chrono::milliseconds(ms));
}

base::Error Suspended(NodeKind kind, NodeKind asked) {
  const std::string what(kind == asked ? std::string("This ") + std::string(pipeline::ToString(kind)) + " is"
                                       : "The " + std::string(pipeline::ToString(kind)) + " of this " +
                                             std::string(pipeline::ToString(asked)) + " is");
  return base::Error{.code = base::ErrorCode::kDenied,
                     .source = base::ErrorSource::kPolicy,
                     .public_message = what + " suspended. Ask its administrator."};
}

}  // namespace

struct Directory::Cell {
  std::int64_t id = 0;  // 0: free
  std::int64_t parent = 0;
  std::int64_t version = 0;
  std::uint32_t name = 0;  // in names_
  std::uint32_t key = kNone;
  NodeKind kind = NodeKind::kOrganization;
  NodeState state = NodeState::kActive;
  Origin origin = Origin::kApi;
};

struct Directory::Restrictions {
  std::vector<std::string> models;
  std::vector<std::string> surfaces;
  std::shared_ptr<const NetworkList> networks;
};

struct Directory::KeyCell {
  struct Secret {
    codec::crypto::Digest digest{};
    std::int64_t expires_ms = 0;
    enum class Use : std::uint8_t { kNone, kSet } use = Use::kNone;
  };
  std::array<Secret, 2> secrets;
  std::int64_t expires_ms = 0;
  std::shared_ptr<const Restrictions> restrictions;  // null: none
  std::uint32_t node = kNone;
  std::uint32_t scope = 0;  // in names_
};

// The way from a node to its organization, in slots, the node first.
struct Directory::Walk {
  std::array<std::uint32_t, kDeepest> slots{};
  std::size_t length = 0;
};

Directory::Directory() = default;
Directory::~Directory() = default;

void Directory::Apply(std::span<const Node> nodes) {
  for (std::size_t at = 0; at < nodes.size(); at += kBatch) {
    const std::unique_lock lock(mutex_);
    for (const Node& node : nodes.subspan(at, std::min(kBatch, nodes.size() - at))) Put(node);
    version_.fetch_add(1, std::memory_order_release);
  }
}

Directory::Intake::Intake(Directory& directory, std::size_t nodes, std::size_t keys)
    : directory_(directory), first_(directory.size().nodes == 0 && directory.known() == 0) {
  const std::unique_lock lock(directory_.mutex_);
  directory_.cells_.reserve(nodes);
  directory_.keys_.reserve(keys);
  directory_.by_id_.Reserve(
      nodes, [this](std::uint32_t one) { return static_cast<std::uint64_t>(directory_.cells_[one].id); });
  directory_.by_path_.Reserve(nodes, [this](std::uint32_t one) { return directory_.PathHash(one); });
  directory_.by_digest_.front().Reserve(keys, [this](std::uint32_t one) { return directory_.DigestHash(one, 0); });
  directory_.names_.Reserve(nodes);
  waiting_.Reserve(keys, [this](std::uint32_t one) { return NodeOf(one); });
}

Directory::Intake::~Intake() {
  const std::unique_lock lock(directory_.mutex_);
  for (std::uint32_t key = 0; key < node_of_key_.size(); ++key) {
    if (node_of_key_[key] != 0) directory_.FreeKey(key);
  }
}

void Directory::Intake::Add(NodeId node, const KeyTerms& key) {
  const std::unique_lock lock(directory_.mutex_);
  const std::uint32_t at = directory_.MakeKey(key);
  if (node_of_key_.size() <= at) node_of_key_.resize(std::size_t{at} + 1);
  node_of_key_[at] = node.value;
  waiting_.Insert(at, [this](std::uint32_t one) { return NodeOf(one); });
}

void Directory::Intake::Add(const NodeTerms& node) {
  const std::unique_lock lock(directory_.mutex_);
  const std::uint32_t key = node.kind == NodeKind::kKey ? KeyOf(node.id) : kNone;
  if (node.kind == NodeKind::kKey && key == kNone) return;
  const std::uint32_t slot = first_ ? directory_.PutNewNode(node) : directory_.PutNode(node);
  if (slot != kNone && key != kNone) {
    directory_.AttachKey(slot, key);
    node_of_key_[key] = 0;
  }
  directory_.version_.fetch_add(1, std::memory_order_release);
}

// What is no longer waiting is of node 0, and found by nobody.
std::uint32_t Directory::Intake::KeyOf(NodeId node) const {
  return waiting_.Find(static_cast<std::uint64_t>(node.value),
                       [&](std::uint32_t one) { return node_of_key_[one] == node.value; });
}

void Directory::SetKnown(std::int64_t change) {
  const std::unique_lock lock(mutex_);
  known_ = std::max(known_, change);
  std::erase_if(removed_, [this](const auto& removed) { return removed.second <= known_; });
}

std::int64_t Directory::known() const {
  const std::shared_lock lock(mutex_);
  return known_;
}

std::uint32_t Directory::SlotOf(std::int64_t id) const {
  return by_id_.Find(static_cast<std::uint64_t>(id), [&](std::uint32_t slot) { return cells_[slot].id == id; });
}

std::uint32_t Directory::SlotBelow(std::int64_t parent, std::string_view segment) const {
  const auto parts = PartsOf(segment);
  const std::uint32_t place = names_.Find(parts.second);
  if (place == kNone) return kNone;
  return by_path_.Find(HashOfSegment(parent, parts.first, place), [&](std::uint32_t slot) {
    const Cell& cell = cells_[slot];
    return cell.parent == parent && cell.name == place && SpaceOf(cell.kind) == parts.first;
  });
}

std::uint64_t Directory::PathHash(std::uint32_t slot) const {
  return HashOfSegment(cells_[slot].parent, SpaceOf(cells_[slot].kind), cells_[slot].name);
}

std::uint64_t Directory::DigestHash(std::uint32_t key, std::size_t secret) const {
  return HashOfDigest(codec::crypto::AsText(keys_[key].secrets.at(secret).digest));
}

std::uint32_t Directory::TakeSlot() {
  if (free_cells_.empty()) {
    cells_.emplace_back();
    return static_cast<std::uint32_t>(cells_.size() - 1);
  }
  const std::uint32_t slot = free_cells_.back();
  free_cells_.pop_back();
  return slot;
}

void Directory::Put(const Node& node) {
  const std::uint32_t slot = PutNode({.id = node.id,
                                      .parent = node.parent,
                                      .kind = node.kind,
                                      .name = node.name,
                                      .state = node.state,
                                      .origin = node.origin,
                                      .version = node.version});
  if (slot == kNone || !node.key) return;
  const std::string models = ListText(node.key->models);
  const std::string surfaces = ListText(node.key->surfaces);
  const std::string networks = ListText(node.key->networks);
  const auto& secrets = node.key->secrets;
  AttachKey(
      slot,
      MakeKey({.scope = node.key->scope,
               .secrets = {{{secrets[0].digest, secrets[0].expires_ms}, {secrets[1].digest, secrets[1].expires_ms}}},
               .expires_ms = node.key->expires_ms,
               .models = models,
               .surfaces = surfaces,
               .networks = networks}));
}

std::uint32_t Directory::PutNode(const NodeTerms& node) {
  if (const auto gone = removed_.find(node.id.value); gone != removed_.end() && gone->second >= node.version) {
    return kNone;
  }
  std::uint32_t slot = SlotOf(node.id.value);
  if (slot != kNone && cells_[slot].version >= node.version) return kNone;
  if (slot != kNone) Remove(slot);
  if (node.state == NodeState::kArchived) {
    removed_[node.id.value] = node.version;
    return kNone;
  }
  return PutNewNode(node);
}

// REQUIRES: it is not here.
std::uint32_t Directory::PutNewNode(const NodeTerms& node) {
  const std::uint32_t slot = TakeSlot();
  cells_[slot] = {.id = node.id.value,
                  .parent = node.parent.value,
                  .version = node.version,
                  .name = names_.Put(node.name),
                  .kind = node.kind,
                  .state = node.state,
                  .origin = node.origin};
  by_id_.Insert(slot, [this](std::uint32_t one) { return static_cast<std::uint64_t>(cells_[one].id); });
  by_path_.Insert(slot, [this](std::uint32_t one) { return PathHash(one); });
  return slot;
}

void Directory::Remove(std::uint32_t slot) {
  if (cells_[slot].key != kNone) RemoveKey(slot);
  by_path_.Erase(slot, [this](std::uint32_t one) { return PathHash(one); });
  by_id_.Erase(slot, [this](std::uint32_t one) { return static_cast<std::uint64_t>(cells_[one].id); });
  cells_[slot] = {};
  free_cells_.push_back(slot);
}

std::uint32_t Directory::MakeKey(const KeyTerms& key) {
  std::uint32_t at = 0;
  if (free_keys_.empty()) {
    at = static_cast<std::uint32_t>(keys_.size());
    keys_.emplace_back();
  } else {
    at = free_keys_.back();
    free_keys_.pop_back();
  }
  KeyCell& cell = keys_[at];
  cell.scope = names_.Put(key.scope);
  cell.expires_ms = key.expires_ms;
  cell.restrictions = Intern(key);
  for (std::size_t i = 0; i < cell.secrets.size(); ++i) {
    const KeyTerms::Secret& secret = key.secrets.at(i);
    if (secret.digest.size() != sizeof(codec::crypto::Digest)) continue;
    std::memcpy(cell.secrets.at(i).digest.data(), secret.digest.data(), secret.digest.size());
    cell.secrets.at(i).expires_ms = secret.expires_ms;
    cell.secrets.at(i).use = KeyCell::Secret::Use::kSet;
  }
  return at;
}

void Directory::AttachKey(std::uint32_t slot, std::uint32_t key) {
  keys_[key].node = slot;
  cells_[slot].key = key;
  IndexSecrets(key);
}

void Directory::RemoveKey(std::uint32_t slot) {
  const std::uint32_t at = std::exchange(cells_[slot].key, kNone);
  UnindexSecrets(at);
  FreeKey(at);
}

void Directory::FreeKey(std::uint32_t key) {
  keys_[key] = {};
  free_keys_.push_back(key);
}

void Directory::IndexSecrets(std::uint32_t slot) {
  for (std::size_t i = 0; i < by_digest_.size(); ++i) {
    if (keys_[slot].secrets.at(i).use == KeyCell::Secret::Use::kNone) continue;
    by_digest_.at(i).Insert(slot, [this, i](std::uint32_t one) { return DigestHash(one, i); });
  }
}

void Directory::UnindexSecrets(std::uint32_t slot) {
  for (std::size_t i = 0; i < by_digest_.size(); ++i) {
    if (keys_[slot].secrets.at(i).use == KeyCell::Secret::Use::kNone) continue;
    by_digest_.at(i).Erase(slot, [this, i](std::uint32_t one) { return DigestHash(one, i); });
  }
}

// Most keys are restricted as others are.
std::shared_ptr<const Directory::Restrictions> Directory::Intern(const KeyTerms& key) {
  constexpr std::string_view kAll = "[]";
  if (key.models == kAll && key.surfaces == kAll && key.networks == kAll) return nullptr;
  const std::string text = std::string(key.models).append(key.surfaces).append(key.networks);
  if (restrictions_.size() >= kRestrictions) {
    std::erase_if(restrictions_, [](const auto& one) { return one.second.expired(); });
  }
  auto& known = restrictions_[text];
  if (auto same = known.lock()) return same;
  auto made =
      std::make_shared<Restrictions>(Restrictions{.models = ListOf(key.models), .surfaces = ListOf(key.surfaces)});
  if (key.networks != kAll) {
    std::vector<Network> networks;
    for (const std::string& one : ListOf(key.networks)) {
      // What is no network was refused when the key was made; were it here, it would let nobody in.
      if (auto network = Network::Parse(one); network.ok()) networks.push_back(network.value());
    }
    made->networks = std::make_shared<const NetworkList>(std::move(networks));
  }
  known = made;
  return made;
}

std::optional<Directory::Walk> Directory::WalkUp(std::uint32_t slot) const {
  Walk walk;
  while (slot != kNone && walk.length < kDeepest) {
    walk.slots.at(walk.length++) = slot;
    if (cells_[slot].parent == 0) return walk;
    slot = SlotOf(cells_[slot].parent);
  }
  return {};
}

base::Result<pipeline::Principal> Directory::PrincipalAt(std::uint32_t slot) const {
  const auto walk = WalkUp(slot);
  if (!walk) return base::Internal("a node of the tree hangs in the air");
  pipeline::Principal principal;
  for (std::size_t i = walk->length; i > 0; --i) {
    const Cell& cell = cells_[walk->slots.at(i - 1)];
    const std::string name(names_.At(cell.name));
    if (cell.state != NodeState::kActive) return Suspended(cell.kind, cells_[slot].kind);
    principal.chain.push_back({cell.kind, {cell.id}});
    switch (cell.kind) {
      case NodeKind::kOrganization: principal.organization = name; break;
      case NodeKind::kTeam: principal.team = name; break;
      case NodeKind::kProject: principal.project = name; break;
      case NodeKind::kUser:
      case NodeKind::kApplication:
      case NodeKind::kAgent:
        principal.name = name;
        principal.kind = cell.kind;
        break;
      case NodeKind::kKey:
        principal.key_id = name;
        if (principal.name.empty()) principal.name = name;
        break;
    }
  }
  return principal;
}

std::optional<base::Result<KeyAccess>> Directory::FindKey(const codec::crypto::Digest& digest) const {
  const std::string_view wanted = codec::crypto::AsText(digest);
  const std::shared_lock lock(mutex_);
  for (std::size_t i = 0; i < by_digest_.size(); ++i) {
    const std::uint32_t at = by_digest_.at(i).Find(HashOfDigest(wanted), [&](std::uint32_t slot) {
      return codec::crypto::ConstantTimeEquals(codec::crypto::AsText(keys_[slot].secrets.at(i).digest), wanted);
    });
    if (at == kNone) continue;
    const KeyCell& key = keys_[at];
    // A key that the configuration no longer has is as one that never was.
    if (cells_[key.node].state == NodeState::kWithdrawn) return {};
    auto principal = PrincipalAt(key.node);
    if (!principal.ok()) return base::Result<KeyAccess>(std::move(principal).TakeError());
    if (key.restrictions) {
      principal.value().models = key.restrictions->models;
      principal.value().surfaces = key.restrictions->surfaces;
    }
    return base::Result<KeyAccess>(
        {.principal = std::make_shared<const pipeline::Principal>(std::move(principal).value()),
         .expires = std::min(TimeOf(key.expires_ms), TimeOf(key.secrets.at(i).expires_ms)),
         .networks = key.restrictions ? key.restrictions->networks : nullptr,
         .key = {cells_[key.node].id},
         .scope = std::string(names_.At(key.scope))});
  }
  return {};
}

Place Directory::PlaceOf(const Cell& cell) const {
  return {.id = {cell.id}, .kind = cell.kind, .state = cell.state, .origin = cell.origin};
}

std::optional<Place> Directory::Find(NodeId id) const {
  const std::shared_lock lock(mutex_);
  const std::uint32_t slot = SlotOf(id.value);
  return slot == kNone ? std::nullopt : std::optional(PlaceOf(cells_[slot]));
}

std::optional<Place> Directory::FindChild(NodeId parent, std::string_view segment) const {
  const std::shared_lock lock(mutex_);
  const std::uint32_t slot = SlotBelow(parent.value, segment);
  return slot == kNone ? std::nullopt : std::optional(PlaceOf(cells_[slot]));
}

std::optional<Place> Directory::FindPath(std::string_view path) const {
  const auto segments = SegmentsOf(path);
  if (!segments.ok()) return {};
  const std::shared_lock lock(mutex_);
  std::uint32_t slot = kNone;
  std::int64_t parent = 0;
  for (const std::string_view segment : segments.value()) {
    slot = SlotBelow(parent, segment);
    if (slot == kNone) return {};
    parent = cells_[slot].id;
  }
  return PlaceOf(cells_[slot]);
}

std::vector<pipeline::Link> Directory::ChainOf(NodeId id) const {
  const std::shared_lock lock(mutex_);
  const auto walk = WalkUp(SlotOf(id.value));
  std::vector<pipeline::Link> chain;
  for (std::size_t i = walk ? walk->length : 0; i > 0; --i) {
    const Cell& cell = cells_[walk->slots.at(i - 1)];
    chain.push_back({cell.kind, {cell.id}});
  }
  return chain;
}

std::string Directory::PathOf(NodeId id) const {
  const std::shared_lock lock(mutex_);
  const auto walk = WalkUp(SlotOf(id.value));
  std::string path;
  for (std::size_t i = walk ? walk->length : 0; i > 0; --i) {
    const Cell& cell = cells_[walk->slots.at(i - 1)];
    if (!path.empty()) path.push_back('/');
    path.append(SegmentOf(cell.kind, names_.At(cell.name)));
  }
  return path;
}

base::Result<pipeline::Principal> Directory::PrincipalOf(NodeId id) const {
  const std::shared_lock lock(mutex_);
  const std::uint32_t slot = SlotOf(id.value);
  if (slot == kNone) {
    return base::Error{.code = base::ErrorCode::kNotFound,
                       .source = base::ErrorSource::kClient,
                       .public_message = "There is no such user, application or agent."};
  }
  return PrincipalAt(slot);
}

std::vector<Place> Directory::ManagedByConfiguration() const {
  const std::shared_lock lock(mutex_);
  std::vector<Place> managed;
  for (const Cell& cell : cells_) {
    if (cell.id != 0 && cell.origin == Origin::kConfiguration) managed.push_back(PlaceOf(cell));
  }
  return managed;
}

Directory::Size Directory::size() const {
  const std::shared_lock lock(mutex_);
  return {.nodes = cells_.size() - free_cells_.size(), .keys = keys_.size() - free_keys_.size()};
}

}  // namespace gatehouse::features::identity
