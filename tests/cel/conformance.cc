#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "case_value.h"
#include "codec/cel/ast.h"
#include "codec/cel/cel.h"
#include "codec/cel/parser.h"
#include "zone_files.h"

// usage: cel_conformance CASES.json FLOOR [--verbose]
// Runs the public conformance cases. A case of a group that the dialect claims must hold; the others are counted under
// the reason why they are left out. Fails when fewer hold than the floor file says, or when any claimed one does not.
namespace gatehouse::codec::cel {
namespace {

struct Tally {
  int cases = 0;
  int hold = 0;
};

struct Report {
  std::map<std::string, Tally> files;  // claimed cases, by the file they come from
  std::map<std::string, int> skipped;  // by reason
  Tally types;                         // static types beside those of the reference checker
  Tally reprinted;                     // expressions that mean the same after printing
};

base::Status Declare(const json::Value& json, Environment& environment) {
  environment.SetContainer(std::string(json["container"].string()));
  for (const auto& [key, declared, offset] : json["typeEnv"]) {
    if (declared["ident"].IsMissing()) {
      GH_TRY(FunctionEntry entry, ReadCaseFunction(declared));
      environment.DeclareFunction(std::move(entry));
      continue;
    }
    GH_TRY(Type type, ReadCaseType(declared["ident"]["type"]));
    environment.Declare(std::string(declared["name"].string()), std::move(type));
  }
  for (const auto& [name, binding, offset] : json["bindings"]) {
    if (!environment.FindVariable(name)) environment.Declare(std::string(name), Type::Dyn());
  }
  return base::Ok();
}

// "" when the result is what the case says.
std::string Compare(const json::Value& json, const base::Result<Value>& result, Evaluation& evaluation) {
  const bool fails = json["fails"].AsBool().value_or(false);
  if (!result.ok()) return fails ? "" : "failed: " + result.error().public_message;
  if (fails) return "should fail, and is " + Describe(result.value());
  const json::Value typed = json["typedResult"]["result"];
  const json::Value wanted = typed.IsMissing() ? json["value"] : typed;
  if (wanted.IsMissing()) return result.value().IsTrue() ? "" : "should be true, and is " + Describe(result.value());
  const auto value = ReadCaseValue(wanted, evaluation);
  if (!value.ok()) return value.error().public_message;
  if (SameResult(value.value(), result.value())) return "";
  return "should be " + Describe(value.value()) + ", and is " + Describe(result.value());
}

std::string CompareType(const json::Value& json, const Program& program, Report& report) {
  const std::string_view reference = json["type"].string();
  const json::Value deduced = json["typedResult"]["deducedType"];
  if (deduced.IsMissing() && !reference.empty() && reference.find("any") == std::string_view::npos) {
    ++report.types.cases;
    if (ToString(program.type()) == reference) {
      ++report.types.hold;
    } else {
      std::printf("  type of %s is %s, the reference says %s\n", std::string(json["expr"].string()).c_str(),
                  ToString(program.type()).c_str(), std::string(reference).c_str());
    }
  }
  if (deduced.IsMissing()) return "";
  const auto type = ReadCaseType(deduced);
  if (!type.ok()) return type.error().public_message;
  if (type.value() == program.type()) return "";
  return "should be of type " + ToString(type.value()) + ", and is of type " + ToString(program.type());
}

// What is printed must parse to something that prints the same; what it means is seen when the case runs on it.
std::string Reprint(std::string_view source, Report& report) {
  const auto first = Parse(source);
  if (!first.ok()) return std::string(source);
  ++report.reprinted.cases;
  std::string printed = Print(first.value());
  const auto second = Parse(printed);
  if (second.ok() && Print(second.value()) == printed) ++report.reprinted.hold;
  return printed;
}

std::string Run(std::string_view source, const json::Value& json, const TimeZones& zones, Report& report) {
  Environment environment;
  if (const auto declared = Declare(json, environment); !declared.ok()) return declared.error().public_message;
  Arena arena(1 << 20);
  Evaluation evaluation(arena, {}, nullptr);
  const bool checked = !json["disableCheck"].AsBool().value_or(false);
  const auto program =
      Compile(source, environment, {.checking = checked ? Checking::kTypes : Checking::kNames, .zones = &zones});
  if (!program.ok()) {
    const bool may_fail = json["fails"].AsBool().value_or(false) && !checked;
    return may_fail ? "" : "does not compile: " + program.error().public_message;
  }
  if (checked) {
    if (std::string wrong = CompareType(json, program.value(), report); !wrong.empty()) return wrong;
  }
  if (json["checkOnly"].AsBool().value_or(false)) return "";
  Bindings bindings(environment);
  for (const auto& [name, binding, offset] : json["bindings"]) {
    const auto value = ReadCaseValue(binding["value"], evaluation);
    if (!value.ok()) return value.error().public_message;
    bindings.Set(*environment.FindVariable(name), value.value());
  }
  Scratch scratch;
  return Compare(json, program.value().Evaluate(bindings, scratch), evaluation);
}

void RunAll(const json::Value& cases, const TimeZones& zones, Report& report) {
  for (const auto& [key, json, offset] : cases) {
    if (const std::string_view reason = json["skip"].string(); !reason.empty()) {
      ++report.skipped[std::string(reason)];
      continue;
    }
    Tally& tally = report.files[std::string(json["file"].string())];
    ++tally.cases;
    const std::string source(json["expr"].string());
    Report again;
    std::string wrong = Run(source, json, zones, report);
    if (wrong.empty()) {
      wrong = Run(Reprint(source, report), json, zones, again);
      if (!wrong.empty()) wrong = "printed again, " + wrong;
    }
    if (wrong.empty()) {
      ++tally.hold;
    } else {
      std::printf("  %s: %s\n    %s\n", std::string(json["group"].string()).c_str(), source.c_str(), wrong.c_str());
    }
  }
}

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int Conclude(const Report& report, int floor) {
  Tally all;
  for (const auto& [file, tally] : report.files) {
    std::printf("%-16s %4d of %4d\n", file.c_str(), tally.hold, tally.cases);
    all.cases += tally.cases;
    all.hold += tally.hold;
  }
  int skipped = 0;
  for (const auto& [reason, count] : report.skipped) {
    std::printf("skipped          %4d  %s\n", count, reason.c_str());
    skipped += count;
  }
  std::printf("types            %4d of %4d as the reference checker deduces them\n", report.types.hold,
              report.types.cases);
  std::printf("printed again    %4d of %4d\n", report.reprinted.hold, report.reprinted.cases);
  std::printf("claimed %d of %d hold; %d of %d in all, %d skipped\n", all.hold, all.cases, all.hold,
              all.cases + skipped, skipped);
  const bool holds = all.hold == all.cases && all.hold >= floor && report.reprinted.hold == report.reprinted.cases;
  if (all.hold < floor) std::printf("fewer than the floor of %d\n", floor);
  return holds ? 0 : 1;
}

}  // namespace
}  // namespace gatehouse::codec::cel

int main(int argc, char** argv) {
  using namespace gatehouse::codec;
  if (argc < 3) {
    std::fprintf(stderr, "usage: cel_conformance CASES.json FLOOR\n");
    return 2;
  }
  const std::string text = cel::ReadFile(argv[1]);
  json::Document document;
  if (const auto parsed = document.Parse(text); !parsed.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], parsed.error().public_message.c_str());
    return 2;
  }
  const std::string floor = cel::ReadFile(argv[2]);
  cel::Report report;
  const cel::ZoneFiles zones("/usr/share/zoneinfo");
  cel::RunAll(document.root(), zones, report);
  return cel::Conclude(report, std::atoi(floor.c_str()));
}
