#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "app/cli.h"
#include "app/cli_accounting.h"
#include "codec/json/writer.h"
#include "codec/text/percent.h"
#include "features/identity/tenancy_node.h"

namespace gatehouse::app {
namespace {

using codec::json::Writer;
using features::identity::NodeKind;

constexpr std::string_view kHelp = R"(usage: gatehouse NOUN VERB [ARGUMENT...] [OPTION...]

Nouns: org team project user app agent key role budget usage exchange alert erase hold payload kill approval review record. Things are named by their path, from the organization down:
  acme   acme/search   acme/search/prod   acme/search/prod/app:checkout   acme/search/prod/app:checkout/key:ci
The kind before the last name may be left out: gatehouse app show acme/search/prod/checkout.

  NOUN create PATH [--display TEXT] [--label NAME=VALUE]... [--ensure]
  NOUN list [--parent PATH | --under PATH] [--limit N] [--after NEXT]
  NOUN show PATH
  NOUN rename PATH NAME
  NOUN move PATH NEW-PARENT
  NOUN suspend PATH        nothing at or below it may act, from the next request on
  NOUN resume PATH
  NOUN delete PATH         only what is empty

  key create PATH [--model NAME]... [--surface NAME]... [--network CIDR]... [--expires TIME] [--admin]
                           shows the key, this once; --admin makes a token of the admin API, for a user
  key rotate PATH [--overlap SECONDS]    a new secret; the old one lives on for so long
  key revoke PATH
  key new, key hash        a key for a configuration file, without a gateway

  role grant USER-PATH ROLE PATH         owner admin team_admin operator approver auditor member; PATH * is everywhere
  role list --user PATH | --node PATH
  role revoke ID

