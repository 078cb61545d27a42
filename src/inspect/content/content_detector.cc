#include "inspect/content/content_detector.h"

#include <re2/re2.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "inspect/content/phrase_book.h"
#include "inspect/seam.h"

namespace gatehouse::inspect::content {
namespace {

constexpr std::int64_t kPatternMemory = std::int64_t{1} << 20U;

std::unique_ptr<RE2> Compiled(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  return std::make_unique<RE2>(pattern, options);
}

base::Error Wrong(std::string_view rule, std::string_view what) {
  return base::InvalidRequest("content rule `" + std::string(rule) + "`: " + std::string(what));
}

bool Overlaps(const Span& a, const Span& b) { return a.begin < b.end && b.begin < a.end; }

std::string_view Text(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

}  // namespace

struct ContentDetector::State {
  // What a trigger is there for.
  struct Watch {
    std::uint32_t rule = 0;
    std::uint32_t phrase = 0;  // of `book`
    std::string_view word;     // of a topic
  };

  std::vector<ContentRule> rules;
  std::deque<std::string> folded;  // what the phrases look at
  PhraseBook book;
  std::vector<std::unique_ptr<RE2>> patterns;  // by rule; null for the other kinds
  std::vector<std::unique_ptr<RE2>> allowed;
  std::vector<Trigger> triggers;
  std::vector<Watch> watches;            // by trigger; those of a rule stand together
  std::vector<std::size_t> first_watch;  // by rule

  base::Status Add(std::uint32_t rule);
  base::Status AddPhrases(std::uint32_t rule);
  base::Status AddTopic(std::uint32_t rule);
  base::Status AddPattern(std::uint32_t rule);
  const std::string& Fold(std::string_view text);

