#include "features/guard/inspection.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/random.h"
#include "pipeline/decision.h"

namespace gatehouse::features::guard {
namespace {

using base::Status;
using inspect::Channel;
using inspect::Finding;
using inspect::Span;
using pipeline::Side;

// Between texts that are scanned together; nothing that can be found holds it.
constexpr std::string_view kBetween = "\n\x1F\n";

bool Overlaps(const Span& a, const Span& b) { return a.begin < b.end && b.begin < a.end; }

// Written so that nothing follows it: "hxxps://", and no brackets or signs that make a link of it.
std::string Defanged(std::string_view text) {
  constexpr std::string_view kMarkup = "<>[]()!|`\"'";
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("http")) {
      plain += "hxxp";
      i += 3;
    } else {
      plain.push_back(kMarkup.find(text[i]) == std::string_view::npos ? text[i] : ' ');
    }
  }
  return plain;
}

// Where a text came in pieces, only its rest is still there to be changed: nothing is put in its place.
Measure OfRest(Measure measure) {
  if (measure == Measure::kNeutralise) return Measure::kAnnotate;
  return Changes(measure) ? Measure::kDrop : measure;
}

// Where a part ends that is looked at in one turn: at a seam that nothing reaches over.
std::size_t EndOfSlice(const inspect::Inspector& inspector, inspect::Inspector::Scratch& scratch, std::string_view text,
                       std::size_t begin) {
  for (std::size_t size = Inspection::kLong / 2; begin + size < text.size(); size *= 2) {
    const std::size_t settled = inspector.Settled(text.substr(begin, size), scratch);
    if (settled != 0) return begin + settled;
  }
  return text.size();
}

pipeline::Effect EffectOf(Measure measure) {
  if (measure == Measure::kDeny) return pipeline::Effect::kDeny;
  return Changes(measure) ? pipeline::Effect::kRestrict : pipeline::Effect::kAllow;
}

}  // namespace

base::Metrics::Declaration FindingsDeclaration() {
  return {"gatehouse_guard_findings_total",
          "What inspection found in requests and answers, and what was done about it.",
          base::MetricKind::kCounter,
          {"category", "entity", "side", "measure"}};
}

std::string Apply(std::string_view text, std::span<const TextEdit> edits) {
  std::string out;
  std::size_t at = 0;
  for (const TextEdit& edit : edits) {
    out.append(text.substr(at, edit.span.begin - at)).append(edit.replacement);
    at = edit.span.end;
  }
  return out.append(text.substr(at));
}

Inspection::Inspection(const Means& means, pipeline::Exchange& exchange)
    : settings_(means.settings),
      exchange_(exchange),
      scratch_(means.scratch),
      counter_(means.findings),
      key_(means.key),
      hooks_(means.hooks),
      docket_(means.settings.rules, exchange.surface, exchange.model),
      report_(exchange.Attach(pipeline::InspectionReport())) {
  if (means.content == nullptr) return;
  auto phases = std::make_unique<ContentPhases>(*means.content, exchange);
  if (phases->Reach(Side::kRequest) || phases->Reach(Side::kAnswer)) phases_ = std::move(phases);
}

bool Inspection::IsOfConversation() const {
  return settings_.tokens == GuardSettings::Tokens::kPerConversation && !exchange_.session.empty();
}

// Where nobody names it, all that a key does is one conversation, of people who may know nothing of each other: their
// tokens are the same, and what they stand for is not kept.
bool Inspection::IsOfNamedConversation() const {
  return IsOfConversation() && (exchange_.principal == nullptr || exchange_.session != exchange_.principal->key_id);
}

net::Task<> Inspection::Recall(ConversationTokens& conversations) {
  auto key = KeyOfTokens();
  tokens_.emplace(KeyOfTokens());
  co_await conversations.Recall(std::move(key), *tokens_, exchange_.deadline);
  if (tokens_->empty()) tokens_.reset();
}

net::Task<> Inspection::Keep(ConversationTokens& conversations) {
  if (tokens_) co_await conversations.Keep(KeyOfTokens(), *tokens_, exchange_.deadline);
}

