#include "app/cli_record.h"

#include <string_view>

#include "codec/json/writer.h"
#include "codec/text/percent.h"

namespace gatehouse::app {

CliRequest UnderstandErase(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  CheckOptions(options, {"--basis", "--key"}, "erase", problem);
  const auto basis = options.find("--basis");
  const auto key = options.find("--key");
  if (plain.size() > 2 || (plain.size() == 2) == (key != options.end()) || basis == options.end()) {
    problem = "`gatehouse erase` needs NODE, or --key KEY, and --basis WORD, such as gdpr-17-1-b";
    return {};
  }
  CliRequest request{"POST", "/admin/v1/erasures", ""};
  codec::json::Writer writer(request.body);
  writer.BeginObject();
  if (plain.size() == 2) {
    writer.Field("node", plain[1]);
  } else {
    writer.Field("key", key->second);
  }
  writer.Field("basis", basis->second).EndObject();
  return request;
}

CliRequest UnderstandPayload(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  CheckOptions(options, {"--reason"}, "payload", problem);
  const auto reason = options.find("--reason");
  const bool is_index = plain.size() == 2 && !plain[1].empty() && plain[1].size() < 16 &&
                        plain[1].find_first_not_of("0123456789") == std::string::npos;
  if (!is_index || reason == options.end()) {
    problem = "`gatehouse payload` needs the index of an entry, and --reason WORD, such as incident-42";
    return {};
  }
  CliRequest request{"POST", "/admin/v1/payload-reads", ""};
  codec::json::Writer(request.body)
      .BeginObject()
      .RawField("entry", plain[1])
      .Field("reason", reason->second)
      .EndObject();
  return request;
}

CliRequest UnderstandRecord(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  const std::string verb = plain.size() == 2 ? plain[1] : "";
  CheckOptions(options, {}, "record " + verb, problem);
  if (verb == "keys") return {"GET", "/admin/v1/record-keys", ""};
  if (verb == "rotate-key") return {"POST", "/admin/v1/record-keys", "{}"};
  if (verb == "master-key") return {"GET", "/admin/v1/vault-master-key", ""};
  if (verb == "rotate-master-key") return {"POST", "/admin/v1/vault-master-key", "{}"};
  problem = "`gatehouse record` knows keys, rotate-key, master-key and rotate-master-key";
  return {};
}

CliRequest UnderstandHold(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  const std::string verb = plain.size() > 1 ? plain[1] : "";
  if (verb == "list" && plain.size() == 2) {
    CheckOptions(options, {"--all"}, "hold list", problem);
    return {"GET", options.contains("--all") ? "/admin/v1/holds?all=1" : "/admin/v1/holds", ""};
  }
  const bool places = verb == "place";
  if (plain.size() != 3 || (!places && verb != "lift")) {
    problem = "`gatehouse hold` knows place NAME, lift NAME and list";
    return {};
  }
  if (places)
    CheckOptions(options, {"--reason", "--node", "--key", "--class", "--from", "--until"}, "hold place", problem);
  if (!places) CheckOptions(options, {"--reason"}, "hold lift", problem);
  if (!options.contains("--reason")) problem = "say why with --reason TEXT";
  CliRequest request{"POST", "/admin/v1/holds", ""};
  if (!places) request.target += "/" + codec::text::PercentEncode(plain[2]) + "/lift";
  codec::json::Writer writer(request.body);
  writer.BeginObject();
  if (places) writer.Field("hold", plain[2]);
  for (const std::string_view name : {"reason", "node", "key", "class", "from", "until"}) {
    const auto option = options.find("--" + std::string(name));
    if (option != options.end()) writer.Field(name, option->second);
  }
  writer.EndObject();
  return request;
}

}  // namespace gatehouse::app
