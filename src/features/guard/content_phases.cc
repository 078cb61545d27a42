#include "features/guard/content_phases.h"

#include <algorithm>

namespace gatehouse::features::guard {

using inspect::Channel;
using pipeline::ContentFinding;
using pipeline::ContentVerdict;
using pipeline::Phase;
using pipeline::Side;

Phase PhaseOf(Channel channel, Side side) {
  if (side == Side::kAnswer) return channel == Channel::kToolArguments ? Phase::kToolCall : Phase::kResponse;
  const bool is_result = channel == Channel::kToolResult || channel == Channel::kDocument;
  return is_result ? Phase::kToolResult : Phase::kPrompt;
}

ContentPhases::ContentPhases(const pipeline::ContentRules& rules, pipeline::Exchange& exchange)
    : rules_(rules), exchange_(exchange) {
  if (exchange.surface == pipeline::Surface::kPassThrough) return;  // nobody looks into it
  for (std::size_t i = 0; i < kPhases; ++i) {
    if (rules.AreAbout(exchange.surface, static_cast<Phase>(i))) states_.at(i).rules = Rules::kSome;
  }
}

bool ContentPhases::Reach(Side side) const {
  if (side == Side::kAnswer) return Reach(Phase::kResponse) || Reach(Phase::kToolCall);
  return Reach(Phase::kPrompt) || Reach(Phase::kToolResult);
}

void ContentPhases::Meet(Phase phase) {
  State& state = StateOf(phase);
  if (state.rules == Rules::kSome && state.round == State::Round::kFirst) state.news = News::kSome;
}

void ContentPhases::Add(Phase phase, Channel channel, const inspect::Finding& finding) {
  State& state = StateOf(phase);
  if (state.rules == Rules::kNone) return;
  if (state.findings.size() >= kMostFindings) {
    const auto like = std::ranges::find_if(state.findings, [&](const ContentFinding& known) {
      return known.channel == channel && known.finding.entity == finding.entity && known.finding.view == finding.view &&
             known.finding.category == finding.category;
    });
    if (like != state.findings.end()) {
      if (like->finding.confidence >= finding.confidence) return;
      like->finding.confidence = finding.confidence;
      state.news = News::kSome;
      return;
    }
  }
  state.findings.push_back({.channel = channel, .finding = finding});
  state.news = News::kSome;
}

void ContentPhases::AddCall(std::string_view tool) {
  if (tools_.size() >= kMostTools || std::ranges::find(tools_, tool) != tools_.end()) return;
  tools_.emplace_back(tool);
  State& state = StateOf(Phase::kToolCall);
  if (state.rules == Rules::kSome) state.news = News::kSome;
}

const ContentVerdict* ContentPhases::Judge() {
  for (std::size_t i = 0; i < kPhases; ++i) {
    State& state = states_.at(i);
    if (state.news == News::kNone) continue;
    state.news = News::kNone;
    state.verdict = rules_.Judge(
        exchange_, {.phase = static_cast<Phase>(i), .findings = state.findings, .tools = tools_, .round = state.round});
    state.round = State::Round::kAgain;
    if (state.verdict.refusal) return &state.verdict;
  }
  return nullptr;
}

ContentPhases::Order ContentPhases::StrictestOn(Phase phase, const inspect::Finding& finding) const {
  Order strictest;
  for (const ContentVerdict::Order& order : StateOf(phase).verdict.orders) {
    if (order.measure->measure <= strictest.measure || !order.measure->IsAbout(finding)) continue;
    strictest = {.measure = order.measure->measure, .rule = order.rule};
  }
  return strictest;
}

}  // namespace gatehouse::features::guard