base::Secret Inspection::KeyOfTokens() const {
  const pipeline::Exchange& exchange = exchange_;
  const bool is_conversation = IsOfConversation();
  // A conversation belongs to whoever leads it: another principal's tokens differ.
  std::string whose = is_conversation ? "conversation" : "exchange";
  if (is_conversation && exchange.principal != nullptr) {
    const auto& principal = *exchange.principal;
    for (const auto* part : {&principal.organization, &principal.team, &principal.project, &principal.name}) {
      whose.append(1, '\0').append(*part);
    }
  }
  whose.append(1, '\0').append(is_conversation ? exchange.session : exchange.id);
  return base::Secret(std::string(codec::crypto::AsText(codec::crypto::HmacSha256(key_.Reveal(), whose))));
}

bool Inspection::Asks(Side side) const {
  return std::ranges::any_of(hooks_, [side](const auto& hook) { return hook->LooksAt(side); });
}

net::Task<Status> Inspection::Ask(Side side, std::vector<HookText> texts) {
  for (const auto& hook : hooks_) {
    if (!hook->LooksAt(side)) continue;
    std::vector<HookText> shown;
    std::ranges::copy_if(texts, std::back_inserter(shown),
                         [&](const HookText& text) { return hook->LooksAt(text.channel) && !text.text.empty(); });
    if (!shown.empty()) GH_CO_CHECK_OK(co_await AskOne(*hook, side, std::move(shown)));
  }
  co_return base::Ok();
}

net::Task<Status> Inspection::AskOne(Hook& hook, Side side, std::vector<HookText> texts) {
  const pipeline::Principal* principal = exchange_.principal.get();
  const HookQuestion question{
      .request_id = exchange_.id,
      .surface = pipeline::ToString(exchange_.surface),
      .model = exchange_.model,
      .organization = principal == nullptr ? std::string_view() : std::string_view(principal->organization),
      .principal = principal == nullptr ? std::string_view() : std::string_view(principal->name),
      .side = side,
      .texts = texts};
  auto findings = co_await hook.Ask(question, exchange_.deadline);
  if (!findings.ok()) {
    report_.NoteUnscanned("hook");
    if (hook.settings().on_failure == HookSettings::Failure::kAllow) co_return base::Ok();
    co_return std::move(findings).TakeError();
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (findings.value()[i].empty()) continue;
    std::ranges::move(findings.value()[i], std::back_inserter(from_hooks_[std::string(texts[i].text)]));
  }
  co_return base::Ok();
}

net::Task<Status> Inspection::AskAboutBody(codec::json::Value root, const TextTable& table, Side side) {
  const BodyReading reading(root, table);
  std::vector<HookText> texts;
  for (const Passage& passage : reading.passages()) texts.push_back({.channel = passage.channel, .text = passage.text});
  co_return co_await Ask(side, std::move(texts));
}

void Inspection::AddFromHooks(std::string_view text, std::size_t shift, std::size_t first) {
  if (from_hooks_.empty()) return;
  const auto found = from_hooks_.find(text);
  if (found == from_hooks_.end()) return;
  for (const Finding& finding : found->second) {
    findings_.push_back(finding);
    findings_.back().span = {.begin = finding.span.begin + shift, .end = finding.span.end + shift};
  }
  SortFrom(first);
}

void Inspection::SortFrom(std::size_t first) {
  std::sort(findings_.begin() + static_cast<std::ptrdiff_t>(first), findings_.end(),
            [](const Finding& a, const Finding& b) {
              return std::pair(a.span.begin, a.span.end) < std::pair(b.span.begin, b.span.end);
            });
}

void Inspection::Inspect(std::string_view text, std::size_t begin, inspect::Channel channel) {
  report_.scanned_bytes += text.size() - begin;
  const auto coverage = settings_.inspector->Inspect(text, begin, channel, scratch_, findings_);
  if (coverage == inspect::Inspector::Coverage::kPart) NoteUnscanned("part");
}

Status Inspection::Look(const Text& text, std::vector<TextEdit>& edits) {
  findings_.clear();
  Inspect(text.text, text.begin, text.channel);
  if (text.begin == 0) AddFromHooks(text.text, 0, 0);
  if (text.watch != nullptr) {
    text.watch->Take(text.text, text.begin, text.more, findings_);
    SortFrom(0);
  }
  GH_CHECK_OK(Judge(text));
  GH_TRY(std::vector<TextEdit> decided, Decide(text, findings_));
  std::ranges::move(decided, std::back_inserter(edits));
  return base::Ok();
}

base::Result<std::vector<TextEdit>> Inspection::Decide(const Text& text, std::span<const Finding> findings) {
  std::vector<TextEdit> edits;
  for (const Finding& finding : findings) GH_CHECK_OK(DecideOne(text, finding, edits));
  Restore(text, edits);
  std::ranges::sort(edits, {}, [](const TextEdit& edit) { return edit.span.begin; });
  return edits;
}