  budget list PATH                       with what is spent, held and left
  budget set PATH NAME usd|tokens|requests AMOUNT --per minute|hour|day|week|month|total
         [--window rolling] [--zone NAME] [--models PATTERN] [--provider NAME] [--throttle PER-MINUTE]
  budget remove ID
  usage [--by team,model,...] [--node PATH] [--from TIME] [--until TIME] [--grain day] [--limit N]
        [--format csv|focus|json]        what was spent; a table unless --json
  exchange show REQUEST-ID, exchange list [--node PATH] [--from TIME] [--until TIME] [--in-doubt] [--limit N]
  exchange settle REQUEST-ID --cost USD --note TEXT [--row ROW]
                           what one in doubt did cost: its row stays, sums and budgets move by the difference
  alert list [--node PATH] [--limit N]   what people were told, and where it went
  alert channels, alert test CHANNEL     where alerts can go; sends a test and shows what the receiver said
  erase PATH|--key KEY --basis WORD      the payloads of somebody, for good: gdpr-17-1-b
  hold place NAME --reason TEXT [--node PATH|--key KEY] [--class CLASS] [--from DATE] [--until DATE]
                           payloads that all of it is true of are neither erased nor do they expire
  hold list [--all], hold lift NAME --reason TEXT
  payload ENTRY --reason WORD            what was said, where it is kept; the record says who read it, and why
  record keys                            what the signatures of the record are checked with, newest last
  record rotate-key                      another key signs from now on, beside the old one for a week
  record master-key                      which master key the vault is wrapped with, and which its source gives
  record rotate-master-key               wraps the vault with the one that its source gives
  kill all|node PATH|model NAME|tool NAME --reason TEXT
                           stops it now, in flight too, on all gateways of the database; one person suffices
  kill list [--all], kill lift ID        two people must want it lifted
  approval list [--state pending] [--node PATH], approval show ID
  approval approve ID, approval deny|revoke ID --reason TEXT
                           decides about a request that a rule challenges; not about one's own
  review list [--state open] [--rule RULE] [--node PATH], review show ID
  review fine ID [--note TEXT], review not-fine ID --note TEXT
                           what you think of an exchange that is over; not of one's own
  review plant ID --expect fine|not_fine    the same once more, to see whether people look
  review reviewers         the same about verdicts as the next one about approvals
  approval reviewers       how people decided in the last 30 days: how often, how fast, how often yes

Options: --admin-url URL (http://127.0.0.1:9090), --password-file FILE, --json.
The password, or a token of the admin API, is read from GATEHOUSE_ADMIN_PASSWORD unless a file is named. People of a
directory (admin.login) name themselves in GATEHOUSE_ADMIN_USER.
)";

enum class Takes : std::uint8_t { kValue, kNothing };
struct Option {
  std::string_view name;
  Takes takes;
};
constexpr Option kOptions[] = {
    {"--display", Takes::kValue},  {"--label", Takes::kValue},         {"--ensure", Takes::kNothing},
    {"--parent", Takes::kValue},   {"--under", Takes::kValue},         {"--limit", Takes::kValue},
    {"--after", Takes::kValue},    {"--model", Takes::kValue},         {"--surface", Takes::kValue},
    {"--network", Takes::kValue},  {"--expires", Takes::kValue},       {"--admin", Takes::kNothing},
    {"--overlap", Takes::kValue},  {"--user", Takes::kValue},          {"--node", Takes::kValue},
    {"--json", Takes::kNothing},   {"--password-file", Takes::kValue}, {"--admin-url", Takes::kValue},
    {"--from", Takes::kValue},     {"--until", Takes::kValue},         {"--grain", Takes::kValue},
    {"--by", Takes::kValue},       {"--format", Takes::kValue},        {"--per", Takes::kValue},
    {"--window", Takes::kValue},   {"--zone", Takes::kValue},          {"--models", Takes::kValue},
    {"--provider", Takes::kValue}, {"--throttle", Takes::kValue},      {"--in-doubt", Takes::kNothing},
    {"--cost", Takes::kValue},     {"--note", Takes::kValue},          {"--row", Takes::kValue},
    {"--reason", Takes::kValue},   {"--all", Takes::kNothing},         {"--state", Takes::kValue},
    {"--rule", Takes::kValue},     {"--expect", Takes::kValue},        {"--basis", Takes::kValue},
    {"--key", Takes::kValue},      {"--class", Takes::kValue},
};

// What was said, before it is understood.
struct Words {
  std::vector<std::string> plain;
  CliOptions options;
  std::string problem;

  bool Has(std::string_view name) const { return options.contains(name); }
  std::string Value(std::string_view name) const {
    const auto found = options.find(name);
    return found == options.end() ? "" : found->second;
  }
  std::vector<std::string> Values(std::string_view name) const {
    std::vector<std::string> values;
    const auto [begin, end] = options.equal_range(name);
    for (auto at = begin; at != end; ++at) values.push_back(at->second);
    return values;
  }
};

Words Sort(const std::vector<std::string>& said) {
  Words words;
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (!said[i].starts_with("--")) {
      words.plain.push_back(said[i]);
      continue;
    }
    const auto equals = said[i].find('=');
    const std::string name = said[i].substr(0, equals);
    const auto* const option = std::ranges::find(kOptions, name, &Option::name);
    if (option == std::end(kOptions)) {
      words.problem = "unknown option " + name;
    } else if (option->takes == Takes::kNothing) {
      words.options.emplace(name, "");
    } else if (equals != std::string::npos) {
      words.options.emplace(name, said[i].substr(equals + 1));
    } else if (i + 1 < said.size()) {
      words.options.emplace(name, said[++i]);
    } else {
      words.problem = name + " needs a value";
    }
  }
  return words;
}

// One noun's commands. Fills in the request, or the problem.
class Command {
 public:
  Command(NodeKind kind, const Words& words) : kind_(kind), words_(words) {}

