#include "app/cli_approvals.h"

#include <string_view>

#include "codec/json/writer.h"
#include "codec/text/percent.h"

namespace gatehouse::app {
namespace {

std::string ValueOf(const CliOptions& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? "" : found->second;
}

// "kill model NAME --reason TEXT"
CliRequest Kill(const std::vector<std::string>& plain, const CliOptions& options) {
  CliRequest request{"POST", "/admin/v1/stops", ""};
  codec::json::Writer writer(request.body);
  writer.BeginObject().Field("scope", plain[1]);
  if (plain[1] == "node") writer.Field("node", plain[2]);
  if (plain[1] == "model" || plain[1] == "tool") writer.Field("name", plain[2]);
  writer.Field("reason", ValueOf(options, "--reason")).EndObject();
  return request;
}

// "review not-fine ID --note TEXT"
CliRequest Verdict(const std::string& target, const std::string& verb, const CliOptions& options,
                   std::string& problem) {
  CheckOptions(options, {"--note"}, "review " + verb, problem);
  const std::string note = ValueOf(options, "--note");
  if (note.empty() && verb != "fine") problem = "say what is not fine with --note TEXT";
  CliRequest request{"POST", target + "/verdict", ""};
  codec::json::Writer(request.body)
      .BeginObject()
      .Field("verdict", verb == "fine" ? "fine" : "not_fine")
      .Field("note", note)
      .EndObject();
  return request;
}

// "review plant ID --expect not_fine"
CliRequest Plant(const std::string& target, const CliOptions& options, std::string& problem) {
  CheckOptions(options, {"--expect"}, "review plant", problem);
  const std::string expected = ValueOf(options, "--expect");
  if (expected.empty()) problem = "say what people should find with --expect fine|not_fine";
  CliRequest request{"POST", target + "/plant", ""};
  codec::json::Writer(request.body).BeginObject().Field("expected", expected).EndObject();
  return request;
}

}  // namespace

CliRequest UnderstandKill(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  const std::string verb = plain.size() > 1 ? plain[1] : "";
  const bool named = verb == "node" || verb == "model" || verb == "tool";
  if ((named && plain.size() == 3) || (verb == "all" && plain.size() == 2)) {
    CheckOptions(options, {"--reason"}, "kill " + verb, problem);
    if (ValueOf(options, "--reason").empty()) problem = "say why with --reason TEXT";
    return Kill(plain, options);
  }
  if (verb == "list" && plain.size() == 2) {
    CheckOptions(options, {"--all", "--limit"}, "kill list", problem);
    std::string query = QueryOf(options, {"limit"});
    if (options.contains("--all")) query += query.empty() ? "?all=1" : "&all=1";
    return {"GET", "/admin/v1/stops" + query, ""};
  }
  if (verb == "lift" && plain.size() == 3) {
    CheckOptions(options, {}, "kill lift", problem);
    return {"POST", "/admin/v1/stops/" + codec::text::PercentEncode(plain[2]) + "/lift", ""};
  }
  problem = "`gatehouse kill` knows all, node PATH, model NAME, tool NAME, list and lift ID";
  return {};
}

CliRequest UnderstandApproval(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  const std::string verb = plain.size() > 1 ? plain[1] : "";
  const std::string all = "/admin/v1/approvals";
  if (verb == "list" && plain.size() == 2) {
    CheckOptions(options, {"--state", "--node", "--limit"}, "approval list", problem);
    return {"GET", all + QueryOf(options, {"state", "node", "limit"}), ""};
  }
  if (verb == "reviewers" && plain.size() == 2) {
    CheckOptions(options, {}, "approval reviewers", problem);
    return {"GET", all + "/reviewers", ""};
  }
  const bool decides = verb == "approve" || verb == "deny" || verb == "revoke";
  if (plain.size() != 3 || (verb != "show" && !decides)) {
    problem = "`gatehouse approval` knows list, show ID, approve ID, deny ID, revoke ID and reviewers";
    return {};
  }
  const std::string one = all + "/" + codec::text::PercentEncode(plain[2]);
  if (!decides) {
    CheckOptions(options, {}, "approval show", problem);
    return {"GET", one, ""};
  }
  CheckOptions(options, {"--reason"}, "approval " + verb, problem);
  const std::string reason = ValueOf(options, "--reason");
  if (reason.empty() && verb != "approve") problem = "say why with --reason TEXT";
  CliRequest request{"POST", one + "/" + verb, ""};
  codec::json::Writer(request.body).BeginObject().Field("reason", reason).EndObject();
  return request;
}

CliRequest UnderstandReview(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  const std::string verb = plain.size() > 1 ? plain[1] : "";
  const std::string all = "/admin/v1/reviews";
  if (verb == "list" && plain.size() == 2) {
    CheckOptions(options, {"--state", "--rule", "--node", "--limit"}, "review list", problem);
    return {"GET", all + QueryOf(options, {"state", "rule", "node", "limit"}), ""};
  }
  if (verb == "reviewers" && plain.size() == 2) {
    CheckOptions(options, {}, "review reviewers", problem);
    return {"GET", all + "/reviewers", ""};
  }
  const std::string one = plain.size() == 3 ? all + "/" + codec::text::PercentEncode(plain[2]) : "";
  if (verb == "show" && !one.empty()) {
    CheckOptions(options, {}, "review show", problem);
    return {"GET", one, ""};
  }
  if ((verb == "fine" || verb == "not-fine") && !one.empty()) return Verdict(one, verb, options, problem);
  if (verb == "plant" && !one.empty()) return Plant(one, options, problem);
  problem = "`gatehouse review` knows list, show ID, fine ID, not-fine ID, plant ID and reviewers";
  return {};
}

}  // namespace gatehouse::app