Status Inspection::Enter(pipeline::Phase phase) {
  if (phases_ == nullptr) return base::Ok();
  phases_->Meet(phase);
  const auto* refusing = phases_->Judge();
  return refusing == nullptr ? base::Ok() : Status(*refusing->refusal);
}

Status Inspection::EnterCalls(std::span<const llm::Event> events) {
  if (!Reaches(pipeline::Phase::kToolCall)) return base::Ok();
  for (const llm::Event& event : events) {
    const auto* call = std::get_if<llm::ToolCallStarted>(&event);
    if (call == nullptr) continue;
    phases_->AddCall(call->name);
    GH_CHECK_OK(Enter(pipeline::Phase::kToolCall));
  }
  return base::Ok();
}

Status Inspection::Judge(const Text& text) {
  if (phases_ == nullptr) return base::Ok();
  const pipeline::Phase phase = PhaseOf(text.channel, text.side);
  phases_->Meet(phase);
  for (const Finding& finding : findings_) phases_->Add(phase, text.channel, finding);
  const auto* refusing = phases_->Judge();
  if (refusing == nullptr) return base::Ok();
  NoteRefused(*refusing, findings_, text);
  return *refusing->refusal;
}

void Inspection::NoteRefused(const pipeline::ContentVerdict& verdict, std::span<const Finding> findings,
                             const Text& text) {
  const Ruling ruling{.measure = Measure::kDeny, .rule = verdict.refused_by};
  for (const Finding& finding : findings) Note(ruling, ToString(ruling.measure), finding, text);
}

Inspection::Ruling Inspection::RulingOn(const Text& text, const Finding& finding) {
  const GuardRule* own = docket_.Decide(finding, text.channel, text.side, [&](const GuardRule& shadow) {
    Note({.measure = shadow.measure, .rule = shadow.id, .own = &shadow}, "shadow", finding, text);
  });
  Ruling ruling;
  if (own != nullptr) ruling = {.measure = own->measure, .rule = own->id, .own = own};
  if (phases_ == nullptr) return ruling;
  const auto order = phases_->StrictestOn(PhaseOf(text.channel, text.side), finding);
  if (order.measure > ruling.measure) ruling = {.measure = order.measure, .rule = order.rule};
  return ruling;
}

bool Inspection::IsOfWholeText(const Finding& finding) const {
  if (finding.category == inspect::Category::kExfiltration) return finding.entity == inspect::content::kPromptLeak;
  return finding.category == inspect::Category::kContent &&
         std::ranges::find(settings_.whole_texts, finding.entity, &inspect::content::WholeTextRule::name) !=
             settings_.whole_texts.end();
}

Status Inspection::DecideOne(const Text& text, const Finding& finding, std::vector<TextEdit>& edits) {
  const Ruling ruling = RulingOn(text, finding);
  const Measure measure = IsOfWholeText(finding) ? OfRest(ruling.measure) : ruling.measure;
  const bool is_sealed = Changes(measure) && text.seal == Passage::Seal::kSealed;
  Note(ruling, is_sealed ? "sealed" : ToString(measure), finding, text);
  if (measure == Measure::kDeny) return Denial(*ruling.own, finding, text);
  if (!Changes(measure) || is_sealed) return base::Ok();  // what is signed is passed on as it is, or not at all
  Span span = finding.span;
  span.begin = std::max(span.begin, text.begin);
  const bool drops = measure == Measure::kDrop;
  // Of an answer, what came before may have left already: it ends there.
  if (drops) span = {.begin = text.side == Side::kAnswer ? span.begin : text.begin, .end = text.text.size()};
  // What an earlier finding dropped holds this one as well.
  if (std::ranges::any_of(edits, [](const TextEdit& edit) { return edit.rest == TextEdit::Rest::kGoes; }))
    return base::Ok();
  std::erase_if(edits, [&](const TextEdit& edit) { return drops && Overlaps(edit.span, span); });
  if (std::ranges::any_of(edits, [&](const TextEdit& edit) { return Overlaps(edit.span, span); })) return base::Ok();
  edits.push_back({.span = span,
                   .replacement = Replacement(measure, finding, text.text.substr(span.begin, span.size())),
                   .rest = drops ? TextEdit::Rest::kGoes : TextEdit::Rest::kStays});
  return base::Ok();
}

