#include "features/identity/tenancy_schema.h"

#include <gtest/gtest.h>

#include "features/identity/tenancy_rig.h"

namespace gatehouse::features::identity {
namespace {

// What each version's program could write, as it wrote it: never changed once that version was released.
constexpr std::string_view kWrittenByVersion1[] = {
    "INSERT INTO gatehouse_node (id, parent, kind, segment, name, display, labels, state, origin, version, "
    "created_at_ms, changed_at_ms) VALUES (1, 0, 0, 'acme', 'acme', 'Acme', '{\"a\":\"b\"}', 0, 0, 1, 10, 10)",
    "INSERT INTO gatehouse_node (id, parent, kind, segment, name, display, labels, state, origin, version, "
    "created_at_ms, changed_at_ms) VALUES (2, 1, 6, 'key:ci', 'ci', '', '{}', 0, 0, 2, 20, 20)",
    "INSERT INTO gatehouse_key (node, scope, digest_1, hint_1, created_1_ms, expires_1_ms, digest_2, hint_2, "
    "created_2_ms, expires_2_ms, expires_ms, models, surfaces, networks, last_used_ms) VALUES (2, 'app', NULL, 'abcd', "
    "20, 0, NULL, '', 0, 0, 0, '[\"m\"]', '[]', '[\"10.0.0.0/8\"]', 30)",
    "UPDATE gatehouse_change SET last = 2",
};

class TenancySchemaTest : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(TenancySchemaTest, ADatabaseOfAnEarlierVersionIsBroughtUpToDateWithWhatItHolds) {
  net::EpollLoop loop(base::SystemClock());
  SqliteTestDatabase database;
  const net::Deadline soon{base::SystemClock().Now() + std::chrono::seconds(30)};
  store::Schema earlier = TenancySchema();
  earlier.migrations = earlier.migrations.first(GetParam());
  ASSERT_TRUE(net::BlockOn(loop, store::Migrate(database.get(), loop, earlier, soon))->ok());
  std::vector<store::Statement> unit;
  for (const std::string_view sql : kWrittenByVersion1) unit.push_back({.sql = std::string(sql)});
  ASSERT_TRUE(net::BlockOn(loop, database.get().Write(loop, std::move(unit), soon))->ok());

  TestGateway gateway(loop, database.get());
  EXPECT_EQ(gateway.directory.PathOf({2}), "acme/key:ci");
  EXPECT_EQ(gateway.directory.known(), 2);
  const auto key = gateway.Await(gateway.tenancy.Show(gateway.ACall(), {2}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key.value().key->models, std::vector<std::string>{"m"});
  EXPECT_EQ(key.value().key->secrets[0].hint, "abcd");
  EXPECT_EQ(key.value().key->last_used_ms, 30);
  EXPECT_TRUE(gateway.Change({1}, {.name = "renamed"}).ok());
}

TEST_P(TenancySchemaTest, ANewerDatabaseIsRefusedAndLeftAsItIs) {
  net::EpollLoop loop(base::SystemClock());
  SqliteTestDatabase database;
  const net::Deadline soon{base::SystemClock().Now() + std::chrono::seconds(30)};
  const TestGateway newer(loop, database.get());
  store::Schema older = TenancySchema();
  older.migrations = older.migrations.first(GetParam());
  const auto refused = net::BlockOn(loop, store::Migrate(database.get(), loop, older, soon));
  if (GetParam() == TenancySchema().migrations.size()) {
    EXPECT_TRUE(refused->ok());
  } else {
    ASSERT_FALSE(refused->ok());
    EXPECT_NE(refused->error().public_message.find("made by a newer Gatehouse"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, TenancySchemaTest, ::testing::Values(1U, 2U, 3U, 4U));

}  // namespace
}  // namespace gatehouse::features::identity
