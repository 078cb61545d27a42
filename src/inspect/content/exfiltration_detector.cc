#include "inspect/content/exfiltration_detector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "codec/crypto/encoding.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::content {
namespace {

constexpr std::size_t kShortestCanary = 8;
constexpr std::size_t kShortestForm = 10;  // of a canary in base64 whose ends depend on what stands around it

// What introduces an address, by the number of the trigger.
enum Introduction : std::uint8_t {
  kDestination,
  kReference,
  kSource,
  kSourceSet,
  kAddress,
  kPoster,
  kBackground,
  kData,
  kStyleUrl,
  kImport,
  kImportQuoted,
  kScheme,
  kIntroductions
};
constexpr std::array<std::string_view, kIntroductions> kTexts = {
    "](",          "]:",    "src=", "srcset=",    "href=",     "poster=",
    "background=", "data=", "url(", "@import \"", "@import '", "://"};

// Elements that fetch what they name without anybody's doing.
constexpr auto kFetching = std::to_array<std::string_view>({"<img", "<iframe", "<script", "<link", "<embed", "<object",
                                                            "<video", "<audio", "<source", "<input", "<body", "<table",
                                                            "<td", "<image", "<svg", "<track", "<frame", "<use"});

// Two bytes are seen too often, and make the scan of all others slower: these come with each that may stand behind
// them.
constexpr std::size_t kTooShort = 2;
constexpr std::string_view kBehindShort = "h/ \t\"'<(=";  // of an address, or before it

bool IsBlank(char byte) { return byte == ' ' || byte == '\t'; }

std::size_t SkipToAddress(std::string_view text, std::size_t at) {
  while (at < text.size() && (IsBlank(text[at]) || std::string_view("\"'<(=").find(text[at]) != std::string_view::npos))
    ++at;
  return at;
}

std::string_view Before(std::string_view text, std::size_t at) {
  const std::size_t from = at - std::min(at, Detector::kContext);
  return text.substr(from, at - from);
}

// "![alt](": an exclamation mark before the bracket that "](" closes.
bool IsImage(std::string_view text, std::size_t closing) {
  const std::string_view before = Before(text, closing);
  const std::size_t open = before.rfind('[');
  return open != std::string_view::npos && open > 0 && before[open - 1] == '!';
}

bool IsInFetchingElement(std::string_view text, std::size_t at) {
  const std::string_view before = Before(text, at);
  const std::size_t element = before.rfind('<');
  if (element == std::string_view::npos || before.find('>', element) != std::string_view::npos) return false;
  return std::ranges::any_of(kFetching, [&](std::string_view name) {
    return secret::EqualsFolded(before.substr(element, name.size()), name) &&
           (element + name.size() == before.size() || !secret::IsWordByte(before[element + name.size()]));
  });
}

// Whether markup introduces what begins at `at`, so that it is found as that.
bool IsIntroduced(std::string_view text, std::size_t at) {
  while (at > 0 && std::string_view("<\"' ").find(text[at - 1]) != std::string_view::npos) --at;
  const std::string_view before = text.substr(0, at);
  return before.ends_with("](") || before.ends_with("]:") || before.ends_with("url(") || IsInFetchingElement(text, at);
}

std::string Reversed(std::string_view text) { return {text.rbegin(), text.rend()}; }

// The characters that base64 of any text has where `canary` stands in it, by what remains of three bytes before it.
std::string InBase64(std::string_view canary, std::size_t remainder) {
  std::string padded(remainder, '\0');
  padded.append(canary);
  const std::size_t whole = padded.size() / 3 * 3;
  const std::string encoded = codec::crypto::Base64Encode(std::string_view(padded).substr(0, whole));
  return remainder == 0 ? encoded : encoded.substr(4);
}

void AddCanary(std::string_view canary, std::vector<Trigger>& triggers) {
  if (canary.size() < kShortestCanary) return;
  const auto folded = [&](std::string text) { triggers.push_back({.text = std::move(text)}); };
  folded(std::string(canary));
  folded(Reversed(canary));
  folded(codec::crypto::HexEncode(canary));
  for (std::size_t remainder = 0; remainder < 3; ++remainder) {
    std::string form = InBase64(canary, remainder);
    if (form.size() < kShortestForm) continue;
    triggers.push_back({.text = std::move(form), .letters = Trigger::Case::kSensitive});
  }
}

void Report(const Subject& subject, std::string_view entity, Span span, float confidence,
            std::vector<Finding>& findings) {
  if (span.end <= subject.begin) return;
  findings.push_back(
      {.category = Category::kExfiltration, .entity = std::string(entity), .span = span, .confidence = confidence});
}

}  // namespace

