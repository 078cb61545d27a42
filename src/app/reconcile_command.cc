#include "app/reconcile_command.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "app/cli.h"
#include "app/config.h"
#include "codec/cel/timestamp.h"
#include "codec/config/tree.h"
#include "codec/text/percent.h"
#include "features/accounting/reconcile.h"

namespace gatehouse::app {
namespace {

namespace accounting = features::accounting;

using base::Result;

constexpr std::string_view kHelp = R"(usage: gatehouse reconcile EXPORT [OPTION...]

Compares a provider's export of usage or costs, by day and model, with the ledger, and ends with 1 when they differ.
EXPORT is JSON of OpenAI's usage or costs, of Anthropic's usage or cost report, or a table (FOCUS, or any with --mapping).

  --provider NAME         only what the ledger has for this provider of the configuration
  --mapping FILE          which columns of a table say what, and what models are called (docs/reconciliation.md)
  --tolerance PERCENT     how far figures may lie apart: 1
  --tolerance-usd USD     and amounts of money in any case: 0.01
  --all                   shows what agrees, too
  --ledger FILE           what `gatehouse usage --by time,provider,upstream_model --json` said, instead of asking the gateway
  --admin-url URL, --password-file FILE, --json

  gatehouse reconcile --in-doubt          the exchanges that are charged at their worst: `gatehouse exchange list --in-doubt`
)";

void Say(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }

struct Options {
  std::string file;
  std::map<std::string, std::string, std::less<>> values;
  std::string problem;

  std::string Value(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? "" : found->second;
  }
  bool Has(std::string_view name) const { return values.contains(name); }
};

Options Understand(std::span<char* const> words) {
  constexpr std::string_view kValued[] = {"--provider", "--mapping",   "--tolerance",    "--tolerance-usd",
                                          "--ledger",   "--admin-url", "--password-file"};
  constexpr std::string_view kPlain[] = {"--all", "--json", "--help", "--in-doubt"};
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (std::ranges::find(kPlain, word) != std::end(kPlain)) {
      options.values.emplace(word, "");
    } else if (std::ranges::find(kValued, word) != std::end(kValued) && i + 1 < words.size()) {
      options.values.insert_or_assign(std::string(word), words[++i]);
    } else if (word.starts_with("--") || !options.file.empty()) {
      options.problem = "`" + std::string(word) + "` has no meaning here, or lacks a value";
    } else {
      options.file = word;
    }
  }
  if (options.file.empty() && !options.Has("--help") && !options.Has("--in-doubt")) {
    options.problem = "say which export";
  }
  return options;
}

Result<accounting::Tolerance> ToleranceOf(const Options& options) {
  accounting::Tolerance tolerance;
  if (options.Has("--tolerance")) {
    // A percent has two decimals: the same reader as for money, whose unit is then a percent.
    const auto percent = accounting::ParseAmount(options.Value("--tolerance"), accounting::BillMapping::Unit::kUsd);
    if (!percent || percent->value < 0) return base::InvalidRequest("--tolerance is a number of percent");
    tolerance.permyriad = percent->value / (base::NanoUsd::kPerUsd / 100);
  }
  if (options.Has("--tolerance-usd")) {
    const auto usd = base::ParseUsd(options.Value("--tolerance-usd"));
    if (!usd || usd->value < 0) return base::InvalidRequest("--tolerance-usd is a number of dollars");
    tolerance.usd = *usd;
  }
  return tolerance;
}

Result<accounting::BillMapping> MappingOf(const Options& options) {
  if (!options.Has("--mapping")) return accounting::BillMapping();
  GH_TRY(const std::string text, ReadFile(options.Value("--mapping")));
  GH_TRY(const codec::config::Tree tree, codec::config::Tree::Parse(text));
  accounting::BillMapping mapping = accounting::ReadMapping(tree.root());
  GH_CHECK_OK(tree.Finish());
  return mapping;
}

// The ledger's days that the bill has.
Result<std::string> LedgerUsage(const Options& options, const accounting::Bill& bill) {
  if (options.Has("--ledger")) return ReadFile(options.Value("--ledger"));
  const auto [first, last] = std::ranges::minmax(bill.lines, {}, &accounting::BillLine::day_ms);
  constexpr std::int64_t kDayMs = 86'400'000;
  const auto time = [](std::int64_t milliseconds) {
    return codec::text::PercentEncode(codec::cel::TimestampText({milliseconds / 1000, 0}));
  };
  CliCommand command;
  command.request = {"GET",
                     "/admin/v1/usage?by=time,provider,upstream_model&grain=day&limit=50000&from=" +
                         time(first.day_ms) + "&until=" + time(last.day_ms + kDayMs),
                     ""};
  if (options.Has("--admin-url")) command.admin_url = options.Value("--admin-url");
  command.password_file = options.Value("--password-file");
  return AskAdmin(command);
}

Result<int> Run(const Options& options) {
  GH_TRY(const accounting::Tolerance tolerance, ToleranceOf(options));
  GH_TRY(const accounting::BillMapping mapping, MappingOf(options));
  GH_TRY(const std::string text, ReadFile(options.file));
  GH_TRY(const accounting::Bill theirs, accounting::ReadBill(text, mapping));
  if (theirs.lines.empty()) return base::InvalidRequest("The export has no line to compare.");
  GH_TRY(const std::string usage, LedgerUsage(options, theirs));
  GH_TRY(const accounting::Bill ours, accounting::ReadLedgerUsage(usage, options.Value("--provider")));
  for (const std::string& warning : theirs.warnings) Say(stderr, "gatehouse: note: " + warning + "\n");
  const auto found = accounting::Reconcile(theirs, ours, tolerance);
  const auto shown = options.Has("--all") ? accounting::Shown::kAll : accounting::Shown::kBeyond;
  Say(stdout,
      options.Has("--json") ? accounting::ReconciliationJson(found) : accounting::ReconciliationText(found, shown));
  return found.agrees() ? 0 : 1;
}

}  // namespace

int ReconcileCommand(std::span<char* const> words) {
  const Options options = Understand(words);
  if (options.Has("--help")) {
    Say(stdout, kHelp);
    return 0;
  }
  if (!options.problem.empty()) {
    Say(stderr, "gatehouse: " + options.problem + "\n" + std::string(kHelp));
    return 2;
  }
  if (options.Has("--in-doubt")) {
    std::vector<std::string> list = {"exchange", "list"};
    for (const auto& [name, value] : options.values) {
      list.push_back(name);
      if (!value.empty()) list.push_back(value);
    }
    return RunCli(list);
  }
  const auto status = Run(options);
  if (status.ok()) return status.value();
  Say(stderr, "gatehouse: " + status.error().public_message + "\n");
  return 1;
}

}  // namespace gatehouse::app
