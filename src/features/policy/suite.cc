#include "features/policy/suite.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "codec/cel/cel.h"
#include "features/policy/facts.h"
#include "features/policy/finding_list.h"
#include "features/policy/json_value.h"
#include "features/policy/words.h"
#include "pipeline/content_rules.h"

namespace gatehouse::features::policy {

namespace cel = codec::cel;
using cel::Value;
using codec::config::Choice;
using codec::config::Node;
using pipeline::Effect;

// The facts of a case. Pinned: values show its texts.
struct Case::Stated final : public cel::Activation {
  std::string name;
  pipeline::Phase phase = pipeline::Phase::kRequest;
  pipeline::Principal principal;
  pipeline::Surface surface = pipeline::Surface::kOpenAiChat;
  std::optional<std::string> model;
  std::string request_id;
  std::string operation;
  std::string path;
  std::string user;
  std::string address;
  std::vector<std::string> tools;
  std::vector<std::string> answer_tools;
  std::vector<pipeline::ContentFinding> findings;
  std::unique_ptr<const FindingList> finding_list;
  std::unique_ptr<const JsonValue> claims;
  cel::Timestamp at;
  TextList group_list{principal.groups};
  TextList tool_list{tools};
  TextList answer_tool_list{answer_tools};
  std::array<Value, kFacts> values{};

  Effect effect = Effect::kAllow;
  std::optional<std::vector<std::string>> rules;

  void Set(Fact fact, const Value& value) { values.at(static_cast<std::size_t>(fact)) = value; }
  Value Get(std::uint32_t slot) const override {
    const auto fact = static_cast<Fact>(slot);
    return fact == Fact::kTimeHour || fact == Fact::kTimeWeekday ? Value::Absent() : values.at(slot);
  }
};

namespace {

// The facts of a case with the time of a rule set's zone.
class ZonedFacts final : public cel::Activation {
 public:
  ZonedFacts(const cel::Activation& facts, base::WallTime when, const cel::ZoneRules& zone)
      : facts_(facts), when_(when), zone_(zone) {}
  Value Get(std::uint32_t slot) const override {
    switch (static_cast<Fact>(slot)) {
      case Fact::kTimeHour: return Value::Int(HourAt(when_, zone_));
      case Fact::kTimeWeekday: return Value::String(WeekdayAt(when_, zone_));
      default: return facts_.Get(slot);
    }
  }

 private:
  const cel::Activation& facts_;
  base::WallTime when_;
  const cel::ZoneRules& zone_;
};

pipeline::Surface ReadSurface(const Node& node) {
  const std::string name = node.AsString().value_or("openai.chat");
  for (std::size_t i = 0; i < pipeline::kSurfaces; ++i) {
    const auto surface = static_cast<pipeline::Surface>(i);
    if (pipeline::ToString(surface) == name) return surface;
  }
  node.AddProblem("no surface is called `" + name + "`");
  return pipeline::Surface::kOpenAiChat;
}

std::string_view OperationOf(pipeline::Surface surface) {
  switch (surface) {
    case pipeline::Surface::kOpenAiEmbeddings:
    case pipeline::Surface::kGeminiEmbeddings: return "embeddings";
    case pipeline::Surface::kTokenCount: return "count_tokens";
    case pipeline::Surface::kRerank: return "rerank";
    case pipeline::Surface::kModels: return "list_models";
    case pipeline::Surface::kPassThrough: return "pass_through";
    default: return "chat";
  }
}

pipeline::NodeKind ReadKind(const Node& node) {
  constexpr std::array<Choice<pipeline::NodeKind>, 3> kKinds = {{{"user", pipeline::NodeKind::kUser},
                                                                 {"application", pipeline::NodeKind::kApplication},
                                                                 {"agent", pipeline::NodeKind::kAgent}}};
  return node.AsEnum<pipeline::NodeKind>(kKinds).value_or(pipeline::NodeKind::kApplication);
}

pipeline::Principal ReadPrincipal(const Node& node) {
  pipeline::Principal principal;
  principal.organization = node["organization"].AsString().value_or("");
  principal.team = node["team"].AsString().value_or("");
  principal.project = node["project"].AsString().value_or("");
  principal.name = node["name"].AsString().value_or("");
  principal.key_id = node["key_id"].AsString().value_or(principal.name);
  principal.kind = ReadKind(node["kind"]);
  principal.groups = node["groups"].AsStrings().value_or(std::vector<std::string>());
  return principal;
}

std::unique_ptr<const JsonValue> ReadClaims(const Node& node) {
  const auto text = node.AsString();
  if (!text) return nullptr;
  auto claims = JsonValue::Parse(*text);
  if (claims.ok() && claims.value()->map() != nullptr) return std::move(claims).value();
  node.AddProblem(R"(must be a JSON object in quotes, '{"level": 3}')");
  return nullptr;
}

Value Count(const Node& node, std::int64_t otherwise) {
  return Value::Int(node.AsInteger({.min = 0, .max = std::numeric_limits<std::int64_t>::max()}).value_or(otherwise));
}

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? " by " : ", ").append(name);
  return text;
}

