#include "app/report_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/config_reports.h"
#include "base/clock.h"
#include "features/compliance/report_folder.h"
#include "record/log/key_ring.h"

namespace gatehouse::app {
namespace {

namespace compliance = features::compliance;

using base::Result;

constexpr std::string_view kHelp =
    R"(usage: gatehouse report --framework NAME --log FOLDER --out FOLDER --from DATE --to DATE [OPTION...]
       gatehouse report --list [NAME]

Writes what the record shows for the controls of a framework: report.html for people, evidence.json for programs, samples
with proofs, the checkpoint, and verify.py, which checks them without the gateway. The gateway may be running.

  --from DATE, --to DATE   days such as 2026-11-01, UTC; the last one is included
  --scope NAME=ID          only exchanges of this org, team, project, sub, model or surface; several times
  --key FILE               the log's key or keys (vkey), one a line; without it those that the log's folder names
  --verify                 reads and verifies the whole log as well
  --catalogue FILE         controls of your own (docs/formats/control-catalogue.md) instead of --framework
  --list [NAME]            the frameworks, or the controls of one
)";

void Say(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }

struct Options {
  std::vector<std::pair<std::string, std::string>> values;
  std::string problem;

  bool Has(std::string_view name) const {
    return std::ranges::any_of(values, [&](const auto& v) { return v.first == name; });
  }
  std::string Value(std::string_view name) const {
    const auto found = std::ranges::find(values, name, &std::pair<std::string, std::string>::first);
    return found == values.end() ? "" : found->second;
  }
};

Options Understand(std::span<char* const> words) {
  constexpr std::string_view kValued[] = {"--framework", "--log",   "--out", "--from",
                                          "--to",        "--scope", "--key", "--catalogue"};
  constexpr std::string_view kPlain[] = {"--verify", "--help"};
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool more = i + 1 < words.size();
    if (word == "--list") {
      const bool named = more && words[i + 1][0] != '-';
      options.values.emplace_back(word, named ? words[++i] : "");
    } else if (std::ranges::find(kPlain, word) != std::end(kPlain)) {
      options.values.emplace_back(word, "");
    } else if (std::ranges::find(kValued, word) != std::end(kValued) && more) {
      if (word != "--scope" && options.Has(word)) options.problem = "`" + std::string(word) + "` is there twice";
      options.values.emplace_back(word, words[++i]);
    } else {
      options.problem = "`" + std::string(word) + "` has no meaning here, or lacks a value";
    }
  }
  if (options.Has("--list") || options.Has("--help") || !options.problem.empty()) return options;
  for (const std::string_view needed : {"--log", "--out", "--from", "--to"}) {
    if (options.Value(needed).empty()) options.problem = std::string(needed) + " is missing";
  }
  if (options.Has("--framework") == options.Has("--catalogue")) {
    options.problem = "say --framework or --catalogue";
  }
  return options;
}

Result<std::int64_t> DayOf(const Options& options, std::string_view name) {
  const auto date = compliance::ParseDate(options.Value(name));
  if (!date) return base::InvalidRequest(std::string(name) + " is a day such as 2026-11-01");
  return std::chrono::duration_cast<std::chrono::microseconds>(date->time_since_epoch()).count();
}

Result<compliance::Scope> ScopeOf(const Options& options) {
  constexpr std::int64_t kDayUs = std::int64_t{86'400} * 1'000'000;
  constexpr std::int64_t kMaxDays = 3660;
  compliance::Scope scope;
  GH_TRY(scope.from_us, DayOf(options, "--from"));
  GH_TRY(const std::int64_t last, DayOf(options, "--to"));
  scope.until_us = last + kDayUs;
  if (last < scope.from_us) return base::InvalidRequest("--to is before --from");
  if (last - scope.from_us > kMaxDays * kDayUs) return base::InvalidRequest("a report is about ten years at most");
  for (const auto& [name, value] : options.values) {
    if (name != "--scope") continue;
    const auto equals = value.find('=');
    const std::string member = value.substr(0, equals);
    const auto& names = compliance::Scope::MemberNames();
    if (equals == std::string::npos || std::ranges::find(names, member) == names.end()) {
      return base::InvalidRequest("--scope is NAME=ID, with org, team, project, sub, model or surface for the name");
    }
    scope.members.insert_or_assign(member, value.substr(equals + 1));
  }
  return scope;
}

Result<std::vector<record::tlog::VerifierKey>> KeysOf(const Options& options) {
  std::vector<record::tlog::VerifierKey> keys;
  if (!options.Has("--key")) return keys;
  GH_TRY(const std::string text, ReadFile(options.Value("--key")));
  GH_TRY(keys, record::log::ParseKeys(text));
  if (keys.empty()) return base::InvalidRequest(options.Value("--key") + " has no key");
  return keys;
}

Result<compliance::Framework> FrameworkOf(const Options& options) {
  if (!options.Has("--catalogue")) return compliance::DefaultFramework(options.Value("--framework"));
  const std::string file = options.Value("--catalogue");
  GH_TRY(const std::string text, ReadFile(file));
  return compliance::ParseFramework(text, file);
}

void ListControls(const compliance::Framework& framework) {
  for (const compliance::Control& control : framework.controls) {
    Say(stdout, control.id + "  " + std::string(compliance::ToString(control.automation)) + "  from " +
                    compliance::ToString(control.applies_from) + "  " + control.title + "\n");
  }
}

Result<int> List(const std::string& name) {
  if (!name.empty()) {
    GH_TRY(const compliance::Framework framework, compliance::DefaultFramework(name));
    ListControls(framework);
    return 0;
  }
  GH_TRY(const auto frameworks, compliance::DefaultFrameworks());
  for (const compliance::Framework& framework : frameworks) {
    Say(stdout, framework.id + "  " + std::to_string(framework.controls.size()) + " controls  " + framework.title +
                    " (" + framework.text_version + ")\n");
  }
  return 0;
}

Result<int> Run(const Options& options) {
  if (options.Has("--list")) return List(options.Value("--list"));
  compliance::ReportRequest request;
  GH_TRY(const compliance::Framework framework, FrameworkOf(options));
  GH_TRY(request.scope, ScopeOf(options));
  GH_TRY(request.keys, KeysOf(options));
  request.scope_text = TextOf(request.scope);
  request.log_folder = options.Value("--log");
  request.out_folder = options.Value("--out");
  if (options.Has("--verify")) request.check = compliance::ReportRequest::Check::kWhole;
  record::log::PosixFiles files;
  GH_TRY(const auto summary, compliance::WriteReport(framework, request, files, base::SystemClock()));
  Say(stdout, request.out_folder + "/report.html: " + std::to_string(summary.controls) + " controls, " +
                  std::to_string(summary.with_gaps) + " with gaps; " + std::to_string(summary.exchanges) +
                  " exchanges in " + std::to_string(summary.entries) + " entries, " + std::to_string(summary.samples) +
                  " samples with proofs\n");
  return 0;
}

}  // namespace

int ReportCommand(std::span<char* const> words) {
  const Options options = Understand(words);
  if (options.Has("--help")) {
    Say(stdout, kHelp);
    return 0;
  }
  if (!options.problem.empty()) {
    Say(stderr, "gatehouse: " + options.problem + "\n" + std::string(kHelp));
    return 2;
  }
  const auto status = Run(options);
  if (status.ok()) return status.value();
  const base::Error& error = status.error();
  Say(stderr, "gatehouse: " + error.public_message + (error.detail.empty() ? "" : "\n  " + error.detail) + "\n");
  return 1;
}

}  // namespace gatehouse::app
