#include "app/cli_alerts.h"

#include "codec/text/percent.h"

namespace gatehouse::app {

CliRequest UnderstandAlert(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  const std::string verb = plain.size() > 1 ? plain[1] : "";
  if (verb == "list" && plain.size() == 2) {
    CheckOptions(options, {"--node", "--limit"}, "alert list", problem);
    return {"GET", "/admin/v1/alerts" + QueryOf(options, {"node", "limit"}), ""};
  }
  CheckOptions(options, {}, "alert " + verb, problem);
  if (verb == "channels" && plain.size() == 2) return {"GET", "/admin/v1/alerts/channels", ""};
  if (verb == "test" && plain.size() == 3) {
    return {"POST", "/admin/v1/alerts/channels/" + codec::text::PercentEncode(plain[2]) + "/test", ""};
  }
  problem = "`gatehouse alert` knows list, channels and test CHANNEL";
  return {};
}

}  // namespace gatehouse::app
