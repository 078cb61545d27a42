#include "features/identity/declared_tree.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace gatehouse::features::identity {
namespace {

using base::Status;

// One application of a configuration. Lives in the frame of ApplyDeclared().
class Application {
 public:
  Application(Tenancy& tenancy, const KeyHash& hash, Call call)
      : tenancy_(tenancy), hash_(hash), call_(std::move(call)) {}

  // What is there of it already.
  void Recognize(NodeId parent, const std::vector<DeclaredNode>& declared) {
    for (const DeclaredNode& node : declared) {
      const auto there = tenancy_.directory().FindChild(parent, SegmentOf(node.kind, node.name));
      if (!there || there->kind != node.kind) continue;
      kept_.insert(there->id);
      Recognize(there->id, node.below);
    }
  }

  // Before anything is made: a key that has got another name has the same secret under it.
  net::Task<Status> WithdrawOthers() {
    for (const Place& place : tenancy_.directory().ManagedByConfiguration()) {
      if (place.state != NodeState::kActive || kept_.contains(place.id)) continue;
      NodePatch patch{.state = NodeState::kWithdrawn, .secrets = std::array<KeySecret, 2>{}};
      auto done = co_await tenancy_.Change(call_, place.id, std::move(patch), "withdraw");
      if (!done.ok() && done.error().code != base::ErrorCode::kNotFound) co_return std::move(done).TakeError();
    }
    co_return base::Ok();
  }

  net::Task<Status> Bring(NodeId parent, const std::vector<DeclaredNode>& declared) {
    for (const DeclaredNode& node : declared) {
      auto id = co_await BringOne(parent, node);
      if (!id.ok()) co_return std::move(id).TakeError();
      GH_CO_CHECK_OK(co_await Bring(id.value(), node.below));
    }
    co_return base::Ok();
  }

 private:
  VirtualKey KeyOf(const DeclaredKey& declared) const {
    VirtualKey key{.scope = "app",
                   .expires_ms = declared.expires_ms,
                   .models = declared.models,
                   .surfaces = declared.surfaces,
                   .networks = declared.networks};
    key.secrets[0] = {.digest = std::string(codec::crypto::AsText(hash_.OfSha256(declared.sha256))),
                      .created_ms = call_.NowMs()};
    return key;
  }

  static base::Error Refusal(const DeclaredNode& node, base::Error error) {
    error.public_message = std::string(WordOf(node.kind)) + " `" + node.name + "` of the configuration: " +
                           (error.public_message.empty() ? "the database failed" : error.public_message);
    return error;
  }

  net::Task<base::Result<NodeId>> BringOne(NodeId parent, const DeclaredNode& node) {
    const auto there = tenancy_.directory().FindChild(parent, SegmentOf(node.kind, node.name));
    if (there && there->origin == Origin::kApi && there->kind == node.kind && !node.key) co_return there->id;
    if (there && there->origin == Origin::kConfiguration && there->kind == node.kind) {
      co_return co_await Update(*there, node);
    }
    NewNode made{.parent = parent,
                 .kind = node.kind,
                 .name = node.name,
                 .display = node.display,
                 .labels = node.labels,
                 .origin = Origin::kConfiguration};
    if (node.key) made.key = KeyOf(*node.key);
    auto done = co_await tenancy_.Create(call_, std::move(made));
    if (!done.ok()) co_return Refusal(node, std::move(done).TakeError());
    co_return done.value().id;
  }

  net::Task<base::Result<NodeId>> Update(Place there, const DeclaredNode& node) {
    NodePatch patch{.display = node.display, .labels = node.labels};
    if (there.state == NodeState::kWithdrawn) patch.state = NodeState::kActive;
    if (node.key) {
      const VirtualKey key = KeyOf(*node.key);
      patch.expires_ms = key.expires_ms;
      patch.models = key.models;
      patch.surfaces = key.surfaces;
      patch.networks = key.networks;
      patch.secrets = key.secrets;
    }
    auto done = co_await tenancy_.Change(call_, there.id, std::move(patch), "configure");
    if (!done.ok()) co_return Refusal(node, std::move(done).TakeError());
    co_return there.id;
  }

  Tenancy& tenancy_;
  const KeyHash& hash_;
  const Call call_;
  std::unordered_set<NodeId> kept_;
};

}  // namespace

DeclaredNode& DeclaredBelow(std::vector<DeclaredNode>& nodes, NodeKind kind, std::string_view name) {
  const auto found =
      std::ranges::find_if(nodes, [&](const DeclaredNode& node) { return node.kind == kind && node.name == name; });
  if (found != nodes.end()) return *found;
  return nodes.emplace_back(DeclaredNode{.kind = kind, .name = std::string(name)});
}

net::Task<Status> ApplyDeclared(Tenancy& tenancy, const KeyHash& hash, Call call,
                                const std::vector<DeclaredNode>& declared) {
  Application application(tenancy, hash, std::move(call));
  application.Recognize({}, declared);
  GH_CO_CHECK_OK(co_await application.WithdrawOthers());
  co_return co_await application.Bring({}, declared);
}

}  // namespace gatehouse::features::identity
