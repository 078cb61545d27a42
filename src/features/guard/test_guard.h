#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "features/guard/guard_rule.h"
#include "features/guard/inspection.h"
#include "inspect/detector.h"
#include "inspect/inspector.h"
#include "net/fake/fake_loop.h"
#include "pipeline/content_rules.h"
#include "pipeline/exchange.h"

// What tests of the guard have in common: a detector whose findings are plain to see, and an exchange to inspect.
namespace gatehouse::features::guard::testing {

// Finds every word of the form <letters>#<digits> by its letters: "mail#12" is an EMAIL_ADDRESS, "key#1" a test-key,
// "evil#1" an INSTRUCTION, "site#1" a LINK.
class MarkDetector final : public inspect::Detector {
 public:
  std::string_view Name() const override { return "marks"; }
  std::vector<inspect::Trigger> Triggers() const override {
    return {{.text = "mail#"}, {.text = "key#"}, {.text = "evil#"}, {.text = "site#"}};
  }
  void Detect(const inspect::Subject& subject, std::span<const inspect::Hit> hits,
              std::vector<inspect::Finding>& findings) const override {
    using enum inspect::Category;
    static constexpr std::pair<inspect::Category, std::string_view> kWhat[] = {
        {kPii, "EMAIL_ADDRESS"}, {kSecret, "test-key"}, {kInjection, "INSTRUCTION"}, {kExfiltration, "LINK"}};
    static constexpr std::size_t kLengths[] = {5, 4, 5, 5};
    for (const inspect::Hit& hit : hits) {
      std::size_t end = hit.end;
      while (end < subject.text.size() && subject.text[end] >= '0' && subject.text[end] <= '9') ++end;
      if (end == hit.end || end <= subject.begin) continue;
      findings.push_back({.category = kWhat[hit.trigger].first,
                          .entity = std::string(kWhat[hit.trigger].second),
                          .span = {.begin = hit.end - kLengths[hit.trigger], .end = end},
                          .confidence = 0.95F,
                          .view = subject.view});
    }
  }
};

inline GuardRule Rule(std::string id, inspect::Category category, Measure measure) {
  GuardRule rule{.id = std::move(id)};
  rule.categories.set(static_cast<std::size_t>(category));
  rule.measure = measure;
  return rule;
}

inline std::shared_ptr<GuardSettings> Settings(std::vector<GuardRule> rules) {
  std::vector<std::unique_ptr<const inspect::Detector>> detectors;
  detectors.push_back(std::make_unique<MarkDetector>());
  auto settings = std::make_shared<GuardSettings>();
  settings->inspector = inspect::Inspector::Build(std::move(detectors)).value();
  settings->rules = std::move(rules);
  return settings;
}

// Rules on content that a test decides itself.
class ScriptedRules final : public pipeline::ContentRules {
 public:
  using Script = std::function<pipeline::ContentVerdict(const pipeline::ContentQuestion&)>;
  ScriptedRules(std::vector<pipeline::Phase> phases, Script script)
      : phases_(std::move(phases)), script_(std::move(script)) {}

  bool AreAbout(pipeline::Surface, pipeline::Phase phase) const override {
    return std::ranges::find(phases_, phase) != phases_.end();
  }
  pipeline::ContentVerdict Judge(pipeline::Exchange&, const pipeline::ContentQuestion& question) const override {
    const bool is_first = question.round == pipeline::ContentQuestion::Round::kFirst;
    std::string line(pipeline::ToString(question.phase));
    line.append(is_first ? "" : " again");
    for (const auto& found : question.findings) {
      line.append(" ").append(found.finding.entity).append("@").append(inspect::ToString(found.channel));
    }
    for (const auto& tool : question.tools) line.append(" ").append(tool).append("()");
    asked.push_back(std::move(line));
    return script_ ? script_(question) : pipeline::ContentVerdict();
  }

  mutable std::vector<std::string> asked;  // "response again EMAIL_ADDRESS@output"

 private:
  std::vector<pipeline::Phase> phases_;
  Script script_;
};

inline pipeline::ContentVerdict Refuse(std::string rule) {
  return {.orders = {},
          .refusal = base::Error{.code = base::ErrorCode::kDenied,
                                 .source = base::ErrorSource::kPolicy,
                                 .public_message = "Refused by " + rule + "."},
          .refused_by = rule};
}

// An exchange and what its inspection works with.
class Bench {
 public:
  explicit Bench(std::shared_ptr<GuardSettings> settings)
      : settings_(std::move(settings)), scratch_(*settings_->inspector), metrics_({FindingsDeclaration()}, 1) {
    exchange_ =
        std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, pipeline::ModelsCall{});
    exchange_->id = "req_1";
    exchange_->model = "m";
  }

  std::unique_ptr<Inspection> NewInspection(const pipeline::ContentRules* content = nullptr) {
    return std::make_unique<Inspection>(Inspection::Means{.settings = *settings_,
                                                          .scratch = scratch_,
                                                          .findings = metrics_.Counter(0, 0),
                                                          .key = key_,
                                                          .content = content},
                                        *exchange_);
  }
  pipeline::Exchange& exchange() { return *exchange_; }
  net::fake::FakeLoop& loop() { return loop_; }
  base::Metrics& metrics() { return metrics_; }
  const pipeline::InspectionReport& report() const { return *exchange_->Find<pipeline::InspectionReport>(); }

 private:
  std::shared_ptr<GuardSettings> settings_;
  inspect::Inspector::Scratch scratch_;
  base::Metrics metrics_;
  base::Secret key_{std::string("a key for tests")};
  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  std::shared_ptr<pipeline::Exchange> exchange_;
};

}  // namespace gatehouse::features::guard::testing
