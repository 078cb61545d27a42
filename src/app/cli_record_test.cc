#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "app/cli_rig.h"

namespace gatehouse::app {
namespace {

using ::testing::HasSubstr;

TEST(RecordCli, AsksTheApi) {
  const AskedOfApi cases[] = {
      {"erase acme/user:anna --basis gdpr-17", "POST", "erasures", R"({"node":"acme/user:anna","basis":"gdpr-17"})"},
      {"erase --key k1 --basis gdpr-17", "POST", "erasures", R"({"key":"k1","basis":"gdpr-17"})"},
      {"payload 17 --reason incident-42", "POST", "payload-reads", R"({"entry":17,"reason":"incident-42"})"},
      {"record keys", "GET", "record-keys", ""},
      {"record rotate-key", "POST", "record-keys", "{}"},
      {"record master-key", "GET", "vault-master-key", ""},
      {"record rotate-master-key", "POST", "vault-master-key", "{}"},
      {"hold list", "GET", "holds", ""},
      {"hold list --all", "GET", "holds?all=1", ""},
      {"hold place case-7 --reason sued_by_M --node acme/user:anna --from 2026-01-01 --until 2026-07-01 --class c",
       "POST", "holds",
       R"({"hold":"case-7","reason":"sued by M","node":"acme/user:anna","class":"c","from":"2026-01-01","until":"2026-07-01"})"},
      {"hold place case-7 --reason r --key k1", "POST", "holds", R"({"hold":"case-7","reason":"r","key":"k1"})"},
      {"hold lift case/7 --reason settled", "POST", "holds/case%2F7/lift", R"({"reason":"settled"})"},
  };
  ExpectAsked(cases);
}

TEST(RecordCli, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"erase acme", "--basis"},
      {"erase acme --key k --basis b", "NODE, or --key"},
      {"payload x --reason r", "index of an entry"},
      {"record forget", "`gatehouse record` knows"},
      {"hold place case-7", "--reason"},
      {"hold lift case-7", "--reason"},
      {"hold lift case-7 --reason r --node x", "--node"},
      {"hold place --reason r", "`gatehouse hold` knows"},
      {"hold", "`gatehouse hold` knows"},
  };
  for (const auto& [line, part] : cases) EXPECT_THAT(Parse(line).problem, HasSubstr(part)) << line;
}

}  // namespace
}  // namespace gatehouse::app
