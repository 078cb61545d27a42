#pragma once

#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "features/guard/inspection.h"
#include "pipeline/approval.h"
#include "pipeline/content_rules.h"
#include "pipeline/enforcer.h"
#include "pipeline/stage.h"

namespace gatehouse::features::guard {

// What guardrails outside are asked with, of one loop; both outlive the stage. Null where a configuration has none.
struct HookMeans {
  http::Fetcher* fetcher = nullptr;
  net::Loop* loop = nullptr;
  base::CounterFamily* calls = nullptr;  // of HookCallsDeclaration()
};

// Looks at every text of a request before anything is spent on it, and of its answer before the client sees it. Belongs
// to one loop.
class GuardStage final : public pipeline::Stage, public pipeline::Enforcer {
 public:
  // `conversations` null: what tokens of conversations stand for is only known
  // from what their clients send again. `findings` is the loop's family of FindingsDeclaration() and outlives the
  // stage. Tokens and hashes are made with `key`. `rules` are those of policies on content; null where there are none.
  // `desk` asks people about requests that those challenge; null: nobody can be asked.
  GuardStage(std::shared_ptr<const GuardSettings> settings, base::Secret key, base::CounterFamily& findings,
             HookMeans hook_means = {}, std::unique_ptr<const pipeline::ContentRules> rules = nullptr,
             std::unique_ptr<ConversationTokens> conversations = nullptr,
             std::shared_ptr<pipeline::ApprovalDesk> desk = nullptr);

  std::string_view Name() const override { return "guard"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;
  // The phases of content, wherever there is content that somebody can look into.
  pipeline::Enforcement Enforces(pipeline::Surface surface, pipeline::Phase phase) const override;

 private:
  std::unique_ptr<Inspection> NewInspection(pipeline::Exchange& exchange) const;
  // Whether there is more to do about a request than to look at it and change it.
  bool MustWait(const Inspection& inspection, const pipeline::Exchange& exchange) const;
  // Looks at the request as it is now, and changes it.
  net::Task<base::Status> Inspect(Inspection& inspection, pipeline::Exchange& exchange) const;
  // Has people asked about a request that was refused for want of that.
  net::Task<base::Status> AskPeople(base::Status refused, pipeline::Exchange& exchange) const;
  static net::Task<base::Status> AskAboutRequest(Inspection& inspection, const pipeline::Exchange& exchange);
  static base::Status LookAtRequest(Inspection& inspection, pipeline::Exchange& exchange);
  static base::Status LookAtAnswer(std::unique_ptr<Inspection> inspection, const pipeline::Exchange& exchange,
                                   pipeline::Reply& reply);
  static base::Status LookAtRanking(Inspection& inspection, pipeline::RerankReply& ranking);

  std::shared_ptr<const GuardSettings> settings_;
  const base::Secret key_;
  base::CounterFamily& findings_;
  const std::vector<std::unique_ptr<Hook>> hooks_;
  const std::unique_ptr<const pipeline::ContentRules> rules_;
  const std::unique_ptr<ConversationTokens> conversations_;
  const std::shared_ptr<pipeline::ApprovalDesk> desk_;
  mutable inspect::Inspector::Scratch scratch_;  // an inspection of a text happens between two awaits
};

}  // namespace gatehouse::features::guard
