#include "admin/holds_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/admin_rig.h"
#include "admin/api_refusal.h"
#include "admin/record_api.h"
#include "features/audit/test_sink.h"
#include "record/vault/test_folder.h"

namespace gatehouse::admin {
namespace {

namespace audit = features::audit;
namespace vault = record::vault;

using ::testing::HasSubstr;

// With a vault, whose thread answers.
class HoldsApiTest : public AdminApiTest {
 protected:
  HoldsApiTest() { sink_.tells = true; }
  std::string Text(const AdminActor& actor, const std::string& method, const std::string& path, std::string body = {}) {
    const auto reply = SendTo(api_, actor, method, path, std::move(body));
    return reply.ok() ? std::to_string(reply.value().status) + " " + reply.value().body : reply.error().public_message;
  }

  vault::TestFolder folder_;
  audit::testing::TestSink sink_;
  audit::Record record_{sink_, base::SystemClock(), "gw1", {}, 1};
  std::unique_ptr<vault::Vault> vault_ =
      vault::Vault::Open(folder_.path(), vault::MasterKey(base::Secret(std::string(32, 'k'))),
                         {.clock = &base::SystemClock()})
          .value();
  audit::Archive archive_{
      {.record = record_, .vault = vault_.get(), .inspector = nullptr, .clock = base::SystemClock()},
      {.keep = audit::ArchiveSettings::Keep::kFull}};
  RecordApi api_{RecordServices{.archive = &archive_, .log = nullptr}, gateway_.directory};
  const AdminActor owner_ = AdminActor::Owner();
};

TEST_F(HoldsApiTest, PlacesAndLifts) {
  const std::string placed =
      Text(owner_, "POST", "holds", R"({"hold":"case-7","node":"acme/search/user:alice","reason":"sued"})");
  EXPECT_THAT(placed, HasSubstr(R"(201 {"hold":"case-7","state":"in_force","origin":"placed","key":")"));
  EXPECT_THAT(placed, HasSubstr(vault_->KeyOf(std::to_string(alice_.value))->Hex()));
  EXPECT_THAT(Text(owner_, "GET", "holds"), HasSubstr(R"("placed_by":"owner")"));
  EXPECT_THAT(Text(owner_, "POST", "holds/case-7/lift", R"({"reason":"settled"})"), HasSubstr(R"("state":"lifted")"));
  EXPECT_EQ(Text(owner_, "GET", "holds"), R"(200 {"items":[]})");
  EXPECT_THAT(Text(owner_, "GET", "holds?all=1"), HasSubstr(R"("lifted_because":"settled")"));
}

TEST_F(HoldsApiTest, IsForWhoMayGiveRolesEverywhere) {
  for (const Role role : {Role::kMember, Role::kAuditor, Role::kOperator, Role::kApprover}) {
    EXPECT_EQ(Text(ActorWith(role, acme_), "GET", "holds"), Denied().public_message);
    EXPECT_EQ(Text(ActorWith(role, acme_), "POST", "holds", R"({"hold":"a","reason":"r"})"), Denied().public_message);
    EXPECT_EQ(Text(ActorWith(role, acme_), "POST", "holds/a/lift", R"({"reason":"r"})"), Denied().public_message);
  }
  EXPECT_EQ(Text(owner_, "GET", "holds"), R"(200 {"items":[]})");
}

TEST_F(HoldsApiTest, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"hold":"Case","reason":"r"})", "`hold`"},
      {R"({"hold":"a"})", "`reason`"},
      {R"({"hold":"a","reason":"r","node":"acme/search"})", "a user, an application or an agent"},
      {R"({"hold":"a","reason":"r","node":"acme/nothing"})", "node"},
      {R"({"hold":"a","reason":"r","node":"acme/search/user:alice","key":"k"})", "or neither"},
      {R"({"hold":"a","reason":"r","class":"No Class"})", "`class`"},
      {R"({"hold":"a","reason":"r","from":"soon"})", "`from`"},
      {R"({"hold":"a","reason":"r","from":"2026-02-01","until":"2026-02-01"})", "`until`"},
      {R"({"hold":"a","reason":"r","more":1})", "more"},
  };
  for (const auto& [body, part] : cases) EXPECT_THAT(Text(owner_, "POST", "holds", body), HasSubstr(part)) << body;
  EXPECT_EQ(Text(owner_, "DELETE", "holds"), WrongMethod("GET or POST").public_message);
  EXPECT_EQ(Text(owner_, "POST", "holds/a/raise"), NoSuch("thing").public_message);
  EXPECT_THAT(Text(owner_, "POST", "holds/a/lift", R"({"reason":"r"})"), HasSubstr("no such legal hold"));
  EXPECT_EQ(Text(owner_, "GET", "holds"), R"(200 {"items":[]})");
}

TEST_F(HoldsApiTest, TellsTheMasterKeyOnlyWhoMayOperate) {
  EXPECT_EQ(Text(ActorWith(Role::kMember, acme_), "GET", "vault-master-key"), Denied().public_message);
  EXPECT_EQ(Text(ActorWith(Role::kOperator, acme_), "POST", "vault-master-key"), Denied().public_message);
  EXPECT_EQ(Text(owner_, "POST", "vault-master-key"), "No payloads are kept here.") << "its source is not known";
}

}  // namespace
}  // namespace gatehouse::admin