  void LookForPhrase(const Subject& subject, const Hit& hit, std::vector<Finding>& findings) const;
  void LookForTopic(const Subject& subject, const Hit& hit, std::vector<Finding>& findings) const;
  void LookForPattern(const Subject& subject, const Hit& hit, std::vector<Finding>& findings) const;
  bool IsWholeWord(std::string_view text, const Hit& hit) const;
  bool IsAllowed(std::string_view text, const Span& span) const;
  void Report(const Subject& subject, std::uint32_t rule, Span span, std::vector<Finding>& findings) const;
};

// The words of a text in small letters, with one blank between them.
const std::string& ContentDetector::State::Fold(std::string_view text) {
  std::string words;
  for (const char c : text) {
    const bool joins = IsWordByteOfAny(c) || c == '*';
    if (!joins) {
      if (!words.empty() && words.back() != ' ') words.push_back(' ');
    } else {
      words.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
    }
  }
  while (words.ends_with(' ')) words.pop_back();
  return folded.emplace_back(std::move(words));
}

base::Status ContentDetector::State::Add(std::uint32_t rule) {
  patterns.push_back(nullptr);
  first_watch.push_back(watches.size());
  switch (rules[rule].kind) {
    case ContentRule::Kind::kPhrases: return AddPhrases(rule);
    case ContentRule::Kind::kTopic: return AddTopic(rule);
    case ContentRule::Kind::kPattern: return AddPattern(rule);
  }
  return base::Ok();
}

base::Status ContentDetector::State::AddPhrases(std::uint32_t rule) {
  const ContentRule& what = rules[rule];
  if (what.words.empty()) return Wrong(what.name, "has no phrase");
  for (const std::string& phrase : what.words) {
    const std::string& words = Fold(phrase);
    const auto count = static_cast<std::size_t>(std::ranges::count(words, ' ')) + 1;
    if (words.empty() || words.starts_with('*')) return Wrong(what.name, "has a phrase without a word");
    if (count > kMostWords) return Wrong(what.name, "has a phrase of more than 8 words");
    const std::uint32_t number = book.Add({.entity = what.name, .confidence = what.confidence, .words = words});
    for (std::string_view last : book.at(number).last_words()) {
      if (last.ends_with('*')) last.remove_suffix(1);
      triggers.push_back({.text = std::string(last)});
      watches.push_back({.rule = rule, .phrase = number, .word = {}});
    }
  }
  return base::Ok();
}

base::Status ContentDetector::State::AddTopic(std::uint32_t rule) {
  const ContentRule& what = rules[rule];
  if (what.words.size() < what.at_least || what.at_least == 0) {
    return Wrong(what.name, "has fewer words than it wants to see");
  }
  for (const std::string& word : what.words) {
    std::string_view folded_word = Fold(word);
    if (folded_word.empty() || folded_word.starts_with('*') || folded_word.contains(' ')) {
      return Wrong(what.name, "is made of single words");
    }
    std::string_view trigger = folded_word;
    if (trigger.ends_with('*')) trigger.remove_suffix(1);
    triggers.push_back({.text = std::string(trigger)});
    watches.push_back({.rule = rule, .word = folded_word});
  }
  return base::Ok();
}

base::Status ContentDetector::State::AddPattern(std::uint32_t rule) {
  const ContentRule& what = rules[rule];
  // What a hit ends with is looked for from the front of its piece.
  auto compiled = Compiled("(" + what.pattern + ")");
  if (!compiled->ok()) return Wrong(what.name, compiled->error());
  if (RE2::FullMatch("", *compiled)) return Wrong(what.name, "matches where there is nothing");
  patterns.back() = std::move(compiled);
  triggers.push_back({.text = what.pattern, .kind = Trigger::Kind::kPattern, .letters = Trigger::Case::kSensitive});
  watches.push_back({.rule = rule, .word = {}});
  return base::Ok();
}

bool ContentDetector::State::IsAllowed(std::string_view text, const Span& span) const {
  const Span around = PieceAt(text, 0, span.begin);
  const std::string_view piece = text.substr(around.begin, around.size());
  const Span wanted{.begin = span.begin - around.begin, .end = span.end - around.begin};
  return std::ranges::any_of(allowed, [&](const auto& pattern) {
    re2::StringPiece rest(piece.data(), piece.size());
    re2::StringPiece found;
    while (RE2::FindAndConsume(&rest, *pattern, &found)) {
      const auto begin = static_cast<std::size_t>(found.data() - piece.data());
      if (begin <= wanted.begin && wanted.end <= begin + found.size()) return true;
      if (found.empty()) return false;
    }
    return false;
  });
}

void ContentDetector::State::Report(const Subject& subject, std::uint32_t rule, Span span,
                                    std::vector<Finding>& findings) const {
  if (span.end <= subject.begin || span.size() == 0 || IsAllowed(subject.text, span)) return;
  findings.push_back(
      {.category = Category::kContent, .entity = rules[rule].name, .span = span, .confidence = rules[rule].confidence});
}

bool ContentDetector::State::IsWholeWord(std::string_view text, const Hit& hit) const {
  const std::size_t begin = hit.end - triggers[hit.trigger].text.size();
  return begin == 0 || !IsWordByteOfAny(text[begin - 1]);
}

void ContentDetector::State::LookForPhrase(const Subject& subject, const Hit& hit,
                                           std::vector<Finding>& findings) const {
  if (!IsWholeWord(subject.text, hit)) return;
  WordsBefore words(subject.text, hit.end);
  const auto from = book.at(watches[hit.trigger].phrase).Match(words);
  if (!from) return;
  const auto& last = *words.At(0);
  Report(subject, watches[hit.trigger].rule, {.begin = *from, .end = last.begin + last.text.size()}, findings);
}

void ContentDetector::State::LookForTopic(const Subject& subject, const Hit& hit,
                                          std::vector<Finding>& findings) const {
  if (!IsWholeWord(subject.text, hit)) return;
  const std::uint32_t rule = watches[hit.trigger].rule;
  const std::size_t from = hit.end - std::min(hit.end, Detector::kContext);
  std::vector<WordsBefore::Word> words;
  AppendWords(subject.text.substr(0, hit.end), from, Detector::kContext, words);
  const std::size_t stop = rule + 1 < first_watch.size() ? first_watch[rule + 1] : watches.size();
  const auto of_rule = std::span(watches).subspan(first_watch[rule], stop - first_watch[rule]);
  std::vector<std::string_view> seen;
  for (const WordsBefore::Word& word : words) {
    for (const Watch& watch : of_rule) {
      if (!IsWord(word.text, watch.word)) continue;
      if (std::ranges::find(seen, watch.word) == seen.end()) seen.push_back(watch.word);
    }
  }
  if (seen.size() < rules[rule].at_least) return;
  std::size_t end = hit.end;
  while (end < subject.text.size() && IsWordByteOfAny(subject.text[end])) ++end;
  Report(subject, rule, {.begin = hit.end - triggers[hit.trigger].text.size(), .end = end}, findings);
}

void ContentDetector::State::LookForPattern(const Subject& subject, const Hit& hit,
                                            std::vector<Finding>& findings) const {
  const std::uint32_t rule = watches[hit.trigger].rule;
  const Span around = PieceAt(subject.text, subject.begin < hit.end ? subject.begin : 0, hit.end - 1);
  re2::StringPiece rest(subject.text.data() + around.begin, around.size());
  re2::StringPiece found;
  while (RE2::FindAndConsume(&rest, *patterns[rule], &found)) {
    if (found.empty()) return;
    const auto begin = static_cast<std::size_t>(Text(found).data() - subject.text.data());
    const Span span{.begin = begin, .end = begin + found.size()};
    const bool known = std::ranges::any_of(findings, [&](const Finding& finding) {
      return finding.entity == rules[rule].name && Overlaps(finding.span, span);
    });
    if (!known) Report(subject, rule, span, findings);
  }
}

ContentDetector::ContentDetector(std::unique_ptr<const State> state) : state_(std::move(state)) {}
ContentDetector::~ContentDetector() = default;

base::Result<std::unique_ptr<ContentDetector>> ContentDetector::Make(std::vector<ContentRule> rules,
                                                                     const std::vector<std::string>& allowed) {
  if (rules.size() > kMostRules) return base::InvalidRequest("there are more than 1000 content rules");
  auto state = std::make_unique<State>();
  state->rules = std::move(rules);
  for (std::uint32_t rule = 0; rule < state->rules.size(); ++rule) GH_CHECK_OK(state->Add(rule));
  for (const std::string& pattern : allowed) {
    state->allowed.push_back(Compiled("(" + pattern + ")"));
    if (!state->allowed.back()->ok()) return Wrong("allow", state->allowed.back()->error());
  }
  return std::unique_ptr<ContentDetector>(new ContentDetector(std::move(state)));
}

std::vector<Trigger> ContentDetector::Triggers() const { return state_->triggers; }

std::size_t ContentDetector::OpenFrom(std::string_view text, std::size_t seam) const {
  return state_->book.OpenFrom(text, seam);
}

void ContentDetector::Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const {
  for (const Hit& hit : hits) {
    switch (state_->rules[state_->watches[hit.trigger].rule].kind) {
      case ContentRule::Kind::kPhrases: state_->LookForPhrase(subject, hit, findings); break;
      case ContentRule::Kind::kTopic: state_->LookForTopic(subject, hit, findings); break;
      case ContentRule::Kind::kPattern: state_->LookForPattern(subject, hit, findings); break;
    }
  }
}

}  // namespace gatehouse::inspect::content
