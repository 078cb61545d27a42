#include "app/guard_command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/guard_report.h"
#include "base/clock.h"
#include "codec/gzip/gunzip.h"
#include "features/guard/guard_rule.h"
#include "inspect/default_detectors.h"
#include "inspect/eval/score.h"
#include "inspect/inspector.h"

namespace gatehouse::app {
namespace {

using base::Result;
using inspect::Channel;
using inspect::Inspector;
using inspect::eval::Task;

constexpr std::string_view kUsage = R"(gatehouse guard: what inspection sees in a text

  gatehouse guard scan FILE|- [--format text|json|sarif] [--channel CHANNEL] [--detectors NAME,...]
      say what is in a file, or in standard input, without repeating it
  gatehouse guard eval --data FILE.jsonl[.gz] --task pii|secrets|injection [--json] [--channel CHANNEL]
                       [--detectors NAME,...] [--refused]
      compare what is seen with what people have marked: precision, recall, F1, F2, time; --data may be given again;
      --refused counts only what the rules that hold without a configuration refuse in that channel

channels: system user assistant tool_result document tool_descriptor tool_arguments output (user)
scan ends with 0 where nothing was found, with 3 where something was
)";
constexpr int kSomethingFound = 3;
constexpr std::size_t kMaxInput = std::size_t{1} << 30U;

void Say(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }

int Fail(const base::Error& error) {
  Say(stderr, "gatehouse: " + error.public_message + "\n");
  return 1;
}

struct Options {
  enum class Format : std::uint8_t { kText, kJson, kSarif } format = Format::kText;
  Channel channel = Channel::kUser;
  std::vector<std::string> files;      // of texts, or of rows
  std::vector<std::string> detectors;  // empty: all
  std::optional<Task> task;
  enum class Counted : std::uint8_t { kAll, kRefused } counted = Counted::kAll;
};

std::optional<Channel> ReadChannel(std::string_view name) {
  for (std::size_t i = 0; i < inspect::kChannels; ++i) {
    if (ToString(static_cast<Channel>(i)) == name) return static_cast<Channel>(i);
  }
  return {};
}

std::vector<std::string> Split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (end != 0) parts.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

std::optional<Options::Format> ReadFormat(std::string_view name) {
  if (name == "text") return Options::Format::kText;
  if (name == "json") return Options::Format::kJson;
  if (name == "sarif") return Options::Format::kSarif;
  return {};
}

std::optional<Task> ReadTask(std::string_view name) {
  if (name == "pii") return Task::kPii;
  if (name == "secrets") return Task::kSecrets;
  if (name == "injection") return Task::kInjection;
  return {};
}

// False where it is no option, or its value is none.
enum class Understood : std::uint8_t { kYes, kNo };

Understood ReadOption(std::string_view name, std::string_view value, Options& options) {
  if (name == "--data") {
    options.files.emplace_back(value);
  } else if (name == "--detectors") {
    options.detectors = Split(value);
    return options.detectors.empty() ? Understood::kNo : Understood::kYes;
  } else if (name == "--channel") {
    const auto channel = ReadChannel(value);
    options.channel = channel.value_or(Channel::kUser);
    return channel ? Understood::kYes : Understood::kNo;
  } else if (name == "--format") {
    const auto format = ReadFormat(value);
    options.format = format.value_or(Options::Format::kText);
    return format ? Understood::kYes : Understood::kNo;
  } else if (name == "--task") {
    options.task = ReadTask(value);
    return options.task ? Understood::kYes : Understood::kNo;
  } else {
    return Understood::kNo;
  }
  return Understood::kYes;
}

std::optional<Options> ReadOptions(std::span<char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--json") {
      options.format = Options::Format::kJson;
    } else if (name == "--refused") {
      options.counted = Options::Counted::kRefused;
    } else if (name == "-" || !name.starts_with('-')) {
      options.files.emplace_back(name);
    } else if (i + 1 == arguments.size() || ReadOption(name, arguments[i + 1], options) == Understood::kNo) {
      return {};
    } else {
      ++i;
    }
  }
  return options;
}

Result<std::string> ReadInput(const std::string& name) {
  if (name != "-") return ReadFile(name);
  std::string text;
  std::array<char, 65'536> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
    if (text.size() + size > kMaxInput) return base::InvalidRequest("standard input is too long");
    text.append(buffer.data(), size);
  }
  return text;
}

