#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/random.h"
#include "features/identity/tenancy_rig.h"

namespace gatehouse::features::identity {
namespace {

// The tree as the simplest program would keep it.
class Model {
 public:
  struct Entry {
    NodeId parent;
    NodeKind kind = NodeKind::kOrganization;
    std::string name;
    NodeState state = NodeState::kActive;
  };

  bool MayHave(NodeKind kind, NodeId parent) const {
    if (kind == NodeKind::kOrganization) return parent.value == 0;
    return entries.contains(parent) && MayBeBelow(kind, entries.at(parent).kind);
  }
  bool IsFree(NodeId self, NodeId parent, NodeKind kind, const std::string& name) const {
    return std::ranges::none_of(entries, [&](const auto& one) {
      return one.first != self && one.second.parent == parent &&
             SegmentOf(one.second.kind, one.second.name) == SegmentOf(kind, name);
    });
  }
  bool IsEmpty(NodeId id) const {
    return std::ranges::none_of(entries, [&](const auto& one) { return one.second.parent == id; });
  }
  std::string PathOf(NodeId id) const {
    const Entry& entry = entries.at(id);
    return (entry.parent.value == 0 ? "" : PathOf(entry.parent) + "/") + SegmentOf(entry.kind, entry.name);
  }
  bool IsActive(NodeId id) const {
    const Entry& entry = entries.at(id);
    return entry.state == NodeState::kActive && (entry.parent.value == 0 || IsActive(entry.parent));
  }

  std::map<NodeId, Entry> entries;
};

class TenancyModel : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  NodeId Any() {
    if (model_.entries.empty() || random_.Below(12) == 0) return {};
    return std::next(model_.entries.begin(), static_cast<std::ptrdiff_t>(random_.Below(model_.entries.size())))->first;
  }
  std::string AnyName() { return std::string(1, static_cast<char>('a' + random_.Below(4))); }
  TestGateway& AnyGateway() { return random_.Below(2) == 0 ? one_ : other_; }

  void Create() {
    const auto kind = static_cast<NodeKind>(random_.Below(6));
    const NodeId parent = kind == NodeKind::kOrganization ? NodeId() : Any();
    const std::string name = AnyName();
    const auto made = AnyGateway().Create(kind, parent, name);
    ASSERT_EQ(made.ok(), model_.MayHave(kind, parent) && model_.IsFree({}, parent, kind, name));
    if (made.ok()) model_.entries[made.value().id] = {.parent = parent, .kind = kind, .name = name};
  }
  void Change() {
    const NodeId id = Any();
    if (id.value == 0) return;
    Model::Entry after = model_.entries.at(id);
    NodePatch patch;
    switch (random_.Below(3)) {
      case 0: patch.name = after.name = AnyName(); break;
      case 1: patch.parent = after.parent = Any(); break;
      default: patch.state = after.state = random_.Below(2) == 0 ? NodeState::kActive : NodeState::kSuspended;
    }
    const bool moves = after.parent != model_.entries.at(id).parent;
    const bool may =
        (!moves || model_.MayHave(after.kind, after.parent)) && model_.IsFree(id, after.parent, after.kind, after.name);
    const auto changed = AnyGateway().Change(id, std::move(patch));
    ASSERT_EQ(changed.ok(), may) << model_.PathOf(id);
    if (may) model_.entries[id] = after;
  }
  void Delete() {
    const NodeId id = Any();
    if (id.value == 0) return;
    ASSERT_EQ(AnyGateway().Delete(id).ok(), model_.IsEmpty(id));
    if (model_.IsEmpty(id)) model_.entries.erase(id);
  }
  void Compare(TestGateway& gateway) {
    gateway.Refresh();
    ASSERT_EQ(gateway.directory.size().nodes, model_.entries.size());
    for (const auto& [id, entry] : model_.entries) {
      const std::string path = model_.PathOf(id);
      ASSERT_EQ(gateway.directory.PathOf(id), path);
      ASSERT_EQ(gateway.directory.FindPath(path)->id, id);
      ASSERT_EQ(gateway.directory.PrincipalOf(id).ok(), model_.IsActive(id)) << path;
    }
  }

  base::Random random_{GetParam()};
  net::EpollLoop loop_{base::SystemClock()};
  SqliteTestDatabase database_;
  TestGateway one_{loop_, database_.get()};
  TestGateway other_{loop_, database_.get()};
  Model model_;
};

// Two gateways take turns; before each step both know what the other did.
TEST_P(TenancyModel, AnyOrderOfOperationsGivesTheTreeThatItShould) {
  for (int step = 0; step < 250; ++step) {
    one_.Refresh();
    other_.Refresh();
    switch (random_.Below(10)) {
      case 0: Delete(); break;
      case 1:
      case 2:
      case 3: Change(); break;
      default: Create();
    }
    if (HasFatalFailure()) FAIL() << "step " << step;
    if (step % 10 == 0) Compare(step % 20 == 0 ? one_ : other_);
    if (HasFatalFailure()) FAIL() << "step " << step;
  }
  TestGateway fresh(loop_, database_.get());
  Compare(fresh);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TenancyModel, ::testing::Values(1U, 2U, 3U, 4U, 5U));

}  // namespace
}  // namespace gatehouse::features::identity
