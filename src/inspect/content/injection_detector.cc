#include "inspect/content/injection_detector.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "inspect/content/injection_phrases.h"
#include "inspect/content/surroundings.h"

namespace gatehouse::inspect::content {
namespace {

constexpr float kRoleTokenConfidence = 0.92F;
constexpr float kFakeRoleConfidence = 0.7F;
constexpr float kHiddenConfidence = 0.95F;
constexpr float kTagConfidence = 0.95F;
constexpr float kAboutFactor = 0.5F;    // of what is quoted or spoken about
constexpr float kTrustedFactor = 0.9F;  // of what whoever may instruct says
constexpr std::size_t kTagSize = 4;     // bytes of a tag character

// What models are trained to see roles in; nobody else writes it.
constexpr auto kRoleTokens = std::to_array<std::string_view>({
    "<|im_start|>", "<|im_end|>",      "<|im_sep|>",        "<|endoftext|>",       "<|system|>",
    "<|user|>",     "<|assistant|>",   "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>",   "<|end_of_turn|>", "<start_of_turn>",   "<end_of_turn>",       "[INST]",
    "[/INST]",      "<<SYS>>",         "<</SYS>>",          "<|channel|>",         "<|start|>",
    "<|message|>",  "[SYSTEM_PROMPT]", "<|endofprompt|>",
});
// Lines that pretend to be somebody else's.
constexpr auto kFakeRoles = std::to_array<std::string_view>({
    "### system:",
    "### system prompt",
    "### instruction:",
    "### new instruction",
    "## system:",
    "<system>",
    "</system>",
    "[system]",
    "[system message]",
    "<system_prompt>",
    "</system_prompt>",
    "system override",
    "admin override",
    "[admin]",
    "<important>",
    "</important>",
    "begin system message",
    "end of system prompt",
    "end of document",
    "end of user input",
    "end of context",
    "<instructions>",
    "</instructions>",
    "[end of text]",
    "new system prompt:",
    "system prompt:",
    "system message:",
    "<<system>>",
    "[[system]]",
    "<admin>",
    "human: ",
    "<information>",
});

bool IsUntrusted(Channel channel) {
  return channel == Channel::kToolResult || channel == Channel::kDocument || channel == Channel::kToolDescriptor;
}

// U+E0000 to U+E007F, whole: what is broken off ends the run, wherever the text is cut.
bool IsTagAt(std::string_view text, std::size_t at) {
  const std::string_view tag = text.substr(at, kTagSize);
  return tag.size() == kTagSize && (tag.starts_with("\xF3\xA0\x80") || tag.starts_with("\xF3\xA0\x81")) &&
         (static_cast<unsigned char>(tag.back()) & 0xC0) == 0x80;
}

// The flag of England is a black flag and six tags: those are no hidden text.
bool IsBehindFlag(std::string_view text, std::size_t begin) {
  return begin >= kTagSize && text.substr(begin - kTagSize, kTagSize) == "\xF0\x9F\x8F\xB4";
}

void Report(const Subject& subject, std::string_view entity, Span span, float confidence,
            std::vector<Finding>& findings) {
  if (span.end <= subject.begin) return;
  findings.push_back({.category = Category::kInjection,
                      .entity = std::string(entity),
                      .span = span,
                      .confidence = IsUntrusted(subject.channel) ? confidence : confidence * kTrustedFactor});
}

// A text may have been cut between the words of a line's beginning; the last is what it turns on.
Span LastWordOf(std::string_view text, Span span) {
  const std::size_t blank = text.substr(span.begin, span.size()).find_last_of(" \t", span.size() - 2);
  return blank == std::string_view::npos ? span : Span{.begin = span.begin + blank + 1, .end = span.end};
}

void ReportTag(const Subject& subject, std::size_t end, std::vector<Finding>& findings) {
  // The trigger is the first three bytes of a tag; the first of several reports them all.
  const std::size_t begin = end - 3;
  if (begin >= kTagSize && IsTagAt(subject.text, begin - kTagSize)) return;
  if (IsBehindFlag(subject.text, begin)) return;
  std::size_t stop = begin;
  while (stop + kTagSize <= subject.text.size() && IsTagAt(subject.text, stop)) stop += kTagSize;
  Report(subject, "TAG_CHARACTERS", {.begin = begin, .end = std::max(stop, end)}, kTagConfidence, findings);
}

}  // namespace

InjectionDetector::InjectionDetector() {
  for (const Phrase& phrase : InjectionPhrases()) {
    const std::uint32_t number = phrases_.Add(phrase);
    for (std::string_view word : phrases_.at(number).last_words()) {
      if (word.ends_with('*')) word.remove_suffix(1);
      Add({.text = std::string(word)}, {.kind = Sign::Kind::kPhrase, .phrase = number});
    }
  }
  for (const std::string_view token : kRoleTokens) Add({.text = std::string(token)}, {.kind = Sign::Kind::kRoleToken});
  for (const std::string_view role : kFakeRoles) Add({.text = std::string(role)}, {.kind = Sign::Kind::kFakeRole});
  for (const char* tag : {"\xF3\xA0\x80", "\xF3\xA0\x81"}) Add({.text = tag}, {.kind = Sign::Kind::kTags});
}

std::size_t InjectionDetector::OpenFrom(std::string_view text, std::size_t seam) const {
  return phrases_.OpenFrom(text, seam);
}

void InjectionDetector::Add(Trigger trigger, Sign sign) {
  const auto same = std::ranges::find(watches_, trigger.text, [](const Watch& watch) { return watch.trigger.text; });
  if (same != watches_.end()) {
    same->signs.push_back(sign);
  } else {
    watches_.push_back({.trigger = std::move(trigger), .signs = {sign}});
  }
}

std::vector<Trigger> InjectionDetector::Triggers() const {
  std::vector<Trigger> triggers;
  triggers.reserve(watches_.size());
  for (const Watch& watch : watches_) triggers.push_back(watch.trigger);
  return triggers;
}

void InjectionDetector::Detect(const Subject& subject, std::span<const Hit> hits,
                               std::vector<Finding>& findings) const {
  Surroundings surroundings(subject.text);
  for (const Hit& hit : hits) {
    const Watch& watch = watches_[hit.trigger];
    if (watch.signs.front().kind == Sign::Kind::kPhrase) {
      LookForPhrases(subject, hit.end, watch, surroundings, findings);
    } else {
      LookForStructure(subject, hit.end, watch, surroundings, findings);
    }
  }
}

void InjectionDetector::LookForPhrases(const Subject& subject, std::size_t end, const Watch& watch,
                                       Surroundings& surroundings, std::vector<Finding>& findings) const {
  const std::size_t begin = end - watch.trigger.text.size();
  if (begin > 0 && IsWordByteOfAny(subject.text[begin - 1])) return;
  WordsBefore words(subject.text, end);
  for (const Sign& sign : watch.signs) {
    const PhraseMatcher& matcher = phrases_.at(sign.phrase);
    const auto from = matcher.Match(words);
    if (!from) continue;
    const Span span{.begin = *from, .end = words.At(0)->begin + words.At(0)->text.size()};
    if (span.end <= subject.begin) return;
    const float factor = surroundings.IsSpokenAbout(span.begin) ? kAboutFactor : 1;
    Report(subject, matcher.phrase().entity, span, matcher.phrase().confidence * factor, findings);
    if (surroundings.IsHidden(span.begin)) Report(subject, "HIDDEN_TEXT", span, kHiddenConfidence * factor, findings);
  }
}

void InjectionDetector::LookForStructure(const Subject& subject, std::size_t end, const Watch& watch,
                                         Surroundings& surroundings, std::vector<Finding>& findings) {
  const Span span{.begin = end - watch.trigger.text.size(), .end = end};
  const auto factor = [&] { return surroundings.IsSpokenAbout(span.begin) ? kAboutFactor : 1; };
  switch (watch.signs.front().kind) {
    case Sign::Kind::kRoleToken: return Report(subject, "ROLE_TOKEN", span, kRoleTokenConfidence * factor(), findings);
    case Sign::Kind::kFakeRole:
      if (IsLineBegin(subject.text, span.begin)) {
        Report(subject, "FAKE_ROLE", LastWordOf(subject.text, span), kFakeRoleConfidence * factor(), findings);
      }
      return;
    case Sign::Kind::kTags: return ReportTag(subject, end, findings);
    case Sign::Kind::kPhrase: return;
  }
}

}  // namespace gatehouse::inspect::content