  CliRequest Understand(std::string& problem) {
    const std::string& verb = words_.plain[1];
    CheckOptions(verb, problem);
    if (!problem.empty()) return {};
    if (verb == "list" && Count(2)) return List();
    if (verb == "create" && Count(3)) return Create(problem);
    if (verb == "show" && Count(3)) return {"GET", Target(), ""};
    if (verb == "rename" && Count(4)) return Patch("name", words_.plain[3]);
    if (verb == "move" && Count(4)) return Patch("parent", words_.plain[3]);
    if (verb == "suspend" && Count(3)) return Patch("state", "suspended");
    if (verb == "resume" && Count(3)) return Patch("state", "active");
    if (verb == "delete" && Count(3)) return {"DELETE", Target(), ""};
    if (kind_ == NodeKind::kKey && verb == "revoke" && Count(3)) return {"POST", Target() + "/revoke", ""};
    if (kind_ == NodeKind::kKey && verb == "rotate" && Count(3)) return Rotate(problem);
    problem = "`gatehouse " + words_.plain[0] + " " + verb + "` is not known so";
    return {};
  }

 private:
  bool Count(std::size_t words) const { return words_.plain.size() == words; }

  void CheckOptions(std::string_view verb, std::string& problem) const {
    std::vector<std::string_view> allowed = {"--json", "--password-file", "--admin-url"};
    if (verb == "create") allowed.insert(allowed.end(), {"--display", "--label"});
    if (verb == "create" && kind_ != NodeKind::kKey) allowed.emplace_back("--ensure");
    if (verb == "create" && kind_ == NodeKind::kKey) {
      allowed.insert(allowed.end(), {"--model", "--surface", "--network", "--expires", "--admin"});
    }
    if (verb == "list") allowed.insert(allowed.end(), {"--parent", "--under", "--limit", "--after"});
    if (verb == "rotate") allowed.emplace_back("--overlap");
    for (const auto& [name, value] : words_.options) {
      if (std::ranges::find(allowed, name) == allowed.end()) {
        problem = name + " has no meaning for `" + words_.plain[0] + " " + std::string(verb) + "`";
      }
    }
  }

  std::string Collection() const { return "/admin/v1/" + std::string(features::identity::WordOf(kind_)) + "s"; }
  std::string Query(std::string_view separator, std::string_view name) const {
    const std::string value = words_.Value("--" + std::string(name));
    if (value.empty()) return "";
    return std::string(separator) + std::string(name) + "=" + codec::text::PercentEncode(value);
  }
  CliRequest List() const {
    std::string query;
    for (const std::string_view name : {"parent", "under", "limit", "after"}) {
      query += Query(query.empty() ? "?" : "&", name);
    }
    return {"GET", Collection() + query, ""};
  }
  // The last name with its kind before it.
  std::string Path() const {
    const std::string& path = words_.plain[2];
    const auto slash = path.rfind('/');
    const std::string last = slash == std::string::npos ? path : path.substr(slash + 1);
    if (features::identity::IsLeafSegment(last) || slash == std::string::npos) return path;
    return path.substr(0, slash + 1) + features::identity::SegmentOf(kind_, last);
  }
  std::string Target() const { return Collection() + "/" + codec::text::PercentEncode(Path()); }

  CliRequest Patch(std::string_view name, const std::string& value) const {
    CliRequest request{"PATCH", Target(), ""};
    Writer(request.body).BeginObject().Field(name, value).EndObject();
    return request;
  }

  CliRequest Rotate(std::string& problem) const {
    CliRequest request{"POST", Target() + "/rotate", ""};
    const std::string overlap = words_.Value("--overlap");
    if (overlap.empty()) return request;
    if (overlap.size() > 9 || !std::ranges::all_of(overlap, [](char c) { return c >= '0' && c <= '9'; })) {
      problem = "--overlap is a number of seconds";
    }
    request.body = R"({"overlap_seconds":)" + overlap + "}";
    return request;
  }