void Inspection::Restore(const Text& text, std::vector<TextEdit>& edits) {
  if (!tokens_ || text.side != Side::kAnswer || text.seal == Passage::Seal::kSealed) return;
  for (const TokenMap::Place& place : tokens_->Find(text.text, text.begin)) {
    // The text of a token is the client's own: what it looks like is no finding of the answer.
    std::erase_if(edits, [&](const TextEdit& edit) { return Overlaps(edit.span, place.span); });
    edits.push_back({.span = place.span, .replacement = std::string(place.text)});
    ++report_.restored;
  }
}

std::string Inspection::Replacement(Measure measure, const Finding& finding, std::string_view text) {
  switch (measure) {
    case Measure::kNeutralise: return Defanged(text);
    case Measure::kTokenise:
      if (!tokens_) tokens_.emplace(KeyOfTokens());
      if (auto token = tokens_->TokenOf(finding.entity, text)) return *std::move(token);
      break;
    case Measure::kHash: {
      constexpr std::size_t kShown = 12;
      const auto digest = codec::crypto::HmacSha256(key_.Reveal(), text);
      return "[" + finding.entity + ":" + codec::crypto::HexEncode(codec::crypto::AsText(digest)).substr(0, kShown) +
             "]";
    }
    case Measure::kDrop: return "[removed: " + finding.entity + "]";
    default: break;
  }
  return "[" + finding.entity + "]";
}

void Inspection::Note(const Ruling& ruling, std::string_view measure, const Finding& finding, const Text& text) {
  report_.Note({.side = text.side,
                .channel = text.channel,
                .category = finding.category,
                .entity = finding.entity,
                .rule = std::string(ruling.rule),
                .measure = measure});
  counter_.At({inspect::ToString(finding.category), finding.entity, pipeline::ToString(text.side), measure}).Add();
  if (ruling.own != nullptr && ruling.measure > Measure::kAnnotate) {
    NoteDecision(*ruling.own, PhaseOf(text.channel, text.side));
  }
}

void Inspection::NoteDecision(const GuardRule& rule, pipeline::Phase phase) {
  auto& decisions = exchange_.decisions;
  const bool is_known = std::ranges::any_of(
      decisions, [&](const pipeline::Decision& known) { return known.rule == rule.id && known.phase == phase; });
  if (is_known) return;
  decisions.push_back({.rule = rule.id,
                       .phase = phase,
                       .effect = EffectOf(rule.measure),
                       .mode = rule.mode,
                       .action = Changes(rule.measure) ? std::string(ToString(rule.measure)) : std::string(),
                       .controls = rule.controls});
}

base::Error Inspection::Denial(const GuardRule& rule, const Finding& finding, const Text& text) const {
  const bool is_answer = text.side == Side::kAnswer;
  std::string message = rule.message;
  if (message.empty()) {
    message = is_answer ? "The answer was withheld: it holds " : "This request was refused: it holds ";
    message += finding.entity + " (" + std::string(inspect::ToString(text.channel)) + ").";
    if (!is_answer) message += " Take it out and send the request again.";
  }
  return {.code = base::ErrorCode::kContentFiltered,
          .source = base::ErrorSource::kPolicy,
          .public_message = message + " (guard rule '" + rule.id + "')",
          .detail =
              "guard rule " + rule.id + ": " + finding.entity + " in " + std::string(inspect::ToString(text.channel))};
}

struct Inspection::Bundle {
  struct Part {
    std::size_t passage = 0;
    std::size_t begin = 0;  // in `text`
  };
  Channel channel = Channel::kUser;
  Passage::Seal seal = Passage::Seal::kNone;
  std::vector<Part> parts;
  std::string joined;  // of several
  // What was found, in the order of places: [first, last) of the inspection's findings.
  std::size_t first = 0;
  std::size_t last = 0;

  void Add(std::size_t index, const std::vector<Passage>& passages) {
    if (parts.size() == 1) joined = passages[parts.front().passage].text;
    if (!parts.empty()) joined += kBetween;
    parts.push_back({.passage = index, .begin = joined.size()});
    if (parts.size() > 1) joined += passages[index].text;
  }
  std::string_view TextIn(const std::vector<Passage>& passages) const {
    return parts.size() == 1 ? passages[parts.front().passage].text : std::string_view(joined);
  }
  // Whether it lies in one of the texts: what lies across their borders is nothing.
  bool Holds(const Span& span, const std::vector<Passage>& passages) const {
    const auto after = std::ranges::upper_bound(parts, span.begin, {}, &Part::begin);
    if (after == parts.begin()) return false;
    const Part& part = *(after - 1);
    return span.end <= part.begin + passages[part.passage].text.size();
  }
};