ExfiltrationDetector::ExfiltrationDetector(Options options) : options_(std::move(options)) {
  const auto add = [this](std::size_t introduction, std::string text) {
    const std::size_t behind = text.size() - kTexts.at(introduction).size();
    triggers_.push_back({.text = std::move(text)});
    signs_.push_back({.introduction = introduction, .behind = behind});
  };
  for (std::size_t introduction = 0; introduction < kIntroductions; ++introduction) {
    const std::string text(kTexts.at(introduction));
    if (text.size() > kTooShort) {
      add(introduction, text);
    } else {
      for (const char next : kBehindShort) add(introduction, text + next);
    }
  }
  for (const std::string& canary : options_.canaries) AddCanary(canary, triggers_);
}

void ExfiltrationDetector::Detect(const Subject& subject, std::span<const Hit> hits,
                                  std::vector<Finding>& findings) const {
  for (const Hit& hit : hits) Look(subject, hit.end, hit.trigger, findings);
}

void ExfiltrationDetector::Look(const Subject& subject, std::size_t end, std::size_t trigger,
                                std::vector<Finding>& findings) const {
  const std::string_view text = subject.text;
  const std::size_t begin = end - triggers_[trigger].text.size();
  if (trigger >= signs_.size()) return Report(subject, "CANARY", {.begin = begin, .end = end}, 1, findings);
  end -= signs_[trigger].behind;
  switch (static_cast<Introduction>(signs_[trigger].introduction)) {
    case kDestination: return LookForAddress(subject, end, IsImage(text, begin) ? Way::kImage : Way::kLink, findings);
    case kReference: return LookForAddress(subject, end, Way::kLink, findings);
    case kStyleUrl:
    case kImport:
    case kImportQuoted: return LookForAddress(subject, end, Way::kStyle, findings);
    case kScheme: {
      std::size_t scheme = begin;
      while (scheme > 0 && begin - scheme < 6 && secret::IsLetter(text[scheme - 1])) --scheme;
      return LookForAddress(subject, scheme, Way::kBare, findings);
    }
    default:
      if (IsInFetchingElement(text, begin)) LookForAddress(subject, end, Way::kElement, findings);
  }
}

void ExfiltrationDetector::LookForAddress(const Subject& subject, std::size_t at, Way way,
                                          std::vector<Finding>& findings) const {
  const auto url = UrlAt(subject.text, way == Way::kBare ? at : SkipToAddress(subject.text, at));
  if (!url || IsHostOf(url->host, options_.allowed_hosts)) return;
  const Cargo cargo = CargoOf(*url);
  if (way == Way::kBare && (cargo != Cargo::kText || IsIntroduced(subject.text, at))) return;
  Report(subject, EntityOf(way), url->span, ConfidenceOf(way, cargo, subject.channel), findings);
}

std::string_view ExfiltrationDetector::EntityOf(Way way) {
  switch (way) {
    case Way::kImage: return "MARKDOWN_IMAGE";
    case Way::kLink: return "MARKDOWN_LINK";
    case Way::kElement: return "HTML_FETCH";
    case Way::kStyle: return "CSS_FETCH";
    case Way::kBare: return "ENCODED_URL";
  }
  return "";
}

// A link waits for somebody to follow it; the others do not.
float ExfiltrationDetector::ConfidenceOf(Way way, Cargo cargo, Channel channel) {
  const bool waits = way == Way::kLink || way == Way::kBare;
  float confidence = waits ? 0.3F : 0.6F;
  switch (cargo) {
    case Cargo::kNone: break;
    case Cargo::kValues: confidence = waits ? 0.35F : 0.75F; break;
    case Cargo::kOpaque: confidence = waits ? 0.45F : 0.8F; break;
    case Cargo::kText: confidence = waits ? 0.75F : 0.95F; break;
  }
  return channel == Channel::kOutput ? confidence : confidence * 0.7F;
}

}  // namespace gatehouse::inspect::content
