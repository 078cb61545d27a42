#include "inspect/pii/personal_detector.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "inspect/pii/beginnings.h"
#include "inspect/pii/characters.h"
#include "inspect/pii/moment.h"
#include "inspect/pii/name_recogniser.h"
#include "inspect/pii/network.h"
#include "inspect/pii/number_recogniser.h"
#include "inspect/pii/phone.h"
#include "inspect/pii/plain_words.h"
#include "inspect/seam.h"

namespace gatehouse::inspect::pii {
namespace {

enum TriggerNumber : std::uint32_t { kScheme, kWww, kWeekday };

// Where a number begins whose second group begins at `at`, if some capitals are its first ("AB 12 34 56 C").
std::size_t WithCapitalsBefore(const Piece& piece, std::size_t at) {
  if (at < piece.begin + 2 || (piece.text[at - 1] != ' ' && piece.text[at - 1] != '-')) return at;
  const std::size_t begin = SkipBack(piece.text, at - 1, piece.begin, IsUpper);
  const bool is_group = begin < at - 1 && at - 1 - begin <= 4 && !IsWordByte(Before(piece.text, begin));
  return is_group ? begin : at;
}

// Where a number of a few digits ends, or a decimal one, that neither goes on nor is gone on with: no part of a number
// in groups. 0 where it may be one.
std::size_t ShortNumberEnd(const Piece& piece, std::size_t begin) {
  constexpr std::size_t kShort = 5;
  constexpr std::size_t kShortBeforePoint = 3;
  const std::string_view text = piece.text;
  std::size_t end = SkipForward(text, begin, IsDigit);
  if (end == begin || end - begin > kShort) return 0;
  const char before = Before(text, begin);
  const bool spaced = before == ' ' || before == '\n';
  if (spaced && begin > piece.begin + 1 && (IsDigit(text[begin - 2]) || IsUpper(text[begin - 2]))) return 0;
  if (std::string_view("-./:+_(").find(before) != std::string_view::npos) return 0;
  const bool point = At(text, end) == '.' || At(text, end) == ',';
  if (point && IsDigit(At(text, end + 1)) && end - begin <= kShortBeforePoint)
    end = SkipForward(text, end + 1, IsDigit);
  const char behind = At(text, end);
  const char next = At(text, end + 1);
  if (behind == ' ' || behind == '.' || behind == ',') {
    return IsDigit(next) || next == '(' || next == '+' || IsHigh(next) ? 0 : end;
  }
  return std::string_view("\n;)]}\"").find(behind) != std::string_view::npos || end == text.size() ? end : 0;
}

std::string_view DomainOf(std::string_view entity, std::string_view value) {
  if (entity == "EMAIL_ADDRESS") return value.substr(value.find('@') + 1);
  if (entity != "URL") return {};
  if (const std::size_t scheme = value.find("://"); scheme != std::string_view::npos) value.remove_prefix(scheme + 3);
  value = value.substr(0, value.find_first_of("/?#"));
  if (const std::size_t user = value.rfind('@'); user != std::string_view::npos) value.remove_prefix(user + 1);
  return value.substr(0, value.rfind(':'));
}

float LowestThreshold(const PersonalDetector::Options& options) {
  float lowest = options.threshold;
  for (const auto& [entity, threshold] : options.thresholds) lowest = std::min(lowest, threshold);
  return lowest;
}

}  // namespace

struct PersonalDetector::State {
  explicit State(Options given) : options(std::move(given)), numbers(LowestThreshold(options)) {
    for (std::string& value : options.allowed_values) value = base::ToLower(value);
    std::ranges::sort(options.allowed_values);
    for (std::string& domain : options.allowed_domains) domain = base::ToLower(domain);
    std::ranges::sort(options.entities);
    names.AddTelling(plain_words);
    moments.AddTelling(plain_words);
  }

  bool IsWanted(const Sighting& sighting) const {
    if (!options.entities.empty() && !std::ranges::binary_search(options.entities, sighting.entity, {},
                                                                 [](const auto& e) { return std::string_view(e); })) {
      return false;
    }
    const auto own = options.thresholds.find(sighting.entity);
    return sighting.confidence >= (own == options.thresholds.end() ? options.threshold : own->second);
  }

  bool IsAllowed(std::string_view entity, std::string_view value) const {
    const std::string lower = base::ToLower(value);
    if (std::ranges::binary_search(options.allowed_values, lower)) return true;
    const std::string_view host = DomainOf(entity, lower);
    return std::ranges::any_of(options.allowed_domains, [host](const std::string& domain) {
      if (!host.ends_with(domain)) return false;
      return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
    });
  }

