#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/metrics.h"
#include "codec/config/node.h"
#include "features/oversight/approval_queue.h"
#include "features/policy/coverage.h"
#include "features/policy/recorder.h"
#include "pipeline/stage.h"
#include "store/key_value.h"

namespace gatehouse::app {

// Reads the section `policies`. Problems are noted on the tree. REQUIRES: providers and routes have been read.
std::shared_ptr<const features::policy::RuleSet> ReadPolicies(const codec::config::Node& root, const Config& config);

// The metrics of the process: those of exchanges, of policies, then those that are measured.
std::vector<base::Metrics::Declaration> MetricFamilies();
// Where those that are measured begin.
std::size_t FirstMeasuredFamily();
// Of those: counts the exchanges that found no place in the journal.
base::MetricCell& UnrecordedCell(base::Metrics& metrics, std::size_t shard);

// What the process remembers of its policies' decisions, a part for each loop. Outlives the loops.
class PolicyRecords {
 public:
  explicit PolicyRecords(std::size_t loops) : recorders_(loops) {}
  features::policy::Recorder& OfLoop(std::size_t index) { return recorders_[index]; }
  // The latest decision about that request as JSON. From any thread.
  std::optional<std::string> Explain(std::string_view request_id) const;

 private:
  std::deque<features::policy::Recorder> recorders_;
};

// What the guard and the policies of one loop work with beside their settings.
struct GuardMeans {
  base::Secret token_key;            // tokens that stand for what was taken out of texts are made with it
  http::Fetcher* fetcher = nullptr;  // guardrails outside are asked with it, on `loop`
  net::Loop* loop = nullptr;
  store::KeyValue* conversations = nullptr;                 // of `loop`: what their tokens stand for is kept there
  features::oversight::ApprovalQueue* approvals = nullptr;  // people are asked through it
};

// The stages that hold exchanges to the rules of a configuration, in order: where every pipeline begins.
struct Governing {
  pipeline::Stages stages;
  features::policy::Enforcers enforcers;  // the same
};
// All parameters outlive them. `metrics` has the families above, `shard` is the loop's.
Governing GoverningStages(const Config& config, features::policy::Recorder& recorder, base::Metrics& metrics,
                          std::size_t shard, GuardMeans means);

// Asks those stages whether they enforce every rule wherever it applies.
features::policy::Coverage ProveCoverage(const Config& config);

}  // namespace gatehouse::app
