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

}  // namespace gatehouse::app
