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

pipeline::Effect EffectOf(Measure measure) {
  if (measure == Measure::kDeny) return pipeline::Effect::kDeny;
  return Changes(measure) ? pipeline::Effect::kRestrict : pipeline::Effect::kAllow;
}

pipeline::Phase PhaseOf(Channel channel, Side side) {
  if (side == Side::kAnswer) {
    return channel == Channel::kToolArguments ? pipeline::Phase::kToolCall : pipeline::Phase::kResponse;
  }
  const bool is_result = channel == Channel::kToolResult || channel == Channel::kDocument;
  return is_result ? pipeline::Phase::kToolResult : pipeline::Phase::kPrompt;
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
      report_(exchange.Attach(pipeline::InspectionReport())) {}

base::Secret Inspection::KeyOfTokens() const {
  const pipeline::Exchange& exchange = exchange_;
  const bool is_conversation = settings_.tokens == GuardSettings::Tokens::kPerConversation && !exchange.session.empty();
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

void Inspection::AddFromHooks(std::string_view text, std::vector<Finding>& findings) const {
  if (from_hooks_.empty()) return;
  const auto found = from_hooks_.find(text);
  if (found == from_hooks_.end()) return;
  findings.insert(findings.end(), found->second.begin(), found->second.end());
  std::ranges::sort(findings, {},
                    [](const Finding& finding) { return std::pair(finding.span.begin, finding.span.end); });
}

Status Inspection::Look(const Text& text, std::vector<TextEdit>& edits) {
  findings_.clear();
  report_.scanned_bytes += text.text.size() - text.begin;
  settings_.inspector->Inspect(text.text, text.begin, text.channel, scratch_, findings_);
  if (text.begin == 0) AddFromHooks(text.text, findings_);
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

Status Inspection::DecideOne(const Text& text, const Finding& finding, std::vector<TextEdit>& edits) {
  const GuardRule* rule = docket_.Decide(finding, text.channel, text.side,
                                         [&](const GuardRule& shadow) { Note(&shadow, "shadow", finding, text); });
  const Measure measure = rule == nullptr ? Measure::kNone : rule->measure;
  if (measure == Measure::kDeny) {
    Note(rule, ToString(measure), finding, text);
    return Denial(*rule, finding, text);
  }
  if (Changes(measure) && text.seal == Passage::Seal::kSealed) {
    Note(rule, "sealed", finding, text);  // what is signed is passed on as it is, or not at all
    return base::Ok();
  }
  Note(rule, ToString(measure), finding, text);
  if (!Changes(measure)) return base::Ok();
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
                   .replacement = Replacement(*rule, finding, text.text.substr(span.begin, span.size())),
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

std::string Inspection::Replacement(const GuardRule& rule, const Finding& finding, std::string_view text) {
  switch (rule.measure) {
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

void Inspection::Note(const GuardRule* rule, std::string_view measure, const Finding& finding, const Text& text) {
  report_.Note({.side = text.side,
                .channel = text.channel,
                .category = finding.category,
                .entity = finding.entity,
                .rule = rule == nullptr ? std::string() : rule->id,
                .measure = measure});
  counter_.At({inspect::ToString(finding.category), finding.entity, pipeline::ToString(text.side), measure}).Add();
  if (rule == nullptr || rule->measure <= Measure::kAnnotate) return;
  auto& decisions = exchange_.decisions;
  const pipeline::Phase phase = PhaseOf(text.channel, text.side);
  const bool is_known = std::ranges::any_of(
      decisions, [&](const pipeline::Decision& known) { return known.rule == rule->id && known.phase == phase; });
  if (is_known) return;
  decisions.push_back({.rule = rule->id,
                       .phase = phase,
                       .effect = EffectOf(rule->measure),
                       .mode = rule->mode,
                       .action = Changes(rule->measure) ? std::string(ToString(rule->measure)) : std::string(),
                       .controls = rule->controls});
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

  void Add(std::size_t index, const std::vector<Passage>& passages) {
    if (parts.size() == 1) joined = passages[parts.front().passage].text;
    if (!parts.empty()) joined += kBetween;
    parts.push_back({.passage = index, .begin = joined.size()});
    if (parts.size() > 1) joined += passages[index].text;
  }
};

Status Inspection::LookAtPassages(const BodyReading& reading, Side side, Replacements& replacements) {
  std::vector<Bundle> bundles;
  const auto& passages = reading.passages();
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
  for (const Bundle& bundle : bundles) GH_CHECK_OK(LookAtBundle(bundle, reading, side, replacements));
  return base::Ok();
}

Status Inspection::LookAtBundle(const Bundle& bundle, const BodyReading& reading, Side side,
                                Replacements& replacements) {
  const auto& passages = reading.passages();
  const std::string_view whole =
      bundle.parts.size() == 1 ? passages[bundle.parts.front().passage].text : std::string_view(bundle.joined);
  findings_.clear();
  report_.scanned_bytes += whole.size();
  settings_.inspector->Inspect(whole, 0, bundle.channel, scratch_, findings_);
  if (findings_.empty() && from_hooks_.empty() && (side == Side::kRequest || !tokens_)) return base::Ok();
  auto finding = findings_.begin();
  std::vector<Finding> own;
  for (const Bundle::Part& part : bundle.parts) {
    const Passage& passage = passages[part.passage];
    const std::size_t end = part.begin + passage.text.size();
    own.clear();
    for (; finding != findings_.end() && finding->span.begin < end; ++finding) {
      if (finding->span.begin < part.begin || finding->span.end > end) continue;  // over what lies between: nothing
      Finding& moved = own.emplace_back(*finding);
      moved.span = {.begin = moved.span.begin - part.begin, .end = moved.span.end - part.begin};
    }
    AddFromHooks(passage.text, own);
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
  Replacements replacements;
  GH_CHECK_OK(LookAtPassages(reading, side, replacements));
  if (replacements.empty()) return std::optional<std::string>();
  return std::optional(reading.With(body, replacements));
}

base::Result<std::optional<std::string>> Inspection::LookAtJson(std::string_view json, Channel channel, Side side) {
  codec::json::Document document;
  if (json.empty()) return std::optional<std::string>();
  if (!document.Parse(json).ok()) {
    std::vector<TextEdit> edits;
    GH_CHECK_OK(Look({.text = json, .channel = channel, .side = side}, edits));
    return edits.empty() ? std::optional<std::string>() : std::optional(Apply(json, edits));
  }
  return LookAtBody(json, document.root(), settings_.tables.Free(channel), side);
}

}  // namespace gatehouse::features::guard