  void WriteTexts(Writer& writer, std::string_view name, std::string_view option) const {
    const auto values = words_.Values(option);
    if (values.empty()) return;
    writer.Key(name).BeginArray();
    for (const std::string& value : values) writer.String(value);
    writer.EndArray();
  }

  CliRequest Create(std::string& problem) const {
    const std::string path = Path();
    const auto slash = path.rfind('/');
    std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (const auto colon = name.find(':'); colon != std::string::npos) {
      if (features::identity::KindOfWord(name.substr(0, colon)) != kind_) problem = "the path names another kind";
      name.erase(0, colon + 1);
    }
    CliRequest request{"POST", Collection() + (words_.Has("--ensure") ? "?ensure=1" : ""), ""};
    Writer writer(request.body);
    writer.BeginObject().Field("name", name);
    if (slash != std::string::npos) writer.Field("parent", path.substr(0, slash));
    if (words_.Has("--display")) writer.Field("display", words_.Value("--display"));
    if (words_.Has("--label")) {
      writer.Key("labels").BeginObject();
      for (const std::string& label : words_.Values("--label")) {
        const auto equals = label.find('=');
        if (equals == std::string::npos) problem = "--label is NAME=VALUE";
        writer.Field(label.substr(0, equals), equals == std::string::npos ? "" : label.substr(equals + 1));
      }
      writer.EndObject();
    }
    WriteTexts(writer, "models", "--model");
    WriteTexts(writer, "surfaces", "--surface");
    WriteTexts(writer, "networks", "--network");
    if (words_.Has("--expires")) writer.Field("expires", words_.Value("--expires"));
    if (words_.Has("--admin")) writer.Field("purpose", "admin");
    writer.EndObject();
    return request;
  }

  const NodeKind kind_;
  const Words& words_;
};

CliRequest UnderstandRole(const Words& words, std::string& problem) {
  const std::string& verb = words.plain[1];
  const std::size_t count = words.plain.size();
  if (verb == "grant" && count == 5) {
    CliRequest request{"POST", "/admin/v1/roles", ""};
    Writer(request.body)
        .BeginObject()
        .Field("user", words.plain[2])
        .Field("role", words.plain[3])
        .Field("node", words.plain[4])
        .EndObject();
    return request;
  }
  if (verb == "list" && count == 2 && words.Has("--user") != words.Has("--node")) {
    const std::string name = words.Has("--user") ? "user" : "node";
    return {"GET", "/admin/v1/roles?" + name + "=" + codec::text::PercentEncode(words.Value("--" + name)), ""};
  }
  if (verb == "revoke" && count == 3) {
    return {"DELETE", "/admin/v1/roles/" + codec::text::PercentEncode(words.plain[2]), ""};
  }
  problem = "`gatehouse role " + verb + "` is not known so";
  return {};
}

}  // namespace

CliParsed ParseCli(const std::vector<std::string>& said) {
  CliParsed parsed;
  if (std::ranges::find(said, "--help") != said.end()) {
    parsed.help = kHelp;
    return parsed;
  }
  const Words words = Sort(said);
  parsed.problem = words.problem;
  const bool accounting = !words.plain.empty() && IsAccountingWord(words.plain[0]);
  if (parsed.problem.empty() && words.plain.size() < 2 && !accounting) parsed.problem = "say what to do";
  if (!parsed.problem.empty()) return parsed;
  if (words.Has("--admin-url")) parsed.command.admin_url = words.Value("--admin-url");
  parsed.command.password_file = words.Value("--password-file");
  if (words.Has("--json")) parsed.command.output = CliCommand::Output::kJson;
  if (accounting) {
    parsed.command.request = UnderstandAccounting(words.plain, words.options, parsed.problem);
    return parsed;
  }
  const auto kind = features::identity::KindOfWord(words.plain[0]);
  parsed.command.request =
      kind ? Command(*kind, words).Understand(parsed.problem) : UnderstandRole(words, parsed.problem);
  return parsed;
}

}  // namespace gatehouse::app
