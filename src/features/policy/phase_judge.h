#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "codec/cel/cel.h"
#include "features/policy/facts.h"
#include "features/policy/json_value.h"
#include "features/policy/recorder.h"
#include "features/policy/rule_set.h"
#include "pipeline/approval.h"
#include "pipeline/content_rules.h"
#include "pipeline/exchange.h"

namespace gatehouse::features::policy {

// gatehouse_policy_decisions_total
base::Metrics::Declaration DecisionsDeclaration();

// Asks the rules of a phase about exchanges, and notes what they say: with the exchange, in the metric and with the
// recorder. Of one loop.
class PhaseJudge {
 public:
  // `decisions` is the loop's family of DecisionsDeclaration(); both outlive this.
  PhaseJudge(std::shared_ptr<const RuleSet> rules, Recorder& recorder, base::CounterFamily& decisions);

  const RuleSet& rules() const { return *rules_; }

  // What was decided, and on what grounds; both until the next decision.
  struct Judgement {
    Verdict verdict;
    const Docket& docket;
  };
  struct Question {
    pipeline::Phase phase = pipeline::Phase::kRequest;
    ContentFacts content;
    using Round = pipeline::ContentQuestion::Round;
    Round round = Round::kFirst;  // again: only what is new is noted
  };
  Judgement Decide(pipeline::Exchange& exchange, const Question& question);

 private:
  // What a principal that asks for a model on a surface is subject to. Kept, because most requests are like one before.
  struct Subjection {
    std::shared_ptr<const pipeline::Principal> principal;  // pinned: its address is part of the key
    std::unique_ptr<const std::string> model;              // what the key shows
    std::unique_ptr<const JsonValue> claims;
    Docket docket;

    const JsonMap* claims_map() const { return claims == nullptr ? nullptr : claims->map(); }
  };
  struct Key {
    const pipeline::Principal* principal;
    pipeline::Surface surface;
    pipeline::Phase phase;
    Subject::Model knows_model;
    std::string_view model;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  static constexpr std::size_t kMostSubjections = 4096;
  static constexpr std::size_t kMostModelBytes = 256;  // longer names are a caller's invention, and not remembered
  static constexpr std::size_t kMostFindings = std::size_t{1} << 17U;  // of all of them: some 10 MiB
  enum class News : std::uint8_t { kNone, kSome };

  Subjection& SubjectionOf(const pipeline::Exchange& exchange, pipeline::Phase phase, base::WallTime now);
  News Note(const Judgement& judgement, const Question& question, pipeline::Exchange& exchange);
  News NoteOne(pipeline::Decision decision, Question::Round round, pipeline::Exchange& exchange);

  std::shared_ptr<const RuleSet> rules_;
  Recorder& recorder_;
  base::CounterFamily& decisions_;
  // What one decision needs, kept for the next one: a decision is made between two awaits.
  codec::cel::Scratch scratch_;
  LocalClock clock_;
  std::unordered_map<Key, Subjection, Hash> known_;
  std::size_t findings_ = 0;           // of known_
  std::optional<Subjection> passing_;  // one that is not remembered
};

// Why a verdict of kDeny or kChallenge refuses, for the client. `what` is refused: "request", "answer".
base::Error Refusal(const Verdict& verdict, std::string_view what);

// What people are to be asked: as the decisive rule wants it, and by as many people as any rule wants that challenges
// the same. REQUIRES: the verdict is kChallenge.
pipeline::ApprovalQuestion QuestionOf(const PhaseJudge::Judgement& judgement, pipeline::Phase phase);

// The rules that restrict, by such a judgement, in the order of the configuration.
std::vector<const Rule*> Restrictions(const Docket& docket);

}  // namespace gatehouse::features::policy