std::vector<Inspection::Bundle> Inspection::BundlesOf(const std::vector<Passage>& passages) {
  std::vector<Bundle> bundles;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const Passage& passage = passages[i];
    auto bundle = std::ranges::find_if(
        bundles, [&](const Bundle& other) { return other.channel == passage.channel && other.seal == passage.seal; });
    if (bundle == bundles.end()) {
      bundles.push_back({.channel = passage.channel, .seal = passage.seal, .parts = {}, .joined = {}});
      bundle = bundles.end() - 1;
    }
    bundle->Add(i, passages);
  }
  return bundles;
}

net::Task<> Inspection::ScanAhead(codec::json::Value root, const TextTable& table) {
  const BodyReading reading(root, table);
  for (const Bundle& bundle : BundlesOf(reading.passages())) {
    const std::string_view whole = bundle.TextIn(reading.passages());
    Ahead ahead{.channel = bundle.channel, .seal = bundle.seal, .size = whole.size(), .findings = {}};
    for (std::size_t begin = 0; begin < whole.size();) {
      const std::size_t end = EndOfSlice(inspector(), scratch_, whole, begin);
      const std::size_t from = begin - std::min(begin, inspect::Inspector::kContext);
      findings_.clear();
      Inspect(whole.substr(from, end - from), begin - from, bundle.channel);
      for (Finding& finding : findings_) {
        finding.span = {.begin = finding.span.begin + from, .end = finding.span.end + from};
        ahead.findings.push_back(std::move(finding));
      }
      begin = end;
      co_await net::NextTurn(exchange_.loop);
    }
    ahead_.push_back(std::move(ahead));
  }
}

void Inspection::InspectBundle(std::string_view whole, Channel channel, Passage::Seal seal) {
  const auto known = std::ranges::find_if(ahead_, [&](const Ahead& ahead) {
    return ahead.channel == channel && ahead.seal == seal && ahead.size == whole.size();
  });
  if (known == ahead_.end()) return Inspect(whole, 0, channel);
  std::ranges::move(known->findings, std::back_inserter(findings_));
  ahead_.erase(known);
}

Status Inspection::LookAtPassages(const BodyReading& reading, Side side, Replacements& replacements) {
  const auto& passages = reading.passages();
  std::vector<Bundle> bundles = BundlesOf(passages);
  findings_.clear();
  for (Bundle& bundle : bundles) Scan(passages, side, bundle);
  GH_CHECK_OK(Judge(bundles, side));
  const bool restores = side == Side::kAnswer && tokens_;
  for (const Bundle& bundle : bundles) {
    if (bundle.first == bundle.last && !restores) continue;
    GH_CHECK_OK(ChangeBundle(bundle, reading, side, replacements));
  }
  return base::Ok();
}

void Inspection::Scan(const std::vector<Passage>& passages, Side side, Bundle& bundle) {
  const std::string_view whole = bundle.TextIn(passages);
  bundle.first = findings_.size();
  InspectBundle(whole, bundle.channel, bundle.seal);
  const auto kept = std::remove_if(findings_.begin() + static_cast<std::ptrdiff_t>(bundle.first), findings_.end(),
                                   [&](const Finding& finding) { return !bundle.Holds(finding.span, passages); });
  findings_.erase(kept, findings_.end());
  AddFromHooks(bundle, passages);
  AddWatched(bundle, passages, side);
  bundle.last = findings_.size();
}

void Inspection::RememberPrompt(const BodyReading& reading) {
  if (settings_.prompt_leaks == GuardSettings::PromptLeaks::kIgnored) return;
  std::vector<std::string_view> prompts;
  std::vector<std::string_view> excusing;
  for (const Passage& passage : reading.passages()) {
    if (passage.channel == Channel::kSystem) prompts.push_back(passage.text);
    if (passage.channel == Channel::kUser) excusing.push_back(passage.text);
  }
  if (!prompts.empty()) prompt_ = inspect::content::PromptRuns(prompts, excusing);
}

