#include "features/identity/mapping.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::features::identity {
namespace {

using pipeline::Authentication;
using pipeline::NodeKind;
using Strings = std::vector<std::string>;

base::Result<pipeline::Principal> Map(const std::string& claims, const Mapping& mapping) {
  codec::json::Document document;
  EXPECT_TRUE(document.Parse(claims).ok()) << claims;
  return MapClaims(document.root(), mapping, Authentication::kToken);
}

Strings Values(const std::string& claims, std::string_view path) {
  codec::json::Document document;
  EXPECT_TRUE(document.Parse(claims).ok()) << claims;
  return ValuesOf(document.root(), path);
}

TEST(ValuesOf, ReadsTextsListsScopesAndPaths) {
  EXPECT_EQ(Values(R"({"a":"x y"})", "a"), Strings{"x y"});
  EXPECT_EQ(Values(R"({"scope":" x  y "})", "scope"), (Strings{"x", "y"}));
  EXPECT_EQ(Values(R"({"a":["x",1,null,"y",["z"]]})", "a"), (Strings{"x", "y"}));
  EXPECT_EQ(Values(R"({"realm_access":{"roles":["r"]}})", "realm_access.roles"), Strings{"r"});
  EXPECT_EQ(Values(R"({"https://example.com/roles":["r"]})", "https://example.com/roles"), Strings{"r"});
  for (const char* nothing : {"{}", R"({"a":1})", R"({"a":{"b":"x"}})", R"({"a":null})"}) {
    EXPECT_EQ(Values(nothing, "a"), Strings{});
    EXPECT_EQ(Values(nothing, "a.c"), Strings{});
  }
}

TEST(MapClaims, TheConfigurationAloneNamesTheOrganization) {
  const auto principal =
      Map(R"({"sub":"alice","organization":"evil","org":"evil","team":"x"})", {.organization = "acme"});
  ASSERT_TRUE(principal.ok());
  EXPECT_EQ(principal.value().organization, "acme");
  EXPECT_EQ(principal.value().team, "");
  EXPECT_EQ(principal.value().name, "alice");
  EXPECT_EQ(principal.value().authentication, Authentication::kToken);
}

TEST(MapClaims, RulesPlaceOnceAndAddRolesAndModels) {
  const Mapping mapping{.organization = "acme",
                        .team = "guests",
                        .rules = {{.claim = "groups", .value = "staff", .roles = {"member"}},
                                  {.claim = "groups", .value = "ml", .team = "search", .models = {"small"}},
                                  {.claim = "groups", .value = "ops", .team = "ops", .roles = {"operator", "member"}},
                                  {.claim = "dept", .value = "*", .models = {"large", "small"}}}};
  const auto both = Map(R"({"sub":"a","groups":["ops","ml","staff"],"dept":"7"})", mapping).value();
  EXPECT_EQ(both.team, "search");  // the first rule that places
  EXPECT_EQ(both.roles, (Strings{"member", "operator"}));
  EXPECT_EQ(both.models, (Strings{"small", "large"}));
  EXPECT_EQ(both.groups, (Strings{"ops", "ml", "staff"}));
  const auto neither = Map(R"({"sub":"a","groups":["STAFF","opsx"]})", mapping).value();
  EXPECT_EQ(neither.team, "guests");
  EXPECT_TRUE(neither.roles.empty());
}

TEST(MapClaims, OthersCanBeRefused) {
  const Mapping mapping{
      .organization = "acme", .rules = {{.claim = "groups", .value = "staff"}}, .others = Mapping::Others::kRefused};
  EXPECT_TRUE(Map(R"({"sub":"a","groups":"staff"})", mapping).ok());
  const auto refused = Map(R"({"sub":"a","groups":["x"]})", mapping);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kDenied);
}

TEST(MapClaims, TellsAClientsOwnTokenFromAUsers) {
  const Mapping by_token{.organization = "acme"};
  EXPECT_EQ(Map(R"({"sub":"alice","client_id":"web"})", by_token).value().kind, NodeKind::kUser);
  EXPECT_EQ(Map(R"({"sub":"batch","client_id":"batch"})", by_token).value().kind, NodeKind::kApplication);
  EXPECT_EQ(Map(R"({"sub":"batch","azp":"batch"})", by_token).value().kind, NodeKind::kApplication);
  const auto unnamed = Map(R"({"client_id":"batch"})", by_token).value();
  EXPECT_EQ(unnamed.name, "batch");
  EXPECT_EQ(unnamed.kind, NodeKind::kApplication);
  EXPECT_FALSE(Map(R"({"sub":null,"client_id":"batch"})", by_token).ok());
  EXPECT_EQ(Map(R"({"sub":"batch"})", by_token).value().kind, NodeKind::kUser);
  EXPECT_EQ(Map(R"({"sub":"x"})", {.organization = "a", .kind = Mapping::Kind::kAgent}).value().kind, NodeKind::kAgent);
}

TEST(MapClaims, NeedsASubject) {
  const Mapping mapping{.organization = "acme", .subject = "email"};
  EXPECT_EQ(Map(R"({"sub":"7","email":"a@example.com"})", mapping).value().name, "a@example.com");
  for (const std::string& claims :
       {std::string(R"({"sub":"7"})"), std::string(R"({"email":""})"), std::string(R"({"email":["a"]})"),
        R"({"email":")" + std::string(257, 'a') + "\"}"}) {
    const auto refused = Map(claims, mapping);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::ErrorCode::kUnauthenticated);
  }
}

}  // namespace
}  // namespace gatehouse::features::identity
