#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "app/cli_rig.h"

namespace gatehouse::app {
namespace {

using testing::HasSubstr;

TEST(OversightCli, AsksTheApi) {
  const AskedOfApi cases[] = {
      {"kill all --reason incident_7", "POST", "stops", R"({"scope":"all","reason":"incident 7"})"},
      {"kill node acme/a --reason r", "POST", "stops", R"({"scope":"node","node":"acme/a","reason":"r"})"},
      {"kill model m --reason r", "POST", "stops", R"({"scope":"model","name":"m","reason":"r"})"},
      {"kill tool shell --reason r", "POST", "stops", R"({"scope":"tool","name":"shell","reason":"r"})"},
      {"kill list", "GET", "stops", ""},
      {"kill list --all --limit 3", "GET", "stops?limit=3&all=1", ""},
      {"kill lift stop/1", "POST", "stops/stop%2F1/lift", ""},
      {"approval list", "GET", "approvals", ""},
      {"approval list --state pending --node acme/a --limit 5", "GET", "approvals?state=pending&node=acme%2Fa&limit=5",
       ""},
      {"approval reviewers", "GET", "approvals/reviewers", ""},
      {"approval show apr1", "GET", "approvals/apr1", ""},
      {"approval approve apr1", "POST", "approvals/apr1/approve", R"({"reason":""})"},
      {"approval deny apr1 --reason not_now", "POST", "approvals/apr1/deny", R"({"reason":"not now"})"},
      {"approval revoke apr1 --reason x", "POST", "approvals/apr1/revoke", R"({"reason":"x"})"},
      {"review list --state open --rule look", "GET", "reviews?state=open&rule=look", ""},
      {"review show rev1", "GET", "reviews/rev1", ""},
      {"review fine rev1", "POST", "reviews/rev1/verdict", R"({"verdict":"fine","note":""})"},
      {"review not-fine rev1 --note a_secret", "POST", "reviews/rev1/verdict",
       R"({"verdict":"not_fine","note":"a secret"})"},
      {"review plant rev1 --expect fine", "POST", "reviews/rev1/plant", R"({"expected":"fine"})"},
      {"review reviewers", "GET", "reviews/reviewers", ""},
  };
  ExpectAsked(cases);
}

TEST(OversightCli, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"kill model m", "--reason"},
      {"kill model", "`gatehouse kill` knows"},
      {"kill everything --reason r", "`gatehouse kill` knows"},
      {"kill all --note x --reason r", "--note"},
      {"kill lift", "`gatehouse kill` knows"},
      {"approval deny apr1", "--reason"},
      {"approval revoke apr1", "--reason"},
      {"approval bless apr1", "`gatehouse approval` knows"},
      {"approval approve", "`gatehouse approval` knows"},
      {"approval list --rule x", "--rule"},
      {"approval show apr1 --reason x", "--reason"},
      {"review not-fine rev1", "--note"},
      {"review plant rev1", "--expect"},
      {"review fine", "`gatehouse review` knows"},
      {"review verdict rev1", "`gatehouse review` knows"},
      {"review show rev1 --note x", "--note"},
      {"review", "`gatehouse review` knows"},
  };
  for (const auto& [line, part] : cases) EXPECT_THAT(Parse(line).problem, HasSubstr(part)) << line;
}

}  // namespace
}  // namespace gatehouse::app