Result<std::shared_ptr<const Inspector>> BuildInspector(const Options& options) {
  auto detectors = inspect::DefaultDetectors({});
  for (const std::string& name : options.detectors) {
    if (std::ranges::none_of(detectors, [&](const auto& detector) { return detector->Name() == name; })) {
      return base::InvalidRequest("there is no detector \"" + name + "\"");
    }
  }
  if (!options.detectors.empty()) {
    std::erase_if(detectors, [&](const auto& detector) {
      return std::ranges::find(options.detectors, detector->Name()) == options.detectors.end();
    });
  }
  return Inspector::Build(std::move(detectors));
}

Result<int> Scan(const Options& options) {
  GH_TRY(const std::string text, ReadInput(options.files[0]));
  GH_TRY(const auto inspector, BuildInspector(options));
  Inspector::Scratch scratch(*inspector);
  std::vector<inspect::Finding> findings;
  const auto coverage = inspector->Inspect(text, 0, options.channel, scratch, findings);
  const GuardReport report{.name = options.files[0], .text = text, .findings = findings, .coverage = coverage};
  switch (options.format) {
    case Options::Format::kText: Say(stdout, ToText(report)); break;
    case Options::Format::kJson: Say(stdout, ToJson(report)); break;
    case Options::Format::kSarif: Say(stdout, ToSarif(report)); break;
  }
  return findings.empty() ? 0 : kSomethingFound;
}

// By the rules that hold without a configuration.
bool IsRefused(const inspect::Finding& finding, Channel channel) {
  using pipeline::Side;
  static const std::vector<features::guard::GuardRule> rules = features::guard::DefaultRules();
  const features::guard::Docket docket(rules, pipeline::Surface::kOpenAiChat, "");
  const Side side = channel == Channel::kOutput ? Side::kAnswer : Side::kRequest;
  const auto* rule = docket.Decide(finding, channel, side, [](const features::guard::GuardRule&) {});
  return rule != nullptr && rule->measure == pipeline::Measure::kDeny;
}

base::Status Judge(const std::string& file, const Options& options, const Inspector& inspector,
                   inspect::eval::Score& score) {
  GH_TRY(std::string rows, ReadInput(file));
  if (codec::gzip::IsGzip(rows)) {
    GH_TRY(rows, codec::gzip::Gunzip(rows, kMaxInput));
  }
  Inspector::Scratch scratch(inspector);
  std::size_t number = 0;
  for (std::string_view rest = rows; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ++number;
    if (line.empty()) continue;
    auto row = inspect::eval::ReadRow(line, *options.task);
    if (!row.ok()) {
      return base::InvalidRequest(file + ":" + std::to_string(number) + ": " + row.error().public_message);
    }
    std::vector<inspect::Finding> findings;
    const auto begin = base::SystemClock().Now();
    inspector.Inspect(row.value().text, 0, options.channel, scratch, findings);
    const auto took = base::SystemClock().Now() - begin;
    if (options.counted == Options::Counted::kRefused) {
      std::erase_if(findings, [&](const inspect::Finding& finding) { return !IsRefused(finding, options.channel); });
    }
    score.Add(row.value(), findings, static_cast<std::uint64_t>(took.count()));
  }
  return base::Ok();
}

Result<int> Eval(const Options& options) {
  GH_TRY(const auto inspector, BuildInspector(options));
  inspect::eval::Score score(*options.task);
  for (const std::string& file : options.files) GH_CHECK_OK(Judge(file, options, *inspector, score));
  Say(stdout, options.format == Options::Format::kJson ? score.ToJson() + "\n" : score.ToTable());
  return 0;
}

int StatusOf(const Result<int>& result) { return result.ok() ? result.value() : Fail(result.error()); }

}  // namespace

int GuardCommand(std::span<char* const> arguments) {
  const std::string_view what = arguments.empty() ? "" : arguments[0];
  const auto options = arguments.empty() ? std::nullopt : ReadOptions(arguments.subspan(1));
  if (what == "scan" && options && options->files.size() == 1 && !options->task) return StatusOf(Scan(*options));
  const bool plain = options && options->format != Options::Format::kSarif;
  if (what == "eval" && plain && !options->files.empty() && options->task) return StatusOf(Eval(*options));
  Say(what == "--help" ? stdout : stderr, kUsage);
  return what == "--help" ? 0 : 2;
}

}  // namespace gatehouse::app