std::optional<inspect::content::TextWatch> Inspection::NewWatch(Side side) const {
  const auto* rules = settings_.whole_texts.empty() ? nullptr : &settings_.whole_texts;
  const auto* prompt = side == Side::kRequest || prompt_.empty() ? nullptr : &prompt_;
  if (rules == nullptr && prompt == nullptr) return {};
  return inspect::content::TextWatch(rules, prompt);
}

void Inspection::AddWatched(const Bundle& bundle, const std::vector<Passage>& passages, Side side) {
  const auto watch = NewWatch(side);
  if (!watch) return;
  for (const Bundle::Part& part : bundle.parts) {
    const std::size_t first = findings_.size();
    auto own = *watch;
    own.Take(passages[part.passage].text, 0, inspect::content::TextWatch::More::kEnded, findings_);
    for (std::size_t at = first; at < findings_.size(); ++at) {
      findings_[at].span.begin += part.begin;
      findings_[at].span.end += part.begin;
    }
  }
  SortFrom(bundle.first);
}

void Inspection::AddFromHooks(const Bundle& bundle, const std::vector<Passage>& passages) {
  for (const Bundle::Part& part : bundle.parts) {
    AddFromHooks(passages[part.passage].text, part.begin, bundle.first);
  }
}

Status Inspection::Judge(std::span<const Bundle> bundles, Side side) {
  if (phases_ == nullptr) return base::Ok();
  if (side == Side::kRequest) phases_->Meet(pipeline::Phase::kPrompt);
  const std::span<const Finding> findings = findings_;
  for (const Bundle& bundle : bundles) {
    const pipeline::Phase phase = PhaseOf(bundle.channel, side);
    phases_->Meet(phase);
    for (const Finding& finding : findings.subspan(bundle.first, bundle.last - bundle.first)) {
      phases_->Add(phase, bundle.channel, finding);
    }
  }
  const auto* refusing = phases_->Judge();
  if (refusing == nullptr) return base::Ok();
  for (const Bundle& bundle : bundles) {
    NoteRefused(*refusing, findings.subspan(bundle.first, bundle.last - bundle.first),
                {.text = {}, .channel = bundle.channel, .side = side});
  }
  return *refusing->refusal;
}

Status Inspection::ChangeBundle(const Bundle& bundle, const BodyReading& reading, Side side,
                                Replacements& replacements) {
  const auto& passages = reading.passages();
  std::size_t at = bundle.first;
  std::vector<Finding> own;
  for (const Bundle::Part& part : bundle.parts) {
    const Passage& passage = passages[part.passage];
    const std::size_t end = part.begin + passage.text.size();
    own.clear();
    for (; at != bundle.last && findings_[at].span.begin < end; ++at) {
      if (findings_[at].span.begin < part.begin) continue;  // of no size, where the text before ends
      Finding& moved = own.emplace_back(findings_[at]);
      moved.span = {.begin = moved.span.begin - part.begin, .end = moved.span.end - part.begin};
    }
    const Text text{.text = passage.text, .channel = bundle.channel, .side = side, .seal = bundle.seal};
    GH_TRY(const std::vector<TextEdit> edits, Decide(text, own));
    if (!edits.empty()) replacements.push_back({.passage = part.passage, .text = Apply(passage.text, edits)});
  }
  return base::Ok();
}

base::Result<std::optional<std::string>> Inspection::LookAtBody(std::string_view body, codec::json::Value root,
                                                                const TextTable& table, Side side) {
  const BodyReading reading(root, table);
  for (const Unread reason : reading.unread()) NoteUnscanned(guard::ToString(reason));
  if (side == Side::kRequest) RememberPrompt(reading);
  Replacements replacements;
  GH_CHECK_OK(LookAtPassages(reading, side, replacements));
  if (replacements.empty()) return std::optional<std::string>();
  return std::optional(reading.With(body, replacements));
}

base::Result<std::optional<std::string>> Inspection::LookAtJson(std::string_view json, Channel channel, Side side) {
  codec::json::Document document;
  if (phases_ != nullptr) phases_->Meet(PhaseOf(channel, side));  // arguments without any text are a call, too
  if (json.empty()) return std::optional<std::string>();
  if (!document.Parse(json).ok()) {
    std::vector<TextEdit> edits;
    GH_CHECK_OK(Look({.text = json, .channel = channel, .side = side}, edits));
    return edits.empty() ? std::optional<std::string>() : std::optional(Apply(json, edits));
  }
  return LookAtBody(json, document.root(), settings_.tables.Free(channel), side);
}

}  // namespace gatehouse::features::guard
