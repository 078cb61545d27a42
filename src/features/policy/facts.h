#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "codec/cel/cel.h"
#include "codec/cel/zone_rules.h"
#include "features/policy/json_value.h"
#include "features/policy/scope.h"
#include "pipeline/decision.h"
#include "pipeline/exchange.h"

// What conditions of rules may name. docs/policy.md lists it for people.
namespace gatehouse::features::policy {

enum class Fact : std::uint32_t {
  kPrincipalOrganization,
  kPrincipalTeam,
  kPrincipalProject,
  kPrincipalName,
  kPrincipalKind,
  kPrincipalKeyId,
  kPrincipalAuthentication,
  kPrincipalGroups,
  kPrincipalClaims,
  kRequestId,
  kRequestSurface,
  kRequestOperation,
  kRequestModel,
  kRequestPath,
  kRequestStream,
  kRequestTools,
  kRequestMaxOutputTokens,
  kRequestMessageCount,
  kRequestInputCount,
  kRequestBodyBytes,
  kRequestHasImages,
  kRequestHasDocuments,
  kRequestHasAudio,
  kRequestUser,
  kClientAddress,
  kTimeNow,
  kTimeHour,
  kTimeWeekday,
  // In phases of content only:
  kFindings,
  kAnswerTools,
};
inline constexpr std::size_t kFacts = static_cast<std::size_t>(Fact::kAnswerTools) + 1;
static_assert(kFacts <= 64);  // FactMemory::Mask has a bit for each

struct FactRow {
  Fact fact;
  std::string_view name;  // "request.model"
  std::string_view type;  // as codec::cel::ToString has it: "string", "list(string)"
};
const std::vector<FactRow>& FactRows();

// The facts of a phase as variables of the language; the slot of each is its number. Made once, never changed.
const codec::cel::Environment& FactSchema(pipeline::Phase phase);

// "monday" ... of a time in a zone, and its hour.
std::string_view WeekdayAt(base::WallTime when, const codec::cel::ZoneRules& zone);
std::int64_t HourAt(base::WallTime when, const codec::cel::ZoneRules& zone);

// Texts that lie side by side, as a list of the language.
class TextList final : public codec::cel::ListView {
 public:
  explicit TextList(const std::vector<std::string>& texts) : texts_(&texts) {}
  std::size_t size() const override { return texts_->size(); }
  codec::cel::Value at(std::size_t index) const override { return codec::cel::Value::String((*texts_)[index]); }

 private:
  const std::vector<std::string>* texts_;
};

// What was found in an exchange's content and what its answer calls, where anybody has looked.
struct ContentFacts {
  const codec::cel::ListView* findings = nullptr;
  const codec::cel::ListView* tools = nullptr;
};

// The names of a request's tools.
class ToolNames final : public codec::cel::ListView {
 public:
  explicit ToolNames(const std::vector<llm::Tool>* tools) : tools_(tools) {}
  std::size_t size() const override { return tools_ == nullptr ? 0 : tools_->size(); }
  codec::cel::Value at(std::size_t index) const override { return codec::cel::Value::String((*tools_)[index].name); }

 private:
  const std::vector<llm::Tool>* tools_;
};

// What the clocks of a zone show, worked out once a second. One thread; `zone` outlives it.
class LocalClock {
 public:
  explicit LocalClock(const codec::cel::ZoneRules& zone) : zone_(zone) {}
  const codec::cel::Civil& At(base::WallTime when);

 private:
  const codec::cel::ZoneRules& zone_;
  std::optional<std::int64_t> second_;  // since 1970, of civil_
  codec::cel::Civil civil_{};
};

// The facts of an exchange, looked up when a condition comes to them. What is not known of an opaque request is absent.
// Everything it is made of outlives it; one thread.
class ExchangeFacts final : public codec::cel::Activation {
 public:
  // `claims` is null where the principal has none, or where they cannot be read.
  ExchangeFacts(const pipeline::Exchange& exchange, base::WallTime now, LocalClock& clock, const JsonMap* claims,
                ContentFacts content = {});
  codec::cel::Value Get(std::uint32_t slot) const override;

 private:
  codec::cel::Value OfPrincipal(Fact fact) const;
  codec::cel::Value OfRequest(Fact fact) const;
  codec::cel::Value OfTime(Fact fact) const;
  codec::cel::Value OfContent(Fact fact) const;

  const pipeline::Exchange& exchange_;
  const llm::ChatRequest* chat_;  // of a chat or a count; null for other operations
  const pipeline::PassThroughCall* opaque_;
  base::WallTime now_;
  LocalClock& clock_;
  const JsonMap* claims_;
  const ContentFacts content_;
  TextList groups_;
  ToolNames tools_;
};

// The facts that all requests of a subject share, as those of one of them; the others are unknown. `facts` outlives it.
class StandingFacts final : public codec::cel::Activation {
 public:
  // `knows_model` is the subject's.
  StandingFacts(const codec::cel::Activation& facts, Subject::Model knows_model)
      : facts_(facts), knows_model_(knows_model) {}
  codec::cel::Value Get(std::uint32_t slot) const override;

 private:
  const codec::cel::Activation& facts_;
  const Subject::Model knows_model_;
};

// The model that a rule's scope looks at.
Subject SubjectOf(const pipeline::Exchange& exchange);

}  // namespace gatehouse::features::policy
