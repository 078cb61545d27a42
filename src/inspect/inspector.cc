#include "inspect/inspector.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "inspect/overlap.h"
#include "inspect/pattern/literal_filter.h"
#include "inspect/pattern/pattern_set.h"
#include "inspect/seam.h"
#include "inspect/text/fold.h"
#include "inspect/text/views.h"
#include "inspect/text/vocabulary.h"

namespace gatehouse::inspect {
namespace {

using pattern::PatternSet;

// Longer texts are inspected piece by piece, so that memory for hits does not grow with the text.
constexpr std::size_t kWindow = std::size_t{64} * 1024;
// How often the place for a cut is looked for further back, before none is made.
constexpr std::size_t kMaxRetreats = 16;

// The last seam at the end of a line behind a letter: those are seams whatever stands before, so that nothing but the
// end of a long text has to be read. 0 where there is none near it.
std::size_t LastLineSeam(std::string_view text) {
  constexpr std::size_t kNear = 8192;
  const std::size_t from = text.size() - std::min(text.size(), kNear);
  for (std::size_t at = text.size(); at > from + 1; --at) {
    const char before = text[at - 2];
    if (text[at - 1] == '\n' && ((before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z'))) return at;
  }
  return 0;
}

// Whom a pattern wakes.
struct Woken {
  std::uint32_t detector = 0;
  std::uint32_t trigger = 0;  // among those of the detector
  bool operator==(const Woken&) const = default;
};
// Nobody, but the text is to be turned around there: `trigger` is a text::Turn, maybe with kAddressed.
constexpr std::uint32_t kTurned = UINT32_MAX;

constexpr std::uint32_t kAddressed = 2;  // the bit for: only in a word that has an @
constexpr std::uint32_t kOfPhrase = 4;   // the bit for: a word among others
constexpr std::size_t kAddressSize = 64;

constexpr Woken Turning(text::Turn turn, std::uint32_t where) {
  return {.detector = kTurned, .trigger = static_cast<std::uint32_t>(turn) | where};
}

// The domains of mail addresses.
constexpr auto kDomains = std::to_array<std::string_view>({".com", ".net", ".org", ".edu", ".gov"});

// Whether a mail address may be around `at`: in the same word.
bool IsNearAddress(std::string_view text, std::size_t at) {
  constexpr std::string_view kEnds = "@ \t\r\n";
  const std::size_t begin = at - std::min(at, kAddressSize);
  const std::size_t behind = text.substr(at, kAddressSize).find_first_of(kEnds);
  if (behind != std::string_view::npos && text[at + behind] == '@') return true;
  const std::size_t before = text.substr(begin, at - begin).find_last_of(kEnds);
  return before != std::string_view::npos && text[begin + before] == '@';
}

// Whether to look for the literal turned around too: beginnings of tokens. Each costs time to compile, and words are
// among those of the vocabulary.
bool IsTellingTurned(const Trigger& trigger) {
  if (trigger.kind != Trigger::Kind::kLiteral || trigger.letters != Trigger::Case::kSensitive) return false;
  const auto letters =
      std::ranges::count_if(trigger.text, [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
  return trigger.text.size() >= 4 && letters >= 3;
}

// The triggers of all detectors, each different one once, and whom it wakes. Literals are there turned around too.
class Registry {
 public:
  explicit Registry(std::span<const std::unique_ptr<const Detector>> detectors) {
    for (std::uint32_t detector = 0; detector < detectors.size(); ++detector) {
      std::uint32_t number = 0;
      for (Trigger& trigger : detectors[detector]->Triggers()) {
        if (IsTellingTurned(trigger)) AddTurned(trigger);
        Add(std::move(trigger), {.detector = detector, .trigger = number++});
      }
    }
    for (const std::string_view word : text::TellingWords()) AddTurned({.text = std::string(word)}, kOfPhrase);
    for (const std::string_view word : text::TellingBeginnings()) AddTurned({.text = std::string(word)});
    for (const std::string_view domain : kDomains) AddTurned({.text = std::string(domain)}, kAddressed);
  }

  std::vector<Trigger> patterns;
  std::vector<std::vector<Woken>> woken;  // by pattern
  pattern::LiteralFilter turned;          // the literals that are there turned around

 private:
  void Add(Trigger trigger, Woken whom) {
    const auto [at, is_new] = numbers_.try_emplace({trigger.text, trigger.kind, trigger.letters}, patterns.size());
    if (is_new) {
      patterns.push_back(std::move(trigger));
      woken.emplace_back();
    }
    if (std::ranges::find(woken[at->second], whom) == woken[at->second].end()) woken[at->second].push_back(whom);
  }

  void AddTurned(const Trigger& trigger, std::uint32_t where = 0) {
    AddTurned(trigger, text::Rotated(trigger.text), Turning(text::Turn::kRotated, where));
    AddTurned(trigger, text::Reversed(trigger.text), Turning(text::Turn::kReversed, where));
  }

  void AddTurned(Trigger trigger, std::string text, Woken whom) {
    trigger.text = std::move(text);
    turned.Add(trigger.text);
    Add(std::move(trigger), whom);
  }

  std::map<std::tuple<std::string, Trigger::Kind, Trigger::Case>, std::size_t> numbers_;
};

}  // namespace

struct Inspector::State {
  std::vector<std::unique_ptr<const Detector>> detectors;
  std::vector<std::vector<Woken>> woken;  // by pattern
  pattern::LiteralFilter turned;          // of what wakes kTurned
  PatternSet patterns;

  PatternSet::Scanned Scan(const Subject& subject, Scratch::State& scratch) const;
  void NoteTurned(const Subject& subject, Scratch::State& scratch) const;
  void Look(const Subject& subject, Scratch::State& scratch, std::vector<Finding>& findings) const;
  Coverage LookAtViews(const Subject& subject, Scratch::State& scratch, std::vector<Finding>& findings) const;
  template <class FindSeam>
  std::size_t SettledBy(FindSeam find_seam, std::string_view text) const;
  std::size_t OpenInViews(std::string_view text, std::size_t seam, const text::Views& views) const;
  std::size_t Settled(std::string_view text, Scratch::State& scratch) const;
  std::size_t WindowEnd(std::string_view text, std::size_t begin, std::size_t window) const;
};

struct Inspector::Scratch::State {
  const Inspector::State* owner;  // outlives its scratches
  PatternSet::Scratch scan;
  std::vector<Hit> hits;
  std::vector<std::vector<Hit>> by_detector;
  std::vector<text::Turned> turned;  // of the raw view
  text::Views views;
};

Inspector::Scratch::Scratch(const Inspector& inspector)
    : state_(std::make_unique<State>(State{.owner = inspector.state_.get(),
                                           .scan = PatternSet::Scratch(inspector.state_->patterns),
                                           .hits = {},
                                           .by_detector = {},
                                           .turned = {},
                                           .views = {}})) {
  state_->by_detector.resize(inspector.state_->detectors.size());
}
Inspector::Scratch::~Scratch() = default;
Inspector::Scratch::Scratch(Scratch&&) noexcept = default;
Inspector::Scratch& Inspector::Scratch::operator=(Scratch&&) noexcept = default;

Inspector::Inspector(std::unique_ptr<State> state) : state_(std::move(state)) {}
Inspector::~Inspector() = default;

namespace {

// The error of the detector whose triggers cannot be compiled by themselves.
base::Error NameCulprit(std::span<const std::unique_ptr<const Detector>> detectors, const base::Error& error) {
  for (const auto& detector : detectors) {
    const auto compiled = PatternSet::Compile(detector->Triggers());
    if (compiled.ok()) continue;
    base::Error named = compiled.error();
    named.public_message = "detector " + std::string(detector->Name()) + ": " + named.public_message;
    return named;
  }
  return error;
}

}  // namespace

base::Result<std::shared_ptr<const Inspector>> Inspector::Build(
    std::vector<std::unique_ptr<const Detector>> detectors) {
  Registry registry(detectors);
  auto compiled = PatternSet::Compile(registry.patterns);
  if (!compiled.ok()) return NameCulprit(detectors, compiled.error());
  // Made here, for the first text that is folded would wait for it on its loop, some 25 ms.
  text::Folding::Table();
  text::Vocabulary::Words();
  auto state = std::make_unique<State>(State{.detectors = std::move(detectors),
                                             .woken = std::move(registry.woken),
                                             .turned = registry.turned,
                                             .patterns = std::move(compiled).value()});
  return std::shared_ptr<const Inspector>(new Inspector(std::move(state)));
}

// Finds the triggers that end behind `begin`, wherever they begin.
PatternSet::Scanned Inspector::State::Scan(const Subject& subject, Scratch::State& scratch) const {
  // One byte more, so that a pattern sees whether it begins at the beginning of a word.
  const std::size_t from = subject.begin - std::min(subject.begin, patterns.longest_match() + 1);
  const auto scanned = patterns.Scan(subject.text.substr(from), scratch.scan, scratch.hits);
  for (Hit& hit : scratch.hits) hit.end += from;
  NoteTurned(subject, scratch);
  std::erase_if(scratch.hits, [&](const Hit& hit) { return hit.end <= subject.begin; });
  return scanned;
}

// Notes what is to be turned around, of the text as it came: what goes on behind it may be found there.
void Inspector::State::NoteTurned(const Subject& subject, Scratch::State& scratch) const {
  if (subject.view != View::kRaw) return;
  for (const Hit& hit : scratch.hits) {
    for (const Woken& whom : woken[hit.trigger]) {
      if (whom.detector != kTurned) continue;
      if ((whom.trigger & kAddressed) != 0 && !IsNearAddress(subject.text, hit.end)) continue;
      scratch.turned.push_back(
          {.turn = static_cast<text::Turn>(whom.trigger & ~(kAddressed | kOfPhrase)),
           .at = {.begin = hit.end - 1, .end = hit.end},
           .reach = (whom.trigger & kOfPhrase) != 0 ? text::Turned::Reach::kPhrase : text::Turned::Reach::kPiece});
    }
  }
}

// Wakes the detectors with what the scan found.
void Inspector::State::Look(const Subject& subject, Scratch::State& scratch, std::vector<Finding>& findings) const {
  for (const Hit& hit : scratch.hits) {
    for (const Woken& whom : woken[hit.trigger]) {
      if (whom.detector == kTurned) continue;
      scratch.by_detector[whom.detector].push_back({.trigger = whom.trigger, .end = hit.end});
    }
  }
  for (std::size_t at = 0; at < detectors.size(); ++at) {
    std::vector<Hit>& hits = scratch.by_detector[at];
    if (hits.empty() && detectors[at]->WokenBy() == Detector::Wakes::kByHits) continue;
    detectors[at]->Detect(subject, hits, findings);
    hits.clear();
  }
}

// Looks at the text's other forms. What is found there is where it came from.
Inspector::Coverage Inspector::State::LookAtViews(const Subject& subject, Scratch::State& scratch,
                                                  std::vector<Finding>& findings) const {
  const text::Extent extent = scratch.views.Make(subject.text, subject.begin, scratch.turned);
  Coverage coverage = extent == text::Extent::kWhole ? Coverage::kWhole : Coverage::kPart;
  for (const text::Views::Made& made : scratch.views.made()) {
    const std::size_t first = findings.size();
    const Subject view{.text = made.text->text(), .begin = made.begin, .channel = subject.channel, .view = made.view};
    if (Scan(view, scratch) == PatternSet::Scanned::kTooManyHits) coverage = Coverage::kPart;
    Look(view, scratch, findings);
    for (std::size_t at = first; at < findings.size(); ++at) {
      if (findings[at].span.size() != 0) findings[at].span = made.text->From(findings[at].span);
      findings[at].view = made.view;
    }
    const auto seen = std::remove_if(
        findings.begin() + static_cast<std::ptrdiff_t>(first), findings.end(),
        [&](const Finding& finding) { return finding.span.end <= subject.begin || !made.Tells(finding.span); });
    findings.erase(seen, findings.end());
  }
  return coverage;
}

Inspector::Coverage Inspector::Inspect(std::string_view text, std::size_t begin, Channel channel, Scratch& scratch,
                                       std::vector<Finding>& findings) const {
  GH_DCHECK(scratch.state_->owner == state_.get());
  const std::size_t first = findings.size();
  Coverage coverage = Coverage::kWhole;
  std::size_t window = kWindow;
  while (begin < text.size()) {
    const std::size_t end = state_->WindowEnd(text, begin, window);
    const Subject subject{.text = text.substr(0, end), .begin = begin, .channel = channel};
    scratch.state_->turned.clear();
    if (state_->Scan(subject, *scratch.state_) == PatternSet::Scanned::kTooManyHits) {
      if (window > kLongestWord) {
        window /= 2;
        continue;
      }
      coverage = Coverage::kPart;
    }
    state_->Look(subject, *scratch.state_, findings);
    if (state_->LookAtViews(subject, *scratch.state_, findings) == Coverage::kPart) coverage = Coverage::kPart;
    begin = end;
  }
  ResolveOverlaps(findings, first);
  return coverage;
}

static_assert(Inspector::kContext >= std::max(Detector::kContext, text::Views::kContext));

std::size_t Inspector::Settled(std::string_view text, Scratch& scratch) const {
  GH_DCHECK(scratch.state_->owner == state_.get());
  return state_->Settled(text, *scratch.state_);
}

// What one detector holds open moves the cut back to a seam that another may hold open.
template <class FindSeam>
std::size_t Inspector::State::SettledBy(FindSeam find_seam, std::string_view text) const {
  std::size_t seam = find_seam(text);
  for (std::size_t retreat = 0; retreat < kMaxRetreats && seam != 0; ++retreat) {
    std::size_t open = seam;
    for (const auto& detector : detectors) open = std::min(open, detector->OpenFrom(text, seam));
    if (open == seam) return seam;
    seam = find_seam(text.substr(0, open));
  }
  return 0;
}

// Where the earliest thing begins, in the text as it came, that reaches over `seam` in one of the text's other forms,
// or may; `seam` where there is none.
std::size_t Inspector::State::OpenInViews(std::string_view text, std::size_t seam, const text::Views& views) const {
  std::size_t earliest = views.OpenFrom(text, seam);
  for (const text::Views::Made& made : views.made()) {
    if (made.order == text::Views::Made::Order::kMirrored) continue;
    const std::string_view view = made.text->text();
    const std::size_t at = made.text->Behind(seam);
    if (at == 0 || (at == view.size() && made.text->segments().back().end < seam)) continue;
    // White space that is part of a disguise is no seam.
    const bool is_kept = made.text->Keeps(at, seam) || static_cast<unsigned char>(text[seam - 1]) > ' ';
    std::size_t open = LastSeam(view.substr(0, is_kept ? at : at - 1));
    for (const auto& detector : detectors) open = std::min(open, detector->OpenFrom(view, std::min(open, at)));
    if (open < at) earliest = std::min(earliest, made.text->From({.begin = open, .end = open + 1}).begin);
  }
  return earliest;
}

// The raw text is settled first: mostly it has no other forms.
std::size_t Inspector::State::Settled(std::string_view text, Scratch::State& scratch) const {
  std::size_t seam = SettledBy(LastSeam, text);
  if (seam == 0 || text.size() > kLongestWord) return seam;
  scratch.turned.clear();
  if (turned.MayHold(text)) Scan({.text = text}, scratch);
  scratch.views.Make(text, 0, scratch.turned);
  for (std::size_t retreat = 0; retreat < kMaxRetreats && seam != 0; ++retreat) {
    const std::size_t open = OpenInViews(text, seam, scratch.views);
    if (open >= seam) return seam;
    seam = SettledBy(LastSeam, text.substr(0, open));
  }
  return 0;
}

// Where the piece of at most `window` bytes ends that begins at `begin`: where nothing is open, else at a seam.
std::size_t Inspector::State::WindowEnd(std::string_view text, std::size_t begin, std::size_t window) const {
  if (text.size() - begin <= window) return text.size();
  const std::string_view piece = text.substr(begin, window);
  if (const std::size_t line = SettledBy(LastLineSeam, piece); line != 0) return begin + line;
  if (const std::size_t settled = SettledBy(LastSeam, piece); settled != 0) return begin + settled;
  const std::size_t seam = LastSeam(piece);
  return begin + (seam != 0 ? seam : window);
}

}  // namespace gatehouse::inspect
