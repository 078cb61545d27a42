#include "app/cli_accounting.h"

#include <algorithm>
#include <initializer_list>

#include "app/cli_alerts.h"
#include "app/cli_approvals.h"
#include "app/cli_record.h"
#include "codec/json/writer.h"
#include "codec/text/percent.h"

namespace gatehouse::app {
namespace {

using codec::json::Writer;

constexpr std::initializer_list<std::string_view> kEverywhere = {"--json", "--password-file", "--admin-url"};

std::string Value(const CliOptions& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? "" : found->second;
}

CliRequest Usage(const CliOptions& options, std::string& problem) {
  CheckOptions(options, {"--node", "--from", "--until", "--grain", "--by", "--limit", "--format"}, "usage", problem);
  std::string query = QueryOf(options, {"node", "from", "until", "grain", "by", "limit", "format"});
  if (!options.contains("--format") && !options.contains("--json"))
    query += query.empty() ? "?format=csv" : "&format=csv";
  return {"GET", "/admin/v1/usage" + query, ""};
}

// As a number where it is one: what is not is for the gateway to refuse.
void WriteNumber(Writer& writer, std::string_view name, const std::string& text) {
  const bool number = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos &&
                      text.front() != '.' && text.back() != '.' && std::ranges::count(text, '.') < 2;
  if (number) {
    writer.RawField(name, text);
  } else {
    writer.Field(name, text);
  }
}

CliRequest SetBudget(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  CheckOptions(options, {"--per", "--window", "--zone", "--models", "--provider", "--throttle"}, "budget set", problem);
  if (plain.size() != 6) {
    problem = "say `gatehouse budget set NODE NAME usd|tokens|requests AMOUNT --per WINDOW`";
    return {};
  }
  CliRequest request{"PUT", "/admin/v1/budgets", ""};
  Writer writer(request.body);
  writer.BeginObject().Field("node", plain[2]).Field("name", plain[3]);
  WriteNumber(writer, plain[4], plain[5]);
  for (const std::string_view name : {"per", "window", "zone", "models", "provider"}) {
    if (const std::string value = Value(options, "--" + std::string(name)); !value.empty()) writer.Field(name, value);
  }
  if (const std::string value = Value(options, "--throttle"); !value.empty())
    WriteNumber(writer, "throttle_per_minute", value);
  writer.EndObject();
  return request;
}

CliRequest Budget(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  const std::string verb = plain.size() > 1 ? plain[1] : "";
  if (verb == "set") return SetBudget(plain, options, problem);
  if (verb == "release" && plain.size() == 2 && options.contains("--node")) {
    CheckOptions(options, {"--node"}, "budget release", problem);
    return {"DELETE", "/admin/v1/gateways/" + codec::text::PercentEncode(Value(options, "--node")), ""};
  }
  CheckOptions(options, {}, "budget " + verb, problem);
  if (verb == "gateways" && plain.size() == 2) return {"GET", "/admin/v1/gateways", ""};
  if (verb == "list" && plain.size() == 3) {
    return {"GET", "/admin/v1/budgets?node=" + codec::text::PercentEncode(plain[2]), ""};
  }
  if (verb == "remove" && plain.size() == 3) {
    return {"DELETE", "/admin/v1/budgets/" + codec::text::PercentEncode(plain[2]), ""};
  }
  problem =
      "`gatehouse budget` knows list NODE, set NODE NAME usd|tokens|requests AMOUNT, remove ID, gateways, and "
      "release --node GATEWAY";
  return {};
}

CliRequest Exchange(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem) {
  const std::string verb = plain.size() > 1 ? plain[1] : "";
  if (verb == "show" && plain.size() == 3) {
    CheckOptions(options, {"--from"}, "exchange show", problem);
    const std::string from = QueryOf(options, {"from"});
    return {"GET",
            "/admin/v1/exchanges" + (from.empty() ? "?" : from + "&") +
                "request_id=" + codec::text::PercentEncode(plain[2]),
            ""};
  }
  if (verb == "list" && plain.size() == 2) {
    CheckOptions(options, {"--node", "--from", "--until", "--limit", "--in-doubt"}, "exchange list", problem);
    std::string query = QueryOf(options, {"node", "from", "until", "limit"});
    if (options.contains("--in-doubt")) query += query.empty() ? "?in_doubt=1" : "&in_doubt=1";
    return {"GET", "/admin/v1/exchanges" + query, ""};
  }
  if (verb == "settle" && plain.size() == 3) {
    CheckOptions(options, {"--cost", "--note", "--row"}, "exchange settle", problem);
    CliRequest request{"POST", "/admin/v1/exchanges/" + codec::text::PercentEncode(plain[2]) + "/settle", ""};
    Writer writer(request.body);
    writer.BeginObject().Field("usd", Value(options, "--cost")).Field("note", Value(options, "--note"));
    if (options.contains("--row")) writer.Field("row", Value(options, "--row"));
    writer.EndObject();
    return request;
  }
  problem = "`gatehouse exchange` knows show REQUEST-ID, list, and settle REQUEST-ID --cost USD --note TEXT";
  return {};
}

}  // namespace

void CheckOptions(const CliOptions& options, std::initializer_list<std::string_view> allowed, std::string_view command,
                  std::string& problem) {
  for (const auto& [name, value] : options) {
    const bool known =
        std::ranges::find(allowed, name) != allowed.end() || std::ranges::find(kEverywhere, name) != kEverywhere.end();
    if (!known) problem = name + " has no meaning for `" + std::string(command) + "`";
  }
}

std::string QueryOf(const CliOptions& options, std::initializer_list<std::string_view> names) {
  std::string query;
  for (const std::string_view name : names) {
    const std::string value = Value(options, "--" + std::string(name));
    if (value.empty()) continue;
    query.append(query.empty() ? "?" : "&").append(name).append("=").append(codec::text::PercentEncode(value));
  }
  return query;
}

bool IsAccountingWord(std::string_view word) {
  return word == "usage" || word == "budget" || word == "exchange" || word == "alert" || word == "erase" ||
         word == "kill" || word == "approval" || word == "review" || word == "record" || word == "payload" ||
         word == "hold";
}

CliRequest UnderstandAccounting(const std::vector<std::string>& plain, const CliOptions& options,
                                std::string& problem) {
  if (plain[0] == "erase") return UnderstandErase(plain, options, problem);
  if (plain[0] == "payload") return UnderstandPayload(plain, options, problem);
  if (plain[0] == "hold") return UnderstandHold(plain, options, problem);
  if (plain[0] == "record") return UnderstandRecord(plain, options, problem);
  if (plain[0] == "approval") return UnderstandApproval(plain, options, problem);
  if (plain[0] == "review") return UnderstandReview(plain, options, problem);
  if (plain[0] == "kill") return UnderstandKill(plain, options, problem);
  if (plain[0] == "alert") return UnderstandAlert(plain, options, problem);
  if (plain[0] == "budget") return Budget(plain, options, problem);
  if (plain[0] == "exchange") return Exchange(plain, options, problem);
  if (plain.size() > 1) problem = "`gatehouse usage` takes options only";
  return Usage(options, problem);
}

}  // namespace gatehouse::app
