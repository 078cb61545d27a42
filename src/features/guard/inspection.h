#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/secret.h"
#include "codec/json/document.h"
#include "features/guard/body/reading.h"
#include "features/guard/body/text_table.h"
#include "features/guard/content_phases.h"
#include "features/guard/conversation_tokens.h"
#include "features/guard/guard_rule.h"
#include "features/guard/hook/hook.h"
#include "features/guard/token_map.h"
#include "inspect/content/whole_text.h"
#include "inspect/inspector.h"
#include "pipeline/content_rules.h"
#include "pipeline/exchange.h"
#include "pipeline/inspection.h"

namespace gatehouse::features::guard {

// What a configuration wants inspected, and what is to be done about it. Immutable, shared by all loops.
struct GuardSettings {
  std::shared_ptr<const inspect::Inspector> inspector;
  std::vector<GuardRule> rules;
  TextTables tables;
  enum class Tokens : std::uint8_t { kPerExchange, kPerConversation } tokens = Tokens::kPerExchange;
  base::Duration conversations_rest = std::chrono::hours(1);  // after which their tokens are forgotten
  std::vector<HookSettings> hooks;
  std::vector<inspect::content::WholeTextRule> whole_texts;
  enum class PromptLeaks : std::uint8_t { kIgnored, kFound } prompt_leaks = PromptLeaks::kIgnored;
  // What of an answer may wait to be decided about, in bytes. A tool call's arguments wait whole.
  std::size_t longest_arguments = std::size_t{1} << 20U;
};

// gatehouse_guard_findings_total
base::Metrics::Declaration FindingsDeclaration();

// text[span] becomes `replacement`.
struct TextEdit {
  inspect::Span span;
  std::string replacement;
  enum class Rest : std::uint8_t { kStays, kGoes } rest = Rest::kStays;  // what of the text comes later
};

// The text with edits, which are in order and do not overlap.
std::string Apply(std::string_view text, std::span<const TextEdit> edits);

// The inspection of one exchange: looks at its texts, decides by the rules, and remembers what it came to. Attached to
// nothing: the guard's stage owns it, and it ends with the exchange's answer. Of one loop.
class Inspection {
 public:
  // What it works with; all outlive it.
  struct Means {
    const GuardSettings& settings;
    inspect::Inspector::Scratch& scratch;
    base::CounterFamily& findings;  // of FindingsDeclaration()
    const base::Secret& key;        // tokens and hashes are made with it
    std::span<const std::unique_ptr<Hook>> hooks = {};
    const pipeline::ContentRules* content = nullptr;  // of policies; null: there are none
  };
  Inspection(const Means& means, pipeline::Exchange& exchange);
  Inspection(const Inspection&) = delete;
  Inspection& operator=(const Inspection&) = delete;

  bool Reaches(pipeline::Side side) const {
    return docket_.Reaches(side) || (phases_ != nullptr && phases_->Reach(side));
  }
  bool Reaches(pipeline::Phase phase) const { return phases_ != nullptr && phases_->Reach(phase); }

  // Whether guardrails outside want to see texts of that side. They are asked before the texts are looked at here, and
  // what they find is found when that happens. An error denies: one that must answer did not.
  bool Asks(pipeline::Side side) const;
  net::Task<base::Status> Ask(pipeline::Side side, std::vector<HookText> texts);  // which outlive the task
  net::Task<base::Status> AskAboutBody(codec::json::Value root, const TextTable& table, pipeline::Side side);
  // Of a conversation that its client names, so that its tokens can be kept: what is known of it, before its request is
  // looked at, and what is known then.
  bool IsOfNamedConversation() const;
  net::Task<> Recall(ConversationTokens& conversations);
  net::Task<> Keep(ConversationTokens& conversations);

  // Whether texts of the answer can have to change.
  bool Restores() const { return tokens_.has_value(); }

  // Looks at text[begin, end) and appends what is to become of it, in order. An error denies the exchange.
  struct Text {
    std::string_view text;
    std::size_t begin = 0;  // what stands before was looked at before
    inspect::Channel channel = inspect::Channel::kUser;
    pipeline::Side side = pipeline::Side::kRequest;
    Passage::Seal seal = Passage::Seal::kNone;
    inspect::content::TextWatch* watch = nullptr;  // of the text that this goes on
    inspect::content::TextWatch::More more = inspect::content::TextWatch::More::kEnded;
  };
  base::Status Look(const Text& text, std::vector<TextEdit>& edits);

  // A body of kLong bytes and more is looked at ahead, a part in each turn of the loop, so that it holds up nobody;
  // LookAtBody() then knows what is in it.
  static constexpr std::size_t kLong = std::size_t{64} << 10U;
  net::Task<> ScanAhead(codec::json::Value root, const TextTable& table);

