#include "features/identity/directory.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "codec/crypto/hash.h"

namespace gatehouse::features::identity {
namespace {

using codec::crypto::AsText;
using codec::crypto::Digest;
using codec::crypto::Sha256;

constexpr NodeTerms kOrganization{
    .id = {1}, .parent = {}, .kind = NodeKind::kOrganization, .name = "acme", .version = 1};

NodeTerms KeyNode(std::int64_t id) {
  return {.id = {id}, .parent = {1}, .kind = NodeKind::kKey, .name = "ci", .version = 1};
}

KeyTerms Terms(std::string_view digest) {
  return {.scope = "app",
          .secrets = {{{digest, 0}, {}}},
          .models = R"(["gpt-5"])",
          .surfaces = "[]",
          .networks = R"(["10.0.0.0/8"])"};
}

TEST(DirectoryIntake, KeysFindTheirNodes) {
  Directory directory;
  const Digest digest = Sha256("a secret");
  {
    Directory::Intake intake(directory, 2, 1);
    intake.Add(NodeId{2}, Terms(AsText(digest)));
    EXPECT_FALSE(directory.FindKey(digest)) << "a key opens nothing before it is in the tree";
    intake.Add(KeyNode(2));
    intake.Add(kOrganization);
  }
  const auto found = directory.FindKey(digest);
  ASSERT_TRUE(found && found->ok());
  EXPECT_EQ(found->value().principal->organization, "acme");
  EXPECT_EQ(found->value().principal->models, std::vector<std::string>{"gpt-5"});
  ASSERT_NE(found->value().networks, nullptr);
  EXPECT_TRUE(found->value().networks->ContainsPeer("10.1.2.3:4"));
  EXPECT_EQ(found->value().scope, "app");
  EXPECT_EQ(directory.size().nodes, 2U);
  EXPECT_EQ(directory.size().keys, 1U);
}

TEST(DirectoryIntake, AKeyWithoutItsTermsIsPassedOver) {
  Directory directory;
  {
    Directory::Intake intake(directory, 2, 0);
    intake.Add(kOrganization);
    intake.Add(KeyNode(2));
  }
  EXPECT_TRUE(directory.Find({1}));
  EXPECT_FALSE(directory.Find({2})) << "it would be taken for known when it comes with the changes";
}

TEST(DirectoryIntake, TermsWithoutTheirNodeAreForgotten) {
  Directory directory;
  const Digest digest = Sha256("a secret");
  {
    Directory::Intake intake(directory, 1, 1);
    intake.Add(NodeId{2}, Terms(AsText(digest)));
    intake.Add(kOrganization);
  }
  EXPECT_FALSE(directory.FindKey(digest));
  EXPECT_EQ(directory.size().keys, 0U);
  {
    Directory::Intake again(directory, 1, 1);
    again.Add(NodeId{3}, Terms(AsText(digest)));
    again.Add(KeyNode(3));
  }
  EXPECT_TRUE(directory.FindKey(digest)) << "its place is used again";
}

TEST(DirectoryIntake, WhatIsKnownToBeNewerStays) {
  Directory directory;
  Node suspended{.id = {1}, .parent = {}, .name = "acme", .state = NodeState::kSuspended, .version = 5};
  directory.Apply({&suspended, 1});
  {
    Directory::Intake intake(directory, 1, 0);
    intake.Add(kOrganization);
  }
  EXPECT_EQ(directory.Find({1})->state, NodeState::kSuspended);
}

}  // namespace
}  // namespace gatehouse::features::identity
