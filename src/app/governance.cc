#include "app/governance.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/measurements.h"
#include "features/guard/guard_stage.h"
#include "features/oversight/approval_desk.h"
#include "features/policy/content_judge.h"
#include "features/policy/request_stage.h"
#include "features/policy/rule_reader.h"
#include "features/telemetry/tally.h"

namespace gatehouse::app {

std::shared_ptr<const features::policy::RuleSet> ReadPolicies(const codec::config::Node& root, const Config& config) {
  features::policy::KnownNames known;
  for (const auto& route : *config.routes) known.models.push_back(route.model);
  for (const auto& [name, blueprint] : config.providers) known.providers.push_back(name);
  return features::policy::ReadRules(root["policies"], known);
}

std::vector<base::Metrics::Declaration> MetricFamilies() {
  auto families = features::telemetry::MetricDeclarations();
  families.push_back(features::policy::DecisionsDeclaration());
  families.push_back(features::guard::FindingsDeclaration());
  families.push_back(features::guard::HookCallsDeclaration());
  families.push_back(features::guard::ConversationsDeclaration());
  std::ranges::copy(MeasuredFamilies(), std::back_inserter(families));
  families.push_back({.name = "gatehouse_exchanges_unrecorded_total",
                      .help = "Exchanges that are not in the ledger because the journal was full.",
                      .kind = base::MetricKind::kCounter,
                      .labels = {}});
  return families;
}

std::size_t FirstMeasuredFamily() { return features::telemetry::MetricDeclarations().size() + 4; }

base::MetricCell& UnrecordedCell(base::Metrics& metrics, std::size_t shard) {
  return metrics.Counter(shard, MetricFamilies().size() - 1).At({});
}

std::optional<std::string> PolicyRecords::Explain(std::string_view request_id) const {
  std::vector<features::policy::Explanation> latest;
  for (const auto& recorder : recorders_) {
    auto found = recorder.Find(request_id);
    if (!found.empty() && (latest.empty() || latest.front().when < found.front().when)) latest = std::move(found);
  }
  return latest.empty() ? std::nullopt : std::optional<std::string>(ToJson(latest));
}

namespace {

// Which metric family counts the decisions of policies; that of the guard's findings follows.
std::size_t DecisionsFamily() { return features::telemetry::MetricDeclarations().size(); }

// Who may do what comes first: what is refused there need not be read.
void AddPolicies(const Config& config, features::policy::Recorder& recorder, base::CounterFamily& decisions,
                 std::shared_ptr<pipeline::ApprovalDesk> desk, Governing& governing) {
  if (config.policies->empty()) return;
  auto requests =
      std::make_unique<features::policy::RequestStage>(config.policies, recorder, decisions, std::move(desk));
  governing.enforcers.push_back(requests.get());
  governing.stages.push_back(std::move(requests));
}

// An approval is for the configuration under which it was asked for: another one may not ask, or ask for more.
std::shared_ptr<pipeline::ApprovalDesk> DeskOf(const Config& config, features::oversight::ApprovalQueue* queue) {
  if (queue == nullptr) return nullptr;
  return std::make_shared<features::oversight::ApprovalDesk>(*queue, config.oversight.approvals, config.revision);
}

std::unique_ptr<const pipeline::ContentRules> RulesOnContent(const Config& config, features::policy::Recorder& recorder,
                                                             base::CounterFamily& decisions) {
  if (!HasContentRules(*config.policies)) return nullptr;
  return std::make_unique<features::policy::ContentJudge>(config.policies, recorder, decisions);
}

// Who is asked about what the guard sees.
struct Judges {
  std::unique_ptr<const pipeline::ContentRules> rules;
  std::shared_ptr<pipeline::ApprovalDesk> desk;
};

// The guard looks into content, and holds it to the policies' rules about it.
void AddGuard(const Config& config, GuardMeans means, base::Metrics& metrics, std::size_t shard, Judges judges,
              Governing& governing) {
  if (config.guard == nullptr) return;
  const std::size_t findings = DecisionsFamily() + 1;
  std::unique_ptr<features::guard::ConversationTokens> conversations;
  if (means.conversations != nullptr) {
    conversations = std::make_unique<features::guard::ConversationTokens>(
        *means.loop, *means.conversations, metrics.Counter(shard, findings + 2), config.guard->conversations_rest);
  }
  auto guard = std::make_unique<features::guard::GuardStage>(
      config.guard, std::move(means.token_key), metrics.Counter(shard, findings),
      features::guard::HookMeans{
          .fetcher = means.fetcher, .loop = means.loop, .calls = &metrics.Counter(shard, findings + 1)},
      std::move(judges.rules), std::move(conversations), std::move(judges.desk));
  governing.enforcers.push_back(guard.get());
  governing.stages.push_back(std::move(guard));
}

}  // namespace

Governing GoverningStages(const Config& config, features::policy::Recorder& recorder, base::Metrics& metrics,
                          std::size_t shard, GuardMeans means) {
  Governing governing;
  base::CounterFamily& decisions = metrics.Counter(shard, DecisionsFamily());
  const auto desk = DeskOf(config, means.approvals);
  AddPolicies(config, recorder, decisions, desk, governing);
  AddGuard(config, std::move(means), metrics, shard,
           {.rules = RulesOnContent(config, recorder, decisions), .desk = desk}, governing);
  return governing;
}

features::policy::Coverage ProveCoverage(const Config& config) {
  features::policy::Recorder recorder;
  base::Metrics metrics(MetricFamilies(), 1);
  return Prove(*config.policies, GoverningStages(config, recorder, metrics, 0, {}).enforcers);
}

}  // namespace gatehouse::app