base::WallTime WallOf(cel::Timestamp at) { return base::WallTime(std::chrono::seconds(at.seconds)); }

}  // namespace

Case::Case(std::unique_ptr<Stated> stated) : stated_(std::move(stated)) {}
Case::~Case() = default;

namespace {

// What is read into a case in one go: the members of its `request`.
template <class Stated>
void ReadRequest(const Node& node, Stated& stated) {
  stated.surface = ReadSurface(node["surface"]);
  stated.model = node["model"].AsString();
  stated.request_id = node["id"].AsString().value_or("");
  stated.operation = node["operation"].AsString().value_or(std::string(OperationOf(stated.surface)));
  stated.path = node["path"].AsString().value_or("");
  stated.user = node["user"].AsString().value_or("");
  stated.tools = node["tools"].AsStrings().value_or(std::vector<std::string>());
  stated.Set(Fact::kRequestId, Value::String(stated.request_id));
  stated.Set(Fact::kRequestSurface, Value::String(pipeline::ToString(stated.surface)));
  stated.Set(Fact::kRequestOperation, Value::String(stated.operation));
  stated.Set(Fact::kRequestPath, Value::String(stated.path));
  stated.Set(Fact::kRequestStream, Value::Bool(node["stream"].AsBool().value_or(false)));
  stated.Set(Fact::kRequestBodyBytes, Count(node["body_bytes"], 0));
  const bool opaque = stated.surface == pipeline::Surface::kPassThrough;
  const auto known = [&](Fact fact, const char* member, const Value& value) {
    stated.Set(fact, opaque && !node[member].IsPresent() ? Value::Absent() : value);
  };
  known(Fact::kRequestModel, "model", Value::String(stated.model ? std::string_view(*stated.model) : ""));
  known(Fact::kRequestTools, "tools", Value::List(&stated.tool_list));
  known(Fact::kRequestMaxOutputTokens, "max_output_tokens",
        Count(node["max_output_tokens"], std::numeric_limits<std::int64_t>::max()));
  known(Fact::kRequestMessageCount, "message_count", Count(node["message_count"], 1));
  known(Fact::kRequestInputCount, "input_count", Count(node["input_count"], 0));
  known(Fact::kRequestHasImages, "has_images", Value::Bool(node["has_images"].AsBool().value_or(false)));
  known(Fact::kRequestHasDocuments, "has_documents", Value::Bool(node["has_documents"].AsBool().value_or(false)));
  known(Fact::kRequestHasAudio, "has_audio", Value::Bool(node["has_audio"].AsBool().value_or(false)));
  known(Fact::kRequestUser, "user", Value::String(stated.user));
}

template <class E>
E ReadWord(const Node& node, std::size_t count, E otherwise) {
  const auto word = node.AsString();
  if (!word) return otherwise;
  std::string words;
  for (std::size_t i = 0; i < count; ++i) {
    if (ToString(static_cast<E>(i)) == *word) return static_cast<E>(i);
    words.append(" ").append(ToString(static_cast<E>(i)));
  }
  node.AddProblem("`" + *word + "` is none of" + words);
  return otherwise;
}

pipeline::ContentFinding ReadFinding(const Node& node) {
  constexpr std::size_t kViews = static_cast<std::size_t>(inspect::View::kDecoded) + 1;
  inspect::Finding finding;
  finding.category =
      ReadWord(node.Required("category"), pipeline::ContentMeasure::kCategories, inspect::Category::kPii);
  finding.entity = node["entity"].AsString().value_or("");
  finding.confidence = static_cast<float>(node["confidence"].AsNumber({.min = 0, .max = 1}).value_or(1));
  finding.view = ReadWord(node["view"], kViews, inspect::View::kRaw);
  return {.channel = ReadWord(node["channel"], inspect::kChannels, inspect::Channel::kUser),
          .finding = std::move(finding)};
}

// What is known in a phase of content.
template <class Stated>
void ReadContent(const Node& root, Stated& stated) {
  stated.phase = root["phase"].AsEnum<pipeline::Phase>(kPhaseWords).value_or(pipeline::Phase::kRequest);
  for (const Node& node : root["findings"].Elements()) stated.findings.push_back(ReadFinding(node));
  stated.answer_tools = root["answer"]["tools"].AsStrings().value_or(std::vector<std::string>());
  stated.finding_list = std::make_unique<const FindingList>(stated.findings);
  stated.Set(Fact::kFindings, Value::List(stated.finding_list.get()));
  stated.Set(Fact::kAnswerTools, Value::List(&stated.answer_tool_list));
  for (const char* member : {"findings", "answer"}) {
    if (pipeline::IsOfContent(stated.phase) || !root[member].IsPresent()) continue;
    root[member].AddProblem("goes with `phase:` prompt, tool_result, response or tool_call");
  }
}

template <class Stated>
void ShowPrincipal(Stated& stated) {
  const pipeline::Principal& principal = stated.principal;
  stated.Set(Fact::kPrincipalOrganization, Value::String(principal.organization));
  stated.Set(Fact::kPrincipalTeam, Value::String(principal.team));
  stated.Set(Fact::kPrincipalProject, Value::String(principal.project));
  stated.Set(Fact::kPrincipalName, Value::String(principal.name));
  stated.Set(Fact::kPrincipalKind, Value::String(pipeline::ToString(principal.kind)));
  stated.Set(Fact::kPrincipalKeyId, Value::String(principal.key_id));
  stated.Set(Fact::kPrincipalAuthentication, Value::String(pipeline::ToString(principal.authentication)));
  stated.Set(Fact::kPrincipalGroups, Value::List(&stated.group_list));
  stated.Set(Fact::kPrincipalClaims, stated.claims == nullptr ? Value::Absent() : Value::Map(stated.claims->map()));
}

template <class Stated>
void ReadExpectation(const Node& node, Stated& stated) {
  stated.effect = node.Required("effect").template AsEnum<Effect>(kEffectWords).value_or(Effect::kAllow);
  stated.rules = node["rules"].AsStrings();
}

}  // namespace