  std::size_t SeeDigit(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;
  std::size_t SeeCapital(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;
  std::size_t See(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;

  Options options;
  NumberRecogniser numbers;
  PhoneRecogniser phones;
  MomentRecogniser moments;
  NameRecogniser names;
  PlainWords plain_words;
};

PersonalDetector::PersonalDetector(Options options) : state_(std::make_unique<State>(std::move(options))) {}
PersonalDetector::~PersonalDetector() = default;

std::vector<Trigger> PersonalDetector::Triggers() const {
  std::vector<Trigger> triggers(3);
  triggers[kScheme] = {.text = "://"};
  triggers[kWww] = {.text = "www."};
  triggers[kWeekday] = {.text = R"(\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b)", .kind = Trigger::Kind::kPattern};
  return triggers;
}

std::vector<std::string_view> PersonalDetector::Entities() {
  std::set<std::string_view> entities = {"CRYPTO",       "DATE_OF_BIRTH",  "DATE_TIME",   "EMAIL_ADDRESS", "IBAN_CODE",
                                         "IP_ADDRESS",   "LOCATION",       "MAC_ADDRESS", "NRP",           "PERSON",
                                         "PHONE_NUMBER", "STREET_ADDRESS", "URL"};
  for (const NumberKind& kind : NumberKinds()) entities.insert(kind.entity);
  return {entities.begin(), entities.end()};
}

// Everything that may begin with the run of letters and digits that the digit at `at` is in; returns where to go on.
std::size_t PersonalDetector::State::SeeDigit(const Piece& piece, std::size_t at,
                                              std::vector<Sighting>& sightings) const {
  const std::string_view text = piece.text;
  const std::size_t group = SkipBack(text, at, piece.begin, IsAlnum);
  const std::size_t next = SkipForward(text, at, IsAlnum);
  if (const std::size_t end = ShortNumberEnd(piece, group); end != 0) {
    moments.SeeDigits(piece, group, sightings);
    if (IsCapitalAt(text, end + 1)) names.SeeStreet(piece, group, sightings);
    return end;
  }
  if (IsNextToMachineSign(text, {.begin = group, .end = next})) {
    if (const auto machine = MachineAround(piece, at)) {
      sightings.push_back(*machine);
      return std::max(next, machine->span.end);
    }
  }
  const std::size_t run = numbers.See(piece, WithCapitalsBefore(piece, group), sightings);
  // Telephone numbers, dates and streets may begin with any group of the run.
  for (std::size_t begin = group; begin < run;) {
    const char before = Before(text, begin);
    if (IsDigit(text[begin]) && !IsWordByte(before)) {
      std::size_t phone = begin;
      if (phone > piece.begin && before == '(') --phone;
      if (phone > piece.begin && Before(text, phone) == '+') --phone;
      // Behind digits and a space a number goes on, unless a sign begins another.
      const bool goes_on = phone == begin && before == ' ' && begin > piece.begin + 1 && IsDigit(text[begin - 2]);
      if (!goes_on && (begin == group || before == ' ' || before == '+')) phones.See(piece, phone, sightings);
      moments.SeeDigits(piece, begin, sightings);
      names.SeeStreet(piece, begin, sightings);
    }
    begin = SkipForward(text, begin, IsAlnum);
    begin = SkipForward(text, begin, [](char c) { return !IsAlnum(c); });
  }
  return std::max(next, run);
}

std::size_t PersonalDetector::State::SeeCapital(const Piece& piece, std::size_t at,
                                                std::vector<Sighting>& sightings) const {
  const std::string_view text = piece.text;
  if (!IsCapitalAt(text, at)) return SkipForward(text, at, IsHigh);
  const std::size_t group = SkipForward(text, at, IsAlnum);
  if (std::ranges::any_of(text.substr(at, group - at), IsDigit)) return SeeDigit(piece, at, sightings);
  moments.SeeWord(piece, at, sightings);
  return std::max(group, names.SeeWords(piece, at, sightings));
}

// What begins at an interesting byte, or is around it; returns where to go on.
std::size_t PersonalDetector::State::See(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const {
  const char c = piece.text[at];
  if (IsDigit(c)) return SeeDigit(piece, at, sightings);
  if (c != '@') return SeeCapital(piece, at, sightings);
  if (const auto email = EmailAround(piece, at)) {
    sightings.push_back(*email);
    return email->span.end;
  }
  return at + 1;
}

void PersonalDetector::Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const {
  const std::string_view text = subject.text;
  std::vector<Sighting> sightings;
  PieceFinder pieces(text, subject.begin);
  const auto piece_at = [&](std::size_t at) {
    const Span span = pieces.At(at);
    return Piece{.text = text.substr(0, span.end), .begin = span.begin};
  };
  Beginnings beginnings(text, subject.begin);
  for (std::size_t at = subject.begin; (at = beginnings.Next(at)) < text.size();) {
    // Where no seam was looked at for long, a text without spaces may have been cut within a word.
    const bool is_cut = at - std::min(at, pieces.piece().end) > kLongestWord - kContext;
    const std::size_t plain = is_cut ? 0 : state_->plain_words.EndOf(text, at);
    at = plain != 0 ? plain : std::max(state_->See(piece_at(at), at, sightings), at + 1);
  }
  for (const Hit& hit : hits) {
    const Piece piece = piece_at(hit.end - 1);
    if (hit.trigger == kWeekday) {
      const std::size_t begin = SkipBack(text, hit.end, piece.begin, IsLetter);
      if (IsLower(text[begin])) state_->moments.SeeWord(piece, begin, sightings);
    } else if (const auto url = UrlAround(piece, hit.end)) {
      sightings.push_back(*url);
    }
  }
  for (const Sighting& sighting : sightings) {
    if (!state_->IsWanted(sighting)) continue;
    if (state_->IsAllowed(sighting.entity, text.substr(sighting.span.begin, sighting.span.size()))) continue;
    findings.push_back({.category = Category::kPii,
                        .entity = std::string(sighting.entity),
                        .span = sighting.span,
                        .confidence = sighting.confidence,
                        .view = subject.view});
  }
}

}  // namespace gatehouse::inspect::pii
