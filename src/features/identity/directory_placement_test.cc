#include "features/identity/directory_placement.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "features/identity/tenancy_node.h"

namespace gatehouse::features::identity {
namespace {

class DirectoryPlacementTest : public testing::Test {
 protected:
  DirectoryPlacementTest() {
    Put(1, 0, NodeKind::kOrganization, "acme");
    Put(2, 1, NodeKind::kTeam, "search");
    Put(3, 2, NodeKind::kProject, "prod");
    Put(4, 3, NodeKind::kUser, "alice");
    Put(5, 1, NodeKind::kProject, "lonely");
  }
  void Put(std::int64_t id, std::int64_t parent, NodeKind kind, std::string name,
           NodeState state = NodeState::kActive) {
    const std::vector<Node> nodes = {
        {.id = {id}, .parent = {parent}, .kind = kind, .name = std::move(name), .state = state, .version = ++version_}};
    directory_.Apply(nodes);
  }
  // The ids of the chain, or the error's code.
  std::string Place(pipeline::Principal principal) const {
    const auto placed = placement_.Place(principal);
    if (!placed.ok()) return std::string(base::ToString(placed.error().code));
    std::string ids;
    for (const auto& link : principal.chain) ids += std::to_string(link.id.value);
    return ids;
  }

  std::int64_t version_ = 0;
  Directory directory_;
  DirectoryPlacement placement_{directory_};
};

TEST_F(DirectoryPlacementTest, TheChainLeadsDownToWhoActs) {
  const pipeline::Principal alice{
      .organization = "acme", .team = "search", .project = "prod", .name = "alice", .kind = NodeKind::kUser};
  EXPECT_EQ(Place(alice), "1234");
  pipeline::Principal other = alice;
  other.name = "bob";  // not in the tree: what is above counts
  EXPECT_EQ(Place(other), "123");
  other.name = "auth0|507f1f77";  // cannot be in the tree
  EXPECT_EQ(Place(other), "123");
  other = alice;
  other.kind = NodeKind::kApplication;
  EXPECT_EQ(Place(other), "123");
  EXPECT_EQ(Place({.organization = "acme", .project = "lonely", .name = "x"}), "15");
  EXPECT_EQ(Place({.organization = "acme", .name = "x"}), "1");
}

TEST_F(DirectoryPlacementTest, NobodyActsOutsideOfTheTree) {
  for (const pipeline::Principal& lost :
       {pipeline::Principal{.organization = "other", .name = "x"}, pipeline::Principal{.name = "x"},
        pipeline::Principal{.organization = "acme", .team = "nowhere", .name = "x"},
        pipeline::Principal{.organization = "acme", .team = "lonely", .name = "x"},  // a project
        pipeline::Principal{.organization = "acme", .project = "prod", .name = "x"}}) {
    EXPECT_EQ(Place(lost), "denied");
  }
}

TEST_F(DirectoryPlacementTest, WhatIsSuspendedStopsAllBelow) {
  const pipeline::Principal alice{
      .organization = "acme", .team = "search", .project = "prod", .name = "alice", .kind = NodeKind::kUser};
  const auto before = placement_.version();
  Put(2, 1, NodeKind::kTeam, "search", NodeState::kSuspended);
  EXPECT_NE(placement_.version(), before);
  EXPECT_EQ(Place(alice), "denied");
  Put(2, 1, NodeKind::kTeam, "search");
  EXPECT_EQ(Place(alice), "1234");
  Put(4, 3, NodeKind::kUser, "alice", NodeState::kSuspended);
  EXPECT_EQ(Place(alice), "denied");
}

}  // namespace
}  // namespace gatehouse::features::identity