std::unique_ptr<const Case> Case::Read(const Node& node) {
  auto stated = std::make_unique<Stated>();
  stated->name = node.Required("name").AsString().value_or("");
  stated->principal = ReadPrincipal(node["principal"]);
  stated->claims = ReadClaims(node["principal"]["claims"]);
  ShowPrincipal(*stated);
  ReadRequest(node["request"], *stated);
  ReadContent(node, *stated);
  stated->address = node["client"]["address"].AsString().value_or("");
  stated->Set(Fact::kClientAddress, Value::String(stated->address));
  const Node at = node["at"];
  const auto time = cel::ParseTimestamp(at.AsString().value_or("2026-01-01T12:00:00Z"));
  constexpr std::int64_t kLastSecond = 9'000'000'000;  // within what the clock counts
  const bool usable = time && time->seconds >= 0 && time->seconds <= kLastSecond;
  if (!usable) at.AddProblem("must be a time such as 2026-11-23T22:00:00+01:00");
  stated->at = usable ? *time : cel::Timestamp();
  stated->Set(Fact::kTimeNow, Value::Time(stated->at));
  ReadExpectation(node.Required("expect"), *stated);
  return std::unique_ptr<const Case>(new Case(std::move(stated)));
}

Case::Result Case::Run(const RuleSet& rules) const {
  const bool opaque = stated_->surface == pipeline::Surface::kPassThrough;
  const Subject subject{.principal = stated_->principal,
                        .surface = stated_->surface,
                        .model = stated_->model ? std::string_view(*stated_->model) : "",
                        .knows_model = opaque && !stated_->model ? Subject::Model::kUnknown : Subject::Model::kKnown};
  const ZonedFacts facts(*stated_, WallOf(stated_->at), rules.zone());
  cel::Scratch scratch;
  Docket docket = rules.DocketOf(stated_->phase, subject, StandingFacts(facts, subject.knows_model), scratch);
  const Verdict verdict = RuleSet::Judge(docket, facts, scratch);
  std::vector<std::string> speaking;
  for (const Finding& finding : docket.findings()) {
    if (finding.Speaks()) speaking.push_back(finding.rule->id);
  }
  Result result{.name = stated_->name, .expected = std::string(pipeline::ToString(stated_->effect))};
  if (stated_->rules) result.expected += Join(*stated_->rules);
  result.decided = std::string(pipeline::ToString(verdict.effect)) + Join(speaking);
  auto wanted = stated_->rules.value_or(speaking);
  std::ranges::sort(wanted);
  std::ranges::sort(speaking);
  const bool passed = verdict.effect == stated_->effect && wanted == speaking;
  result.outcome = passed ? Result::Outcome::kPassed : Result::Outcome::kFailed;
  return result;
}

std::vector<std::unique_ptr<const Case>> ReadSuite(const Node& root) {
  std::vector<std::unique_ptr<const Case>> cases;
  const Node list = root.Required("cases");
  for (const Node& node : list.Elements()) cases.push_back(Case::Read(node));
  if (cases.empty() && list.IsPresent()) list.AddProblem("has no case in it");
  return cases;
}

std::string ToTable(const std::vector<Case::Result>& results) {
  std::size_t widest = 0;
  std::size_t failed = 0;
  for (const Case::Result& result : results) {
    widest = std::max(widest, result.name.size());
    failed += result.outcome == Case::Result::Outcome::kFailed ? 1 : 0;
  }
  std::string table;
  for (const Case::Result& result : results) {
    const bool passed = result.outcome == Case::Result::Outcome::kPassed;
    table.append(passed ? "ok      " : "FAILED  ").append(result.name).append(widest - result.name.size() + 2, ' ');
    table.append(result.decided);
    if (!passed) table.append("; expected ").append(result.expected);
    table.append("\n");
  }
  table.append(std::to_string(results.size())).append(" cases, ").append(std::to_string(failed)).append(" failed\n");
  return table;
}

}  // namespace gatehouse::features::policy