  // The body as it may go on: nullopt where it may go on as it is.
  base::Result<std::optional<std::string>> LookAtBody(std::string_view body, codec::json::Value root,
                                                      const TextTable& table, pipeline::Side side);
  // The same for JSON whose shape nobody fixed, all of it in one voice.
  base::Result<std::optional<std::string>> LookAtJson(std::string_view json, inspect::Channel channel,
                                                      pipeline::Side side);
  // What one text is watched with, where there is anything to watch for.
  std::optional<inspect::content::TextWatch> NewWatch(pipeline::Side side) const;
  std::uint64_t scanned_bytes() const { return report_.scanned_bytes; }
  void NoteUnscanned(std::string_view reason) { report_.NoteUnscanned(reason); }

  // The exchange has come to a phase of content. An error denies it.
  base::Status Enter(pipeline::Phase phase);
  // Its answer calls the tools that begin among the events.
  base::Status EnterCalls(std::span<const llm::Event> events);

  const GuardSettings& settings() const { return settings_; }
  const inspect::Inspector& inspector() const { return *settings_.inspector; }
  // How much of a text can be looked at before more of it comes.
  std::size_t Settled(std::string_view text) { return inspector().Settled(text, scratch_); }

 private:
  // Texts of one channel in one piece, so that they are scanned together and what a name says stands before its value.
  struct Bundle;
  using Replacements = std::vector<BodyReading::Replacement>;

  // What is done about a finding, and who wants that: a rule of the guard, or one of a policy.
  struct Ruling {
    Measure measure = Measure::kNone;
    std::string_view rule;
    const GuardRule* own = nullptr;
  };

  // First all of it is looked at, so that whoever judges sees everything that is there; then it is changed.
  base::Status LookAtPassages(const BodyReading& reading, pipeline::Side side, Replacements& replacements);
  static std::vector<Bundle> BundlesOf(const std::vector<Passage>& passages);
  void Scan(const std::vector<Passage>& passages, pipeline::Side side, Bundle& bundle);
  // Appends what is in the bundle's text to findings_, or what was found there ahead.
  void InspectBundle(std::string_view whole, inspect::Channel channel, Passage::Seal seal);
  void RememberPrompt(const BodyReading& reading);
  void AddWatched(const Bundle& bundle, const std::vector<Passage>& passages, pipeline::Side side);
  // Brings the findings from `first` on into the order of their places.
  void SortFrom(std::size_t first);
  base::Status Judge(std::span<const Bundle> bundles, pipeline::Side side);
  base::Status ChangeBundle(const Bundle& bundle, const BodyReading& reading, pipeline::Side side,
                            Replacements& replacements);
  base::Status Judge(const Text& text);
  void NoteRefused(const pipeline::ContentVerdict& verdict, std::span<const inspect::Finding> findings,
                   const Text& text);
  Ruling RulingOn(const Text& text, const inspect::Finding& finding);
  // Whether it is about the text it stands in, and only begins or ends where it says.
  bool IsOfWholeText(const inspect::Finding& finding) const;
  // Appends what is in the text to findings_.
  void Inspect(std::string_view text, std::size_t begin, inspect::Channel channel);
  // What is to become of a text in which that was found.
  base::Result<std::vector<TextEdit>> Decide(const Text& text, std::span<const inspect::Finding> findings);
  base::Status DecideOne(const Text& text, const inspect::Finding& finding, std::vector<TextEdit>& edits);
  void Restore(const Text& text, std::vector<TextEdit>& edits);
  net::Task<base::Status> AskOne(Hook& hook, pipeline::Side side, std::vector<HookText> texts);
  // Puts what guardrails outside found in a text, which begins at `shift`, among the findings from `first` on.
  void AddFromHooks(std::string_view text, std::size_t shift, std::size_t first);
  void AddFromHooks(const Bundle& bundle, const std::vector<Passage>& passages);
  std::string Replacement(Measure measure, const inspect::Finding& finding, std::string_view text);
  // `measure` is what was done.
  void Note(const Ruling& ruling, std::string_view measure, const inspect::Finding& finding, const Text& text);
  void NoteDecision(const GuardRule& rule, pipeline::Phase phase);
  base::Error Denial(const GuardRule& rule, const inspect::Finding& finding, const Text& text) const;
  bool IsOfConversation() const;
  base::Secret KeyOfTokens() const;

  const GuardSettings& settings_;
  pipeline::Exchange& exchange_;
  inspect::Inspector::Scratch& scratch_;
  base::CounterFamily& counter_;
  const base::Secret& key_;
  std::span<const std::unique_ptr<Hook>> hooks_;
  Docket docket_;
  std::unique_ptr<ContentPhases> phases_;  // where policies have rules about this exchange's content
  std::optional<TokenMap> tokens_;         // once there is one
  inspect::content::PromptRuns prompt_;
  pipeline::InspectionReport& report_;
  std::vector<inspect::Finding> findings_;  // of what is being looked at
  // Of a body that is looked at next.
  struct Ahead {
    inspect::Channel channel = inspect::Channel::kUser;
    Passage::Seal seal = Passage::Seal::kNone;
    std::size_t size = 0;  // of the text
    std::vector<inspect::Finding> findings;
  };
  std::vector<Ahead> ahead_;
  std::map<std::string, std::vector<inspect::Finding>, std::less<>> from_hooks_;  // by text
};

}  // namespace gatehouse::features::guard
